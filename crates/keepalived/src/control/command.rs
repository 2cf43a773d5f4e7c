//! `keepalivedctl`: the command line, and what each verb prints.

mod switchover;

use super::{Answer, DEFAULT_SOCKET, Request, Status, client, doctor};
use crate::{config_test, options};
use keepalived_events::Event;
use keepalived_surfaces::view;
use keepalived_vrrp::Snapshot;
use lexopt::prelude::{Long, Short, Value};
use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const USAGE: &str = "\
keepalivedctl [--socket PATH] COMMAND

  status [NAME] [--json]   instances (of a sync group, too): state, priority, who is master
  watch [NAME]             the same, again and again until interrupted
  explain NAME             why an instance is in its state, and what would change that
  history [NAME]           the last transitions with their causes
  check FILE               judges a configuration file as `keepalived -t` does, with explanations
  switchover NAME          a MASTER, or a group of them, gives way to its peers and stays back
  switchover --return [NAME]
                           what gave way takes part again as configured
  maintenance on|off       gives up every MASTER and stays out until it is over; survives restarts
  doctor [--json]          looks at the daemon and the machine: what is wrong, and what mends it; status 1 for a problem
  reload                   reads the configuration again and waits; status 1 when it is refused
";

/// How often `watch` looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Why there is nothing to print.
pub(super) enum Failure {
    /// The command line is not understood.
    Usage(String),
    /// Something else.
    Other(String),
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Self::Usage(error.to_string())
    }
}

/// The command line, understood.
pub(super) struct Call {
    pub(super) socket: PathBuf,
    verb: String,
    name: Option<String>,
    pub(super) json: bool,
    /// `--return`.
    returns: bool,
}

/// Does what the command line asks for. Returns the exit status: 0, 1 when it could not be done, 2 when it was not
/// understood.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match parse(lexopt::Parser::from_args(arguments)).and_then(perform) {
        Ok(status) => status,
        Err(Failure::Usage(message)) => {
            complain(format_args!("{message}\n\n{USAGE}"));
            2
        }
        Err(Failure::Other(message)) => {
            complain(format_args!("keepalivedctl: {message}\n"));
            1
        }
    }
}

/// Nobody may be listening any more; then nobody misses it.
fn complain(message: fmt::Arguments<'_>) {
    drop(std::io::stderr().write_fmt(message));
}

/// Prints; who does not read is not waited for.
pub(super) fn say(text: &str) {
    drop(std::io::stdout().write_all(text.as_bytes()));
}

fn parse(mut parser: lexopt::Parser) -> Result<Call, Failure> {
    let mut words = Vec::new();
    let mut call =
        Call { socket: DEFAULT_SOCKET.into(), verb: String::new(), name: None, json: false, returns: false };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('s') | Long("socket") => call.socket = parser.value()?.into(),
            Long("return") => call.returns = true,
            Long("json") => call.json = true,
            Short('h') | Long("help") => words.insert(0, "help".to_owned()),
            Value(word) => words.push(word.to_string_lossy().into_owned()),
            other => return Err(other.unexpected().into()),
        }
    }
    let mut words = words.into_iter();
    call.verb = words.next().ok_or_else(|| Failure::Usage("which command?".to_owned()))?;
    call.name = words.next();
    match words.next() {
        Some(word) => Err(Failure::Usage(format!("one word too many: {word}"))),
        None => Ok(call),
    }
}

fn perform(call: Call) -> Result<u8, Failure> {
    let needed =
        |name: Option<String>, what: &str| name.ok_or_else(|| Failure::Usage(format!("which {what}?")));
    match call.verb.as_str() {
        "help" => say(USAGE),
        "status" => say(&status(&call)?),
        "watch" => watch(&call)?,
        "explain" => say(&explain(&call, &needed(call.name.clone(), "instance")?)?),
        "history" => say(&history(&call)?),
        "check" => return Ok(check(needed(call.name, "file")?)),
        "switchover" if call.returns => switchover::take_back(&call)?,
        "switchover" => switchover::give_way(&call, &needed(call.name.clone(), "instance")?)?,
        "maintenance" => switchover::maintenance(&call)?,
        "doctor" => return doctor::run(&call),
        "reload" => return reload(&call),
        other => return Err(Failure::Usage(format!("unknown command {other}"))),
    }
    Ok(0)
}

