//! `url { ... }` of `HTTP_GET` and `SSL_GET`.

use super::common::Network;
use super::draft::HttpDraft;
use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use crate::keyword::Section;
use crate::span::Span;
use crate::tables::lvs::values;
use crate::tables::row::acted;
use crate::tables::scalar::{mistaken, switch};
use keepalived_lvs::config::{Regex, RegexOption, StatusCodes, Url};

/// One page.
pub(super) struct UrlDraft {
    span: Span,
    path: Option<String>,
    digest: Option<[u8; 16]>,
    status_codes: Vec<(u16, u16)>,
    virtualhost: Option<String>,
    tls_compliant: Option<bool>,
    regex: RegexDraft,
}

/// `regex*`: each by itself, in any order.
#[derive(Default)]
struct RegexDraft {
    pattern: Option<String>,
    inverted: bool,
    options: Vec<RegexOption>,
    min_offset: u64,
    max_offset: Option<u64>,
    stack: Option<(u64, u64)>,
    /// Some option was given.
    given: bool,
}

/// The rows that both have, then one's own.
macro_rules! url_table {
    ($($row:expr),* $(,)?) => {
        &[
            acted("path", "<string>", "required", "The path of the request, sent as it stands.", path),
            acted("digest", "<32 hex digits>", "none", "The MD5 of the page's body. The first one wins.", digest),
            acted("status_code", "<100..599>[-<100..599>] ...", "200-299", "Status codes that pass; several lines add up.", status_code),
            acted("virtualhost", "<string>", "that of the checker", "Host of this request.", virtualhost),
            acted("regex", "<pattern>", "none", "A regular expression (PCRE2) that the body has to match. Exactly one word; quotes and escapes are processed.", regex),
            acted("regex_no_match", "", "off", "The body must not match.", regex_no_match),
            acted("regex_options", "<name> ...", "none", "Options of the expression, such as caseless or multiline. Unknown ones are ignored.", regex_options),
            acted("regex_min_offset", "<int>", "0", "Where in the body the search begins.", regex_min_offset),
            acted("regex_max_offset", "<int>", "none", "The last place where a match may begin.", regex_max_offset),
            acted("regex_stack", "<start bytes> <max bytes>", "that of the library", "The stack of the matcher: an expression that needs more does not match. Only the second number counts.", regex_stack),
            $($row),*
        ]
    };
}

/// `url` of `HTTP_GET`.
pub(super) static HTTP_URL: Section<Network<HttpDraft>, UrlDraft> =
    Section { keywords: url_table![], open, close };

/// `url` of `SSL_GET`.
pub(super) static SSL_URL: Section<Network<HttpDraft>, UrlDraft> = Section {
    keywords: url_table![acted(
        "tls_compliant",
        "[on|true|yes|off|false|no]",
        "that of the checker",
        "End this connection with a close alert.",
        tls_compliant
    )],
    open,
    close,
};

fn open(_: &mut Network<HttpDraft>, args: &mut Args<'_>, _context: &mut Context<'_>) -> Option<UrlDraft> {
    Some(UrlDraft {
        span: args.span(),
        path: None,
        digest: None,
        status_codes: Vec::new(),
        virtualhost: None,
        tls_compliant: None,
        regex: RegexDraft::default(),
    })
}

fn close(check: &mut Network<HttpDraft>, url: UrlDraft, context: &mut Context<'_>) {
    let regex = url.regex.complete(url.span, context);
    let Some(path) = url.path else {
        let message = "HTTP/SSL_GET checker url has no path - ignoring";
        return context.report(Class::GeneralError, url.span, message);
    };
    let page = Url {
        path,
        digest: url.digest,
        status_codes: StatusCodes::new(url.status_codes),
        virtualhost: url.virtualhost,
        regex,
        tls_compliant: false,
    };
    check.probe.urls.push((page, url.tls_compliant));
}

impl RegexDraft {
    /// What is wrong here is said in the log only, as in the original.
    fn complete(self, span: Span, context: &mut Context<'_>) -> Option<Regex> {
        let Some(pattern) = self.pattern else {
            if self.given {
                context.report(Class::LogOnly, span, "regex parameters specified without regex");
            }
            return None;
        };
        let mut regex = Regex {
            pattern,
            inverted: self.inverted,
            options: self.options,
            min_offset: self.min_offset,
            max_offset: self.max_offset,
            stack: self.stack,
        };
        if let Some(max) = regex.max_offset.filter(|max| *max < regex.min_offset) {
            let message =
                format!("regex min offset {} > regex_max_offset {max} - ignoring", regex.min_offset);
            context.report(Class::LogOnly, span, message);
            regex.min_offset = 0;
            regex.max_offset = None;
        }
        Some(regex)
    }
}

