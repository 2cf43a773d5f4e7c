//! Script strings: the second tokenizer (config-language reference 1.5), and who runs what (runtime reference 13).

mod resolve;
mod tokens;

pub(crate) use resolve::DEFAULT_USER;
pub use resolve::{
    ScriptKind, ScriptProblem, credentials, default_user, report_violations, resolve, supplement,
};
pub use tokens::{Unterminated, split_escaped, split_kept};

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::span::Span;
use keepalived_types::Command;

/// The words of a script keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptWords {
    /// The command and its arguments, escapes resolved. Never empty.
    pub argv: Vec<String>,
    /// The user named after the command.
    pub user: Option<String>,
    /// The group named after the user; may start with `:`.
    pub group: Option<String>,
    /// Where the command stands.
    pub span: Span,
}

impl Args<'_> {
    /// Takes the rest of the line as script, user and group. `None` when there is nothing to run: a missing word is
    /// not reported here, an unclosed quote is.
    pub fn script(&mut self, context: &mut Context<'_>) -> Option<ScriptWords> {
        let (position, line) = (self.position(), self.line());
        let span = self.peek().map_or(line.span(), |word| word.span);
        self.skip_rest();
        let words = report_unterminated(split_kept(line.raw()), line.raw(), span, context)?;
        let mut words = words.into_iter().skip(position);
        let command = words.next()?;
        let argv = report_unterminated(split_escaped(&command), &command, span, context)?;
        if argv.first().is_none_or(String::is_empty) {
            return None;
        }
        if argv.iter().any(|argument| argument.contains('\0')) {
            context.report(
                Class::GeneralError,
                span,
                "a script argument contains a NUL byte - ignoring the script",
            );
            return None;
        }
        Some(ScriptWords { argv, user: words.next(), group: words.next(), span })
    }

    /// Whether nothing follows that could be a script, which has been reported then: a missing word stops the original,
    /// an unclosed quote costs it the script only.
    pub fn lacks_script(&mut self, context: &mut Context<'_>) -> bool {
        if self.remaining() > 0 {
            return false;
        }
        let (line, span) = (self.line(), self.span());
        if report_unterminated(split_kept(line.raw()), line.raw(), span, context).is_some() {
            self.required(context);
        }
        true
    }

    /// Takes exactly one word with escapes, as `regex` does.
    pub fn escaped_word(&mut self, context: &mut Context<'_>) -> Option<String> {
        let (position, line) = (self.position(), self.line());
        let span = self.peek().map_or(line.span(), |word| word.span);
        self.skip_rest();
        let words = report_unterminated(split_escaped(line.raw()), line.raw(), span, context)?;
        let mut words = words.into_iter().skip(position);
        let word = words.next()?;
        words.next().is_none().then_some(word)
    }

    /// Takes a script with the user it runs as, and judges the file. Everything that stops it from being run has been
    /// reported when this gives `None`.
    pub fn command(&mut self, context: &mut Context<'_>) -> Option<Command> {
        let kind = ScriptKind::of_keyword(self.keyword());
        let words = self.script(context)?;
        let run_as = match &words.user {
            Some(user) => credentials(user, words.group.as_deref(), words.span, context),
            None => default_user(words.span, context),
        };
        let Some(run_as) = run_as else {
            let script = words.argv.first().map_or("", String::as_str);
            let message = format!("Failed to set default user for notify script {script} - ignoring");
            context.push(Diagnostic::after_reading(Class::LogOnly, Some(words.span), message));
            return None;
        };
        resolve(&words, run_as, kind, context).ok()
    }
}

fn report_unterminated(
    words: Result<Vec<String>, Unterminated>,
    text: &str,
    span: Span,
    context: &mut Context<'_>,
) -> Option<Vec<String>> {
    match words {
        Ok(words) => Some(words),
        Err(Unterminated(quote)) => {
            let message = format!("String '{text}': missing terminating {quote}");
            context.report(Class::UnmatchedQuote, span, message);
            None
        }
    }
}

#[cfg(test)]
mod tests;