/// Asks; an answer that only says what went wrong becomes a failure.
fn ask(call: &Call, request: Request) -> Result<Answer, Failure> {
    match client::ask(&call.socket, &request) {
        Ok(Answer::Error(message)) => Err(Failure::Other(message)),
        Ok(answer) => Ok(answer),
        Err(error) => Err(Failure::Other(format!(
            "{}: {error}; is keepalived running, and may you ask it?",
            call.socket.display()
        ))),
    }
}

fn unexpected() -> Failure {
    Failure::Other("the daemon answers something else than was asked; is it of another version?".to_owned())
}

/// The daemon at this moment.
pub(super) fn ask_status(call: &Call) -> Result<Status, Failure> {
    match ask(call, Request::Status)? {
        Answer::Status(status) => Ok(*status),
        _ => Err(unexpected()),
    }
}

/// The instances, or why there are none to show.
fn instances(status: &Status) -> Result<&Snapshot, Failure> {
    match &status.snapshot {
        Some(snapshot) => Ok(&snapshot.vrrp),
        None => Err(Failure::Other("no VRRP process runs".to_owned())),
    }
}

fn is_known(snapshot: &Snapshot, name: &str) -> bool {
    snapshot.instances.iter().any(|instance| instance.name == name || instance.group.as_deref() == Some(name))
}

fn unknown(snapshot: &Snapshot, name: &str) -> Failure {
    let names: Vec<&str> =
        snapshot.instances.iter().map(|instance| instance.name.as_str()).take(20).collect();
    Failure::Other(format!("there is no instance or sync group {name}; there are {}", names.join(", ")))
}

fn status(call: &Call) -> Result<String, Failure> {
    let status = ask_status(call)?;
    let snapshot = instances(&status)?;
    if let Some(name) = call.name.as_deref().filter(|name| !is_known(snapshot, name)) {
        return Err(unknown(snapshot, name));
    }
    if !call.json {
        return Ok(view::table(snapshot, call.name.as_deref()));
    }
    let mut json =
        serde_json::to_string_pretty(&status).map_err(|error| Failure::Other(error.to_string()))?;
    json.push('\n');
    Ok(json)
}

fn watch(call: &Call) -> Result<(), Failure> {
    loop {
        let text = status(call)?;
        // Home, and clear what is below the cursor: the table stays where it is.
        let shown = std::io::stdout().write_all(format!("\x1b[H\x1b[J{text}").as_bytes());
        if shown.and_then(|()| std::io::stdout().flush()).is_err() {
            return Ok(());
        }
        std::thread::sleep(PERIOD);
    }
}

fn explain(call: &Call, name: &str) -> Result<String, Failure> {
    let status = ask_status(call)?;
    let snapshot = instances(&status)?;
    if !is_known(snapshot, name) {
        return Err(unknown(snapshot, name));
    }
    let chosen = snapshot
        .instances
        .iter()
        .filter(|instance| instance.name == name || instance.group.as_deref() == Some(name));
    let maintenance = snapshot.maintenance.then(|| format!("{}\n", view::MAINTENANCE));
    Ok(maintenance.into_iter().chain(chosen.map(view::explain)).collect::<Vec<_>>().join("\n"))
}

fn history(call: &Call) -> Result<String, Failure> {
    Ok(view::history(&ask_history(call)?, call.name.as_deref(), SystemTime::now()))
}

/// The last transitions.
pub(super) fn ask_history(call: &Call) -> Result<Vec<Event>, Failure> {
    match ask(call, Request::History)? {
        Answer::History(events) => Ok(events),
        _ => Err(unexpected()),
    }
}

/// The daemon's own judgement, without asking a running one.
fn check(file: String) -> u8 {
    let words = ["keepalived", "--config-test", "--explain", "--use-file", &file];
    let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
    match options::parse(&argv).action {
        options::Action::Run(options) => config_test::run(&options),
        options::Action::Say { status, .. } => status,
        options::Action::Genhash(_) => 1,
    }
}

fn reload(call: &Call) -> Result<u8, Failure> {
    match ask(call, Request::Reload)? {
        Answer::Reloaded => {
            say("The new configuration runs.\n");
            Ok(0)
        }
        Answer::Refused { diagnostics } => {
            for line in diagnostics {
                complain(format_args!("{line}\n"));
            }
            Err(Failure::Other("the new configuration was refused, the old one is running".to_owned()))
        }
        _ => Err(unexpected()),
    }
}
