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

/// What is left.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
    files: usize,
    lines: usize,
    replaced: usize,
    /// Which bound was hit first.
    exceeded: Option<String>,
}

impl Budget {
    pub(super) fn new() -> Self {
        Self {
            bytes: MAX_SOURCE_BYTES,
            files: MAX_FILES,
            lines: MAX_LINES,
            replaced: MAX_REPLACED,
            exceeded: None,
        }
    }

    /// The bound that was exceeded: reading has to stop.
    pub(super) fn exceeded(&self) -> Option<&str> {
        self.exceeded.as_deref()
    }

    pub(super) fn take_file(&mut self, bytes: usize) -> bool {
        let files = self.files.checked_sub(1);
        let bytes = self.bytes.checked_sub(bytes);
        match (files, bytes) {
            (Some(files), Some(bytes)) => {
                (self.files, self.bytes) = (files, bytes);
                true
            }
            (None, _) => self.exceed(format!("more than {MAX_FILES} files")),
            (_, None) => self.exceed(format!("more than {} MiB of configuration", MAX_SOURCE_BYTES >> 20)),
        }
    }

    pub(super) fn take_line(&mut self) -> bool {
        match self.lines.checked_sub(1) {
            Some(lines) => {
                self.lines = lines;
                true
            }
            None => self.exceed(format!("more than {MAX_LINES} lines after expansion")),
        }
    }

    pub(super) fn take_replacement(&mut self) -> bool {
        match self.replaced.checked_sub(1) {
            Some(replaced) => {
                self.replaced = replaced;
                true
            }
            None => self.exceed(format!("more than {MAX_REPLACED} uses of definitions")),
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
