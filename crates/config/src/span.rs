//! Where something stands in the user's files.

/// A file that was read, by its number in the [`SourceMap`](crate::source::SourceMap).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A stretch of one physical line: the place that the user must edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The line, from 1.
    pub line: u32,
    /// The first byte of the stretch in its line, from 1.
    pub column: u32,
    /// How many bytes; at least 1 where something is underlined, 0 for the whole line.
    pub length: u32,
    /// When the text came out of a definition or sequence: where that was used, as an index into the source map's
    /// table of expansions. `line` and `column` name the place that holds the text.
    pub expansion: Option<u32>,
}
