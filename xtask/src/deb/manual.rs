//! The manual pages: prose of `packaging/man`, with the programs' own help put in.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use super::{help, read, said};
use crate::{Error, Result, paths};

/// A page and where it goes below /usr/share/man.
pub(super) struct Page {
    /// `man8/keepalived.8`.
    pub(super) path: &'static str,
    /// In the macros of man(7).
    pub(super) text: String,
}

/// All pages.
pub(super) fn pages(programs: &Path) -> Result<Vec<Page>> {
    let prose = |name: &str| read(&paths::root().join("packaging/man").join(name));
    let options = |program: &str| Ok::<_, Error>(help::options(&help::of(&programs.join(program), "-h")?));
    let daemon = described_options(&options("keepalived")?);
    let genhash = described_options(&options("genhash")?);
    let verbs = described_verbs(&help::verbs(&help::of(&programs.join("keepalivedctl"), "help")?));
    let configuration = said(&mut Command::new(programs.join("examples/manual")))?;
    let pages = [
        ("man8/keepalived.8", prose("keepalived.8.in")?.replace("@OPTIONS@\n", &daemon)),
        ("man5/keepalived.conf.5", configuration),
        ("man1/keepalivedctl.1", prose("keepalivedctl.1.in")?.replace("@VERBS@\n", &verbs)),
        ("man1/genhash.1", prose("genhash.1.in")?.replace("@OPTIONS@\n", &genhash)),
    ];
    let date = date()?;
    let dated = |text: String| text.replace("@VERSION@", env!("CARGO_PKG_VERSION")).replace("@DATE@", &date);
    Ok(pages.into_iter().map(|(path, text)| Page { path, text: dated(text) }).collect())
}

/// The day of the last change, so that the same tree makes the same pages; today outside of a repository.
pub(super) fn date() -> Result<String> {
    let committed =
        said(Command::new("git").arg("-C").arg(paths::root()).args(["log", "-1", "--format=%cs"]));
    let date = match committed {
        Ok(date) => date,
        Err(_) => said(Command::new("date").arg("+%F"))?,
    };
    Ok(date.trim().to_owned())
}

fn described_options(options: &[help::Choice]) -> String {
    let mut text = String::new();
    for option in options {
        text.push_str(".TP\n");
        if let Some(short) = option.short {
            let _ = write!(text, "\\fB\\-{short}\\fR, ");
        }
        let _ = writeln!(text, "\\fB\\-\\-{}\\fR{}", escaped(&option.long), escaped(&option.value));
        paragraph(&mut text, &option.text);
    }
    text
}

fn described_verbs(verbs: &[help::Verb]) -> String {
    let mut text = String::new();
    for verb in verbs {
        let _ = writeln!(text, ".TP\n\\fB{}\\fR {}", escaped(&verb.name), escaped(&verb.usage));
        paragraph(&mut text, &verb.text);
    }
    text.replace("\\fR \n", "\\fR\n")
}

/// A help text as a sentence: with a capital and a full stop.
fn paragraph(text: &mut String, help: &str) {
    let mut letters = help.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let sentence: String = first.into_iter().chain(letters).collect();
    let sentence = escaped(sentence.trim_end_matches('.'));
    let guard = if sentence.starts_with(['.', '\'']) { "\\&" } else { "" };
    let _ = writeln!(text, "{guard}{sentence}.");
}

/// Text whose characters mean themselves.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e")
        .replace('-', "\\-")
        .replace('~', "\\(ti")
        .replace('^', "\\(ha")
        .replace('`', "\\(ga")
        .replace('\'', "\\(aq")
}
