//! Problems found in a configuration.

use crate::span::Span;

/// What kind of problem, in the original's order of severity: the worst one decides the exit status of `-t`
/// (`config-language` reference, 6.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A remark of ours that the original does not make. Never changes an exit status.
    Note,
    /// Text that the original writes to the log only, so that `-t` neither shows nor counts it.
    LogOnly,
    /// Text that `-t` shows, but does not count: problems of plain `include` lines.
    Remark,
    /// A file cannot be read.
    FileNotFound,
    /// An interface does not exist.
    BadInterface,
    /// Something the daemon cannot run with.
    Fatal,
    /// The name given with `-f` matches several files.
    MultipleFiles,
    /// Unknown keyword.
    UnknownKeyword,
    /// `{` where none belongs.
    UnexpectedOpeningBrace,
    /// `{` is missing.
    MissingOpeningBrace,
    /// `}` where none belongs.
    UnexpectedClosingBrace,
    /// `}` is missing.
    MissingClosingBrace,
    /// A quote is not closed.
    UnmatchedQuote,
    /// A mandatory word is missing.
    MissingParameter,
    /// Not a number, or out of range.
    InvalidNumber,
    /// Any other mistake.
    GeneralError,
    /// Worth a warning.
    Warning,
    /// A deprecated spelling.
    Deprecated,
    /// Scripts or key files that others could change or read.
    SecurityError,
}

impl Class {
    /// Does the word "error" fit, as opposed to "warning" or "note"?
    #[must_use]
    pub const fn is_error(self) -> bool {
        !matches!(self, Self::Note | Self::LogOnly | Self::Remark | Self::Warning | Self::Deprecated)
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub class: Class,
    /// The original's wording, without its `(Line N) ` prefix: tools and people grep for it.
    pub message: String,
    /// The place to edit, where there is one.
    pub span: Option<Span>,
    /// The original prints `(Line N) ` or `(FILE: Line N) ` before it; checks made after the whole file was read
    /// have a span of ours but no such prefix.
    pub prefixed: bool,
    /// The original names this line instead of the span's: it looks at a block as a whole when it is at its `}`.
    /// Set by [`Report::push`].
    pub noticed_at: Option<Span>,
    /// The original's parent says it, which names the file only when several are involved; its children always do.
    /// Set by [`Report::push`].
    pub by_parent: bool,
    /// The exit status of `-t` that this alone decides, whatever else is reported.
    pub test_status: Option<u8>,
    /// With this the daemon cannot run: a start ends with this status, a reload is refused.
    pub stops: Option<u8>,
    /// A few words beside the underlined text.
    pub label: Option<String>,
    /// What to do about it; each in lower case and without full stop, as compilers have it.
    pub help: Vec<String>,
    /// Other places that matter, each with a few words: "first defined here".
    pub related: Vec<(Span, String)>,
    /// Part of the file was ignored over it, whatever its class: the file may be damaged.
    pub loses_text: bool,
    /// A daemon logs it even if it is a [`Class::Note`] and no details are wanted.
    pub logged_always: bool,
}

impl Diagnostic {
    /// A problem at `span`, printed with the original's line prefix.
    #[must_use]
    pub fn at(class: Class, span: Span, message: impl Into<String>) -> Self {
        Self { prefixed: true, ..Self::after_reading(class, Some(span), message) }
    }

    /// A problem found after the whole file was read: no prefix in the original, but we know the place all the same.
    #[must_use]
    pub fn after_reading(class: Class, span: Option<Span>, message: impl Into<String>) -> Self {
        Self {
            class,
            message: message.into(),
            span,
            prefixed: false,
            noticed_at: None,
            by_parent: false,
            test_status: None,
            stops: None,
            label: None,
            help: Vec::new(),
            related: Vec::new(),
            loses_text: false,
            logged_always: class != Class::Note,
        }
    }

    /// `-t` ends with `status` because of this, whatever else it finds.
    #[must_use]
    pub fn deciding(mut self, status: u8) -> Self {
        self.test_status = Some(status);
        self
    }

    /// The daemon cannot run with this; `status` is its exit status (2 for configuration).
    #[must_use]
    pub fn stopping(mut self, status: u8) -> Self {
        self.stops = Some(status);
        self
    }

    /// Adds a few words beside the underlined text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Part of the file is ignored over it.
    #[must_use]
    pub fn losing_text(mut self) -> Self {
        self.loses_text = true;
        self
    }

    /// It belongs in every log: traffic does not go where the configuration seems to send it.
    #[must_use]
    pub fn logged_always(mut self) -> Self {
        self.logged_always = true;
        self
    }

    /// Adds another place that matters.
    #[must_use]
    pub fn related(mut self, span: Span, words: impl Into<String>) -> Self {
        self.related.push((span, words.into()));
        self
    }
}

/// More problems than this are counted, not kept: nobody reads them, and a file can hold millions.
pub const MAX_DIAGNOSTICS: usize = 10_000;
/// So many more are kept when the daemon cannot run with them.
const MAX_STOPPING: usize = 100;

/// All problems of one read, in the order they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    diagnostics: Vec<Diagnostic>,
    dropped: usize,
    worst: Option<Class>,
    stops: Option<u8>,
    test_status: Option<u8>,
    by_parent: bool,
    closing: Option<Span>,
}

impl Report {
    /// Adds one.
    pub fn push(&mut self, mut diagnostic: Diagnostic) {
        diagnostic.by_parent = self.by_parent;
        diagnostic.noticed_at = self.closing;
        self.worst = self.worst.max(Some(diagnostic.class));
        self.stops = self.stops.or(diagnostic.stops);
        self.test_status = self.test_status.or(diagnostic.test_status);
        // Why the daemon cannot run must not get lost among a million mistakes.
        let room = if diagnostic.stops.is_some() { MAX_DIAGNOSTICS + MAX_STOPPING } else { MAX_DIAGNOSTICS };
        if self.diagnostics.len() < room {
            self.diagnostics.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// From now on problems are such as the original's parent reports (`true`) or one of its children.
    pub fn reported_by_parent(&mut self, by_parent: bool) {
        self.by_parent = by_parent;
    }

    /// From now on problems are such as the original finds at the end of a block, or (`None`) no longer.
    pub(crate) fn closing(&mut self, end: Option<Span>) {
        self.closing = end;
    }

    pub(crate) fn is_by_parent(&self) -> bool {
        self.by_parent
    }

    /// All of them, up to [`MAX_DIAGNOSTICS`].
    #[must_use]
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// How many more there were.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }

    /// The most severe class, of dropped ones too.
    #[must_use]
    pub const fn worst(&self) -> Option<Class> {
        self.worst
    }

    /// The exit status the daemon would stop with, when it cannot run with this configuration.
    #[must_use]
    pub const fn stops(&self) -> Option<u8> {
        self.stops
    }

    /// The exit status of `-t` that one problem alone decides; see [`status::of_test`](crate::status::of_test).
    #[must_use]
    pub const fn test_status(&self) -> Option<u8> {
        self.test_status
    }
}
