//! The files that were read, and where their text was used.

use crate::encoding;
use crate::span::{FileId, Span};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// One file of a configuration.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: PathBuf,
    name: String,
    content: Content,
    /// Found when somebody asks for a line.
    line_starts: OnceLock<Vec<u32>>,
}

/// What a file holds, shared by all that was read from it.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Text whose [decoded](encoding::decode) form is itself.
    Text(Arc<String>),
    /// Anything else.
    Bytes(Arc<Vec<u8>>),
}

impl Content {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        if !encoding::is_plain(&bytes) {
            return Self::Bytes(Arc::new(bytes));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(Arc::new(text)),
            Err(error) => Self::Bytes(Arc::new(error.into_bytes())),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl SourceFile {
    /// The path it was read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the original calls it in messages: the path as the `include` line or `-f` names it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.content.bytes()
    }

    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let bytes = self.bytes();
            let mut starts = vec![0];
            starts.extend(
                bytes.iter().zip(1_u32..).filter_map(|(byte, next)| (*byte == b'\n').then_some(next)),
            );
            if bytes.last().is_none_or(|last| *last == b'\n') {
                starts.pop();
            }
            starts
        })
    }

    /// How many lines it has.
    #[must_use]
    pub fn lines(&self) -> usize {
        self.line_starts().len()
    }

    /// A line from 1, without its line end. Empty when there is no such line.
    #[must_use]
    pub fn line(&self, number: u32) -> &[u8] {
        let index = usize::try_from(number).unwrap_or(0).wrapping_sub(1);
        let (bytes, starts) = (self.bytes(), self.line_starts());
        let Some(start) = starts.get(index) else { return &[] };
        let start = usize::try_from(*start).unwrap_or(usize::MAX);
        let end =
            starts.get(index + 1).map_or(bytes.len(), |next| usize::try_from(*next).unwrap_or(usize::MAX));
        let line = bytes.get(start..end).unwrap_or_default();
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }
}

/// One use of a definition or sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expansion {
    /// What was expanded: `$NAME`, or `~SEQ` with the value of its turn.
    pub name: Arc<str>,
    /// Where. May lie in another expansion.
    pub used_at: Span,
    /// The place outside all expansions. Kept, because a name that uses itself makes chains as long as the reader
    /// allows, and following them again for every line would take quadratic time.
    root: Span,
}

/// All files and expansions of one read.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
    expansions: Vec<Expansion>,
    main_files: usize,
}

impl SourceMap {
    /// Adds a file.
    pub(crate) fn add(&mut self, path: PathBuf, name: String, content: Content) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).expect("the reader bounds the number of files"));
        self.files.push(SourceFile { path, name, content, line_starts: OnceLock::new() });
        id
    }

    /// Says how many files the name given with `-f` stands for.
    pub(crate) fn set_main_files(&mut self, count: usize) {
        self.main_files = count;
    }

    /// Records a use; gives the index for [`Span::expansion`].
    pub(crate) fn expand(&mut self, name: Arc<str>, used_at: Span) -> Option<u32> {
        let index = u32::try_from(self.expansions.len()).ok();
        let root = self.root(used_at);
        self.expansions.push(Expansion { name, used_at, root });
        index
    }

    /// A file. Spans made by the reader of this map always name one.
    #[must_use]
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(usize::try_from(id.0).ok()?)
    }

    /// Does a span lie inside a line of one of the files? It may reach over the line's end.
    #[must_use]
    pub fn holds(&self, span: Span) -> bool {
        let Some(file) = self.file(span.file) else { return false };
        let end = u64::from(span.column) + u64::from(span.length);
        let is_line = usize::try_from(span.line).is_ok_and(|line| (1..=file.lines()).contains(&line));
        is_line
            && span.column >= 1
            && end <= u64::try_from(file.line(span.line).len()).unwrap_or(u64::MAX) + 3
    }

    /// All files in the order of reading.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The use that brought a span's text to its place.
    #[must_use]
    pub fn expansion(&self, span: Span) -> Option<&Expansion> {
        self.expansions.get(usize::try_from(span.expansion?).ok()?)
    }

    /// The place outside all expansions: the line that the original names.
    #[must_use]
    pub fn root(&self, span: Span) -> Span {
        self.expansion(span).map_or(span, |expansion| expansion.root)
    }

    /// `span` and then every use it came through, innermost first.
    pub fn backtrace(&self, span: Span) -> impl Iterator<Item = &Expansion> {
        std::iter::successors(self.expansion(span), |expansion| self.expansion(expansion.used_at))
    }

    /// The smallest stretch of one line that `first` and `last` both come from: a word may be put together from several
    /// definitions.
    pub(crate) fn enclosing(&self, first: Span, last: Span) -> Span {
        let same_line =
            |a: &Span, b: &Span| a.file == b.file && a.line == b.line && a.expansion == b.expansion;
        let outwards = |span: Span| {
            std::iter::successors(Some(span), |inner| self.expansion(*inner).map(|outer| outer.used_at))
                .take(64)
        };
        for start in outwards(first) {
            if let Some(end) = outwards(last).find(|end| same_line(&start, end)) {
                let column = start.column.min(end.column);
                let stop = (start.column + start.length).max(end.column + end.length);
                return Span { column, length: stop - column, ..start };
            }
        }
        self.root(first)
    }

    /// `(Line N) ` or `(FILE: Line N) `, as the original prints it. Its parent names the file only when that is not
    /// the only one.
    #[must_use]
    pub fn prefix(&self, span: Span, by_parent: bool) -> String {
        let root = self.root(span);
        if by_parent && self.main_files <= 1 && root.file == FileId(0) {
            return format!("(Line {}) ", root.line);
        }
        let name = self.file(root.file).map_or("", SourceFile::name);
        format!("({}: Line {}) ", encoding::display(name), root.line)
    }

    /// `FILE:LINE:COLUMN` of the place to edit.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let name = self.file(span.file).map_or("", SourceFile::name);
        format!("{}:{}:{}", encoding::display(name), span.line, span.column)
    }
}