fn path(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    if url.path.replace(word.text.to_owned()).is_some() {
        context.report(Class::Note, args.span(), "path is given twice: the last one is used");
    }
}

fn digest(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let Some(word) = args.required(context) else { return };
    let text = word.text;
    if url.digest.is_some() {
        return mistaken(word, context, format!("Digest '{text}' is a duplicate"));
    }
    if text.len() != 32 {
        let message = format!("digest '{text}' character length should be 32 rather than {}", text.len());
        return mistaken(word, context, message);
    }
    let mut digest = [0; 16];
    for (index, byte) in digest.iter_mut().enumerate() {
        let offset = 2 * index;
        let pair =
            text.get(offset..offset + 2).filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let Some(value) = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) else {
            let message =
                format!("Unable to interpret hex digit in '{text}' at offset {offset}/{}", offset + 1);
            return mistaken(word, context, message);
        };
        *byte = value;
    }
    url.digest = Some(digest);
}

fn status_code(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    while let Some(word) = args.next_word() {
        match status_range(word.text) {
            Some(range) => url.status_codes.push(range),
            None => mistaken(word, context, format!("Invalid HTTP_GET status code '{}'", word.text)),
        }
    }
}

fn status_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| (100..=599).contains(code));
    let (first, last) = (code(first)?, code(last)?);
    (first <= last).then_some((first, last))
}

fn virtualhost(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    if let Some(host) = values::text(args, context, "Missing HTTP_GET virtualhost name") {
        url.virtualhost = Some(host);
    }
}

fn tls_compliant(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    let complain = |text: &str| format!("Invalid tls_compliant parameter {text}");
    if let Some(compliant) = switch(args, context, complain) {
        url.tls_compliant = Some(compliant);
    }
}

fn regex(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    match args.escaped_word(context) {
        Some(pattern) => url.regex.pattern = Some(pattern),
        None => context.report(Class::LogOnly, args.span(), "regex missing or too many fields"),
    }
}

fn regex_no_match(url: &mut UrlDraft, _: &mut Args<'_>, _: &mut Context<'_>) {
    url.regex.given = true;
    url.regex.inverted = true;
}

fn regex_options(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    url.regex.given = true;
    while let Some(word) = args.next_word() {
        let option = RegexOption::by_name(word.text);
        if option.is_some_and(|option| !option.is_honoured()) {
            let message = format!("regex_options {} has no effect here", word.text);
            context.report(Class::Note, word.span, message);
        }
        url.regex.options.extend(option);
    }
}

/// A number of bytes; what is wrong with it is said in the log only.
fn offset(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<u64> {
    let keyword = args.keyword();
    let word = args.peek().filter(|_| args.remaining() == 1);
    let Some(word) = word else {
        let message = format!("Missing or too may options for {keyword}");
        context.report(Class::LogOnly, args.span(), message);
        return None;
    };
    let number = word.text.parse().ok();
    if number.is_none() {
        context.report(Class::LogOnly, word.span, format!("Invalid {keyword} {} specified", word.text));
    }
    number
}

fn regex_min_offset(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    url.regex.given = true;
    url.regex.min_offset = offset(args, context).unwrap_or(url.regex.min_offset);
}

fn regex_max_offset(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    url.regex.given = true;
    url.regex.max_offset = offset(args, context).or(url.regex.max_offset);
}

fn regex_stack(url: &mut UrlDraft, args: &mut Args<'_>, context: &mut Context<'_>) {
    url.regex.given = true;
    let mut size =
        || args.next_word().and_then(|word| word.text.parse::<u64>().ok()).filter(|size| *size > 0);
    match (size(), size()) {
        (Some(start), Some(most)) if start <= most => url.regex.stack = Some((start, most)),
        _ => context.report(
            Class::LogOnly,
            args.span(),
            "regex_stack needs a start and a larger maximum - ignoring",
        ),
    }
}
