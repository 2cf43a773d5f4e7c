//! Bounds on what a configuration can make us do: a few lines can describe an endless one.

/// All files together.
pub const MAX_SOURCE_BYTES: usize = 64 << 20;
/// How many files, one that is included twice counted twice.
pub const MAX_FILES: usize = 10_000;
/// Includes inside includes, definitions inside definitions, sequences inside sequences.
pub const MAX_DEPTH: usize = 100;
/// Logical lines.
pub const MAX_LINES: usize = 1_000_000;
/// Replaced names in one line.
pub const MAX_REPLACED_IN_LINE: usize = 2048;
/// Replaced names altogether.
pub const MAX_REPLACED: usize = 1_000_000;

/// The bounds of one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// All files together.
    pub bytes: usize,
    /// How many files.
    pub files: usize,
    /// Logical lines.
    pub lines: usize,
    /// Replaced names altogether.
    pub replaced: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: MAX_SOURCE_BYTES, files: MAX_FILES, lines: MAX_LINES, replaced: MAX_REPLACED }
    }
}

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    bounds: Bounds,
    left: Bounds,
    /// Which bound was hit first.
    exceeded: Option<String>,
}

impl Budget {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self { bounds, left: bounds, exceeded: None }
    }

    /// Everything may be used again.
    pub(super) fn renew(&mut self) {
        *self = Self::new(self.bounds);
    }

    /// The bound that was exceeded: reading has to stop.
    pub(super) fn exceeded(&self) -> Option<&str> {
        self.exceeded.as_deref()
    }

    pub(super) fn take_file(&mut self, bytes: usize) -> bool {
        let files = self.left.files.checked_sub(1);
        let bytes = self.left.bytes.checked_sub(bytes);
        match (files, bytes) {
            (Some(files), Some(bytes)) => {
                (self.left.files, self.left.bytes) = (files, bytes);
                true
            }
            (None, _) => self.exceed(format!("more than {} files", self.bounds.files)),
            (_, None) => self.exceed(format!("more than {} MiB of configuration", self.bounds.bytes >> 20)),
        }
    }

    pub(super) fn take_line(&mut self) -> bool {
        match self.left.lines.checked_sub(1) {
            Some(lines) => {
                self.left.lines = lines;
                true
            }
            None => self.exceed(format!("more than {} lines after expansion", self.bounds.lines)),
        }
    }

    pub(super) fn take_replacement(&mut self) -> bool {
        match self.left.replaced.checked_sub(1) {
            Some(replaced) => {
                self.left.replaced = replaced;
                true
            }
            None => self.exceed(format!("more than {} uses of definitions", self.bounds.replaced)),
        }
    }

    pub(super) fn too_deep(&mut self) -> bool {
        self.exceed(format!("more than {MAX_DEPTH} files, definitions and sequences inside each other"))
    }

    fn exceed(&mut self, bound: String) -> bool {
        self.exceeded.get_or_insert(bound);
        false
    }
}
