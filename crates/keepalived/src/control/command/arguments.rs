//! The command line of `keepalivedctl`: which verbs there are, and what each takes.

use super::super::DEFAULT_SOCKET;
use super::Failure;
use keepalived_config::nearest::nearest;
use lexopt::prelude::{Long, Short, Value};
use std::path::PathBuf;

pub(super) const USAGE: &str = "\
keepalivedctl [--socket PATH] COMMAND

  status [NAME] [--json]   instances (of a sync group, too): state, priority, who is master; virtual servers: who is up
  watch [NAME]             the same, again and again until interrupted
  explain NAME             why an instance is in its state, and what would change that; how a virtual server's checks stand
  history [NAME] [--json]  the last transitions with their causes
  diff FILE [--json]       what a reload of this file would change
  check FILE               judges a configuration file as `keepalived -t` does, with explanations
  switchover NAME          a MASTER, or a group of them, gives way to its peers and stays back
  switchover --return [NAME]
                           what gave way takes part again as configured
  maintenance [on|off]     gives up every MASTER and stays out until it is over; survives restarts; without a word, tells
  doctor [--json]          looks at the daemon and the machine: what is wrong, and what mends it; status 1 for a problem
  reload                   reads the configuration again and waits; status 1 when it is refused
  version                  which version this is
";

/// The command line, understood.
#[derive(Debug)]
pub(in super::super) struct Call {
    pub(in super::super) socket: PathBuf,
    pub(super) verb: &'static str,
    pub(super) name: Option<String>,
    pub(in super::super) json: bool,
    /// `--return`.
    pub(super) returns: bool,
}

/// What a verb takes.
struct Verb {
    name: &'static str,
    operand: Operand,
    has_json: bool,
}

/// The word behind a verb.
enum Operand {
    None,
    Optional,
    /// What it is called when it is missing.
    Needed(&'static str),
}

const fn verb(name: &'static str, operand: Operand, has_json: bool) -> Verb {
    Verb { name, operand, has_json }
}

const VERBS: [Verb; 12] = [
    verb("help", Operand::Optional, false),
    verb("version", Operand::None, false),
    verb("status", Operand::Optional, true),
    verb("watch", Operand::Optional, false),
    verb("explain", Operand::Needed("instance, sync group or virtual server"), false),
    verb("history", Operand::Optional, true),
    verb("diff", Operand::Needed("file"), true),
    verb("check", Operand::Needed("file"), false),
    verb("switchover", Operand::Needed("instance or sync group"), false),
    verb("maintenance", Operand::Optional, false),
    verb("doctor", Operand::None, true),
    verb("reload", Operand::None, false),
];

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

pub(super) fn parse(mut parser: lexopt::Parser) -> Result<Call, Failure> {
    let mut words = Vec::new();
    let (mut socket, mut json, mut returns) = (PathBuf::from(DEFAULT_SOCKET), false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('s') | Long("socket") => socket = parser.value()?.into(),
            Long("return") => returns = true,
            Long("json") => json = true,
            Short('h') | Long("help") => words.insert(0, "help".to_owned()),
            Short('V') | Long("version") => words.insert(0, "version".to_owned()),
            Value(word) => words.push(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    let word = words.next().ok_or_else(|| Failure::Usage("which command?".to_owned()))?;
    let verb = VERBS.iter().find(|verb| verb.name == word).ok_or_else(|| unknown(&word))?;
    let call = Call { socket, verb: verb.name, name: words.next(), json, returns };
    fits(verb, &call, words.next()).map_err(Failure::Usage)?;
    Ok(call)
}

fn unknown(word: &str) -> Failure {
    let near = nearest(word, VERBS.iter().map(|verb| verb.name));
    let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Failure::Usage(format!("unknown command {word}{near}"))
}

/// What is given is what the verb takes.
fn fits(verb: &Verb, call: &Call, extra: Option<String>) -> Result<(), String> {
    let name = verb.name;
    let takes_none = matches!(verb.operand, Operand::None);
    if let Some(word) = extra.or_else(|| call.name.clone().filter(|_| takes_none)) {
        return Err(format!("{name}: one word too many: {word}"));
    }
    if call.json && !verb.has_json {
        return Err(format!("{name} has no --json"));
    }
    if call.returns && name != "switchover" {
        return Err(format!("{name} has no --return"));
    }
    match verb.operand {
        Operand::Needed(what) if call.name.is_none() && !call.returns => {
            Err(format!("{name}: which {what}?"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(words: &str) -> String {
        match parse(lexopt::Parser::from_args(words.split_whitespace())) {
            Err(Failure::Usage(message)) => message,
            Err(_) => "another failure".to_owned(),
            Ok(call) => format!("{} {:?}", call.verb, call.name),
        }
    }

    #[test]
    fn every_verb_is_in_the_help() {
        for verb in &VERBS {
            let line = format!("\n  {}", verb.name);
            assert!(verb.name == "help" || USAGE.contains(&line), "{}", verb.name);
        }
    }

    #[test]
    fn what_a_verb_does_not_take_is_refused() {
        for (words, said) in [
            ("", "which command?"),
            ("stauts", "unknown command stauts; did you mean status?"),
            ("levitate", "unknown command levitate"),
            ("doctor VI_1", "doctor: one word too many: VI_1"),
            ("status a b", "status: one word too many: b"),
            ("explain", "explain: which instance, sync group or virtual server?"),
            ("explain --json VI_1", "explain has no --json"),
            ("status --return", "status has no --return"),
            ("--bogus", "invalid option '--bogus'"),
        ] {
            assert_eq!(complaint(words), said);
        }
        for (words, understood) in [
            ("switchover --return", "switchover None"),
            ("history VI_1 --json", "history Some(\"VI_1\")"),
            ("status --help", "help Some(\"status\")"),
            ("-V", "version None"),
        ] {
            assert_eq!(complaint(words), understood);
        }
    }
}
