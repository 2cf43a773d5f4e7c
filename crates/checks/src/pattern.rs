//! Regular expressions of `HTTP_GET` and `SSL_GET`, by PCRE2 (`docs/decisions/0008-regular-expressions.md`).

use keepalived_lvs::config::{Regex, RegexOption};
use pcre2::bytes::{Regex as Pcre, RegexBuilder};

/// Steps of backtracking from one place of the subject, after which there is no match. PCRE2's own limit is ten times as
/// high: a fraction of a second for each place.
const MATCH_LIMIT: &str = "(*LIMIT_MATCH=1000000)";

/// A compiled `regex` with what goes with it.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Pcre,
    inverted: bool,
    first_line: bool,
    min_offset: usize,
    max_offset: Option<usize>,
}

impl Pattern {
    /// # Errors
    /// What is wrong with the expression, in the words of PCRE2, and where.
    pub fn compile(regex: &Regex) -> Result<Self, String> {
        let has = |name: &str| regex.options.iter().any(|option| option.name() == name);
        if let Some(reason) = locked_out(regex, has) {
            return Err(reason);
        }
        let mut builder = RegexBuilder::new();
        builder.caseless(has("caseless")).dotall(has("dotall")).extended(has("extended"));
        builder.multi_line(has("multiline")).ucp(has("ucp")).utf(has("utf")).jit_if_available(true);
        if let Some((_, most)) = regex.stack {
            builder.max_jit_stack_size(usize::try_from(most).ok());
        }
        let (verbs, rest) = regex.pattern.split_at(leading_verbs(&regex.pattern));
        let pattern = format!("{MATCH_LIMIT}{}{verbs}{}{rest}", spelt(&VERBS, has), spelt(&INLINE, has));
        let regex_of = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(Self {
            regex: builder.build(&pattern).map_err(|error| error.to_string())?,
            inverted: regex.inverted,
            first_line: has("firstline"),
            min_offset: regex_of(regex.min_offset),
            max_offset: regex.max_offset.map(regex_of),
        })
    }

    /// Does this body pass: does it match, or not match with `regex_no_match`? A body that cannot be matched within the
    /// limits does not match.
    #[must_use]
    pub fn passes(&self, body: &[u8]) -> bool {
        self.matches(body) != self.inverted
    }

    fn matches(&self, body: &[u8]) -> bool {
        if self.min_offset > body.len() {
            return false;
        }
        let Ok(Some(found)) = self.regex.find_at(body, self.min_offset) else {
            return false;
        };
        if self.first_line && body.get(self.min_offset..found.start()).unwrap_or_default().contains(&b'\n') {
            return false;
        }
        self.max_offset.is_none_or(|most| found.start() <= most)
    }
}

/// Options that the safe interface of the library does not have, but the beginning of a pattern does.
const VERBS: [(&str, &str); 3] = [
    ("no_auto_possess", "(*NO_AUTO_POSSESS)"),
    ("no_dotstar_anchor", "(*NO_DOTSTAR_ANCHOR)"),
    ("no_start_optimize", "(*NO_START_OPT)"),
];
/// The same; these stand behind all verbs.
const INLINE: [(&str, &str); 3] = [("dupnames", "(?J)"), ("no_auto_capture", "(?n)"), ("ungreedy", "(?U)")];

fn spelt(options: &[(&str, &str)], has: impl Fn(&str) -> bool) -> String {
    options.iter().filter(|(name, _)| has(name)).map(|(_, text)| *text).collect()
}

/// How many bytes of the pattern are verbs such as `(*UTF)`, which only count at the very beginning.
fn leading_verbs(pattern: &str) -> usize {
    let mut length = 0;
    while let Some(rest) = pattern.get(length..).filter(|rest| rest.starts_with("(*")) {
        let Some(end) = rest.find(')') else { break };
        length += end + 1;
    }
    length
}

/// `never_utf`, `never_ucp` and `never_backslash_c` refuse patterns, and nothing else.
fn locked_out(regex: &Regex, has: impl Fn(&str) -> bool) -> Option<String> {
    const LOCKS: [(&str, &str); 3] =
        [("never_utf", "(*UTF)"), ("never_ucp", "(*UCP)"), ("never_backslash_c", "\\C")];
    let broken = LOCKS.iter().find(|(name, text)| has(name) && regex.pattern.contains(text));
    broken.map(|(name, text)| format!("{text} is not allowed with {name}"))
}

/// The options of `regex` that change nothing here although they would in the original. The daemon names them when it
/// starts.
#[must_use]
pub fn without_effect(regex: &Regex) -> Vec<&'static str> {
    regex.options.iter().copied().filter(|option| !option.is_honoured()).map(RegexOption::name).collect()
}

#[cfg(test)]
mod tests;
