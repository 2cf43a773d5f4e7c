//! The help texts of our programs, understood: what they offer is what manual and completions tell.

use std::path::Path;
use std::process::Command;

use crate::{Error, Result};

/// Where `keepalived -h` begins to describe.
const COLUMN: usize = 31;

/// An option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// Behind one dash.
    pub(super) short: Option<char>,
    /// Behind two.
    pub(super) long: String,
    /// What follows it, if anything does; `=FILE`, `[=LOG_FILE]`, ` id`.
    pub(super) value: String,
    /// What it does.
    pub(super) text: String,
}

/// A command of `keepalivedctl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verb {
    /// Its name.
    pub(super) name: String,
    /// What may follow it: `[NAME] [--json]`.
    pub(super) usage: String,
    /// What it does.
    pub(super) text: String,
}

/// What a program prints when it is asked for help, on whichever stream.
pub(super) fn of(program: &Path, option: &str) -> Result<String> {
    let output = Command::new(program).arg(option).output().map_err(Error::io(format!(
        "running {}; `cargo build --workspace --bins --examples` builds it",
        program.display()
    )))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr))
}

/// The options in the layout of `keepalived -h` or `genhash -h`.
pub(super) fn options(help: &str) -> Vec<Choice> {
    let mut found: Vec<Choice> = Vec::new();
    for line in help.lines().filter(|line| line.starts_with("  ")) {
        let words = line.trim_start();
        let begins = words.starts_with("--") || (words.starts_with('-') && words.get(2..4) == Some(", "));
        if begins {
            found.push(parse(line));
        } else if let Some(last) = found.last_mut() {
            if !last.text.is_empty() {
                last.text.push(' ');
            }
            last.text.push_str(words);
        }
    }
    found
}

fn parse(line: &str) -> Choice {
    if let Some(choice) = parse_two_columns(line) {
        return choice;
    }
    // Names that reach into the column of the descriptions have theirs on the next line.
    let fits = line.as_bytes().get(COLUMN - 1).is_some_and(|&byte| byte == b' ');
    let (names, text) = if fits { line.split_at(COLUMN) } else { (line, "") };
    let names = names.trim();
    let (short, long) = match names.split_once(", --") {
        Some((short, long)) => (short.chars().nth(1), long),
        None => (None, names.trim_start_matches('-')),
    };
    let end = long.find(['=', '[', ' ']).unwrap_or(long.len());
    let (long, value) = long.split_at(end);
    Choice { short, long: long.to_owned(), value: value.to_owned(), text: text.trim().to_owned() }
}

/// `   --server          -s       Use the ...`: the layout of genhash.
fn parse_two_columns(line: &str) -> Option<Choice> {
    let (long, rest) = line.trim_start().strip_prefix("--")?.split_once(' ')?;
    let (short, text) = rest.trim_start().strip_prefix('-')?.split_once(' ')?;
    let mut letters = short.chars();
    let (Some(short), None) = (letters.next(), letters.next()) else { return None };
    let value = String::new();
    Some(Choice { short: Some(short), long: long.to_owned(), value, text: text.trim().to_owned() })
}

/// The commands in the layout of `keepalivedctl help`: two blanks, the command, two blanks or more, what it does.
pub(super) fn verbs(help: &str) -> Vec<Verb> {
    let mut found: Vec<Verb> = Vec::new();
    for line in help.lines() {
        let Some(words) = line.strip_prefix("  ") else { continue };
        if words.starts_with(|first: char| first.is_ascii_lowercase()) {
            let (command, text) = words.split_once("  ").unwrap_or((words, ""));
            let (name, usage) = command.split_once(' ').unwrap_or((command, ""));
            let (usage, text) = (usage.trim().to_owned(), text.trim().to_owned());
            found.push(Verb { name: name.to_owned(), usage, text });
        } else if let Some(last) = found.last_mut().filter(|_| words.starts_with("   ")) {
            last.text.push(' ');
            last.text.push_str(words.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(short: char, long: &str, value: &str, text: &str) -> Choice {
        let (long, value, text) = (long.to_owned(), value.to_owned(), text.to_owned());
        Choice { short: Some(short), long, value, text }
    }

    #[test]
    fn options_of_the_daemon_are_understood() {
        let help = "\
Usage: keepalived [OPTION...]
  -f, --use-file=FILE          Use the specified configuration file
                                default '/etc/x'
      --all                    Force all
  -S, --log-facility=([0-7]|local[0-7]|user|daemon)
                               Set syslog facility
  -A, --snmp-agent-socket=FILE Use the specified socket for master agent
  -i, --config-id id           Skip lines
";
        let mut all = choice('a', "all", "", "Force all");
        all.short = None;
        let expected = [
            choice('f', "use-file", "=FILE", "Use the specified configuration file default '/etc/x'"),
            all,
            choice('S', "log-facility", "=([0-7]|local[0-7]|user|daemon)", "Set syslog facility"),
            choice('A', "snmp-agent-socket", "=FILE", "Use the specified socket for master agent"),
            choice('i', "config-id", " id", "Skip lines"),
        ];
        assert_eq!(options(help), expected);
    }

    #[test]
    fn options_of_genhash_are_understood() {
        let help = "\
Commands:
   -s server-address -p port -u url
Options:
   --use-ssl         -S       Use SSL connection to remote server.
   --protocol        -P       Use the protocol - '1.0', 1.0c', '1.1'.
                                1.0c means 1.0 with 'Connection: close'
";
        let expected = [
            choice('S', "use-ssl", "", "Use SSL connection to remote server."),
            choice(
                'P',
                "protocol",
                "",
                "Use the protocol - '1.0', 1.0c', '1.1'. 1.0c means 1.0 with 'Connection: close'",
            ),
        ];
        assert_eq!(options(help), expected);
    }

    #[test]
    fn commands_are_understood() {
        let help = "\
keepalivedctl [--socket PATH] COMMAND

  status [NAME] [--json]   instances: state
                           and more
  reload                   reads
";
        let verb = |name: &str, usage: &str, text: &str| Verb {
            name: name.to_owned(),
            usage: usage.to_owned(),
            text: text.to_owned(),
        };
        let expected =
            [verb("status", "[NAME] [--json]", "instances: state and more"), verb("reload", "", "reads")];
        assert_eq!(verbs(help), expected);
    }
}
