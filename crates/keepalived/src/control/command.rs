//! `keepalivedctl`: the command line, and what each verb prints.

mod switchover;

use super::diff::difference;
use super::{Answer, DEFAULT_SOCKET, Request, Status, client, doctor};
use crate::configuration;
use crate::host::RealHost;
use crate::options::Options;
use crate::{config_test, options};
use keepalived_events::{Event, Snapshot};
use keepalived_kernel::namespace;
use keepalived_lvs::VirtualServerSnapshot;
use keepalived_surfaces::view;
use lexopt::prelude::{Long, Short, Value};
use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

const USAGE: &str = "\
keepalivedctl [--socket PATH] COMMAND

  status [NAME] [--json]   instances (of a sync group, too): state, priority, who is master; virtual servers: who is up
  watch [NAME]             the same, again and again until interrupted
  explain NAME             why an instance is in its state, and what would change that; how a virtual server's checks stand
  history [NAME]           the last transitions with their causes
  diff FILE [--json]       what a reload of this file would change
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
        "diff" => say(&diff(&call, needed(call.name.clone(), "file")?)?),
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

/// What there is, or why there is nothing to show.
fn known(status: &Status) -> Result<&Snapshot, Failure> {
    match &status.snapshot {
        Some(snapshot) => Ok(snapshot),
        None => Err(Failure::Other("neither a VRRP nor a checker process runs".to_owned())),
    }
}

/// The instances, or why there are none.
fn instances(status: &Status) -> Result<&keepalived_vrrp::Snapshot, Failure> {
    known(status).map(|snapshot| &snapshot.vrrp)
}

/// Is this an instance or a sync group?
fn is_known(snapshot: &keepalived_vrrp::Snapshot, name: &str) -> bool {
    snapshot.instances.iter().any(|instance| instance.name == name || instance.group.as_deref() == Some(name))
}

fn server<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a VirtualServerSnapshot> {
    snapshot.lvs.virtual_servers.iter().find(|server| server.name == name)
}

fn unknown(snapshot: &Snapshot, name: &str) -> Failure {
    let instances = snapshot.vrrp.instances.iter().map(|instance| instance.name.as_str());
    let servers = snapshot.lvs.virtual_servers.iter().map(|server| server.name.as_str());
    let names: Vec<&str> = instances.chain(servers).take(20).collect();
    Failure::Other(format!(
        "there is no instance, sync group or virtual server {name}; there are {}",
        names.join(", ")
    ))
}

fn status(call: &Call) -> Result<String, Failure> {
    let status = ask_status(call)?;
    let snapshot = known(&status)?;
    let name = call.name.as_deref();
    let is_there = |name: &&str| is_known(&snapshot.vrrp, name) || server(snapshot, name).is_some();
    if let Some(name) = name.filter(|name| !is_there(name)) {
        return Err(unknown(snapshot, name));
    }
    if !call.json {
        return Ok(tables(snapshot, name, &status.findings));
    }
    let mut json =
        serde_json::to_string_pretty(&status).map_err(|error| Failure::Other(error.to_string()))?;
    json.push('\n');
    Ok(json)
}

/// Instances first, then virtual servers; of those that there are none of, nothing.
fn tables(snapshot: &Snapshot, name: Option<&str>, findings: &[Event]) -> String {
    let is_wanted = |is_there: bool, is_named: bool| if name.is_some() { is_named } else { is_there };
    let mut parts = Vec::new();
    let servers = &snapshot.lvs.virtual_servers;
    let has_instances = !snapshot.vrrp.instances.is_empty() || servers.is_empty();
    if is_wanted(has_instances, name.is_some_and(|name| is_known(&snapshot.vrrp, name))) {
        parts.push(view::table(&snapshot.vrrp, name));
    }
    if is_wanted(!servers.is_empty(), name.is_some_and(|name| server(snapshot, name).is_some())) {
        parts.push(view::servers(&snapshot.lvs, name, findings));
    }
    parts.join("\n")
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
    let snapshot = known(&status)?;
    if let Some(server) = server(snapshot, name) {
        return Ok(view::explain_server(server, &status.findings, SystemTime::now()));
    }
    if !is_known(&snapshot.vrrp, name) {
        return Err(unknown(snapshot, name));
    }
    let chosen = snapshot
        .vrrp
        .instances
        .iter()
        .filter(|instance| instance.name == name || instance.group.as_deref() == Some(name));
    let maintenance = snapshot.vrrp.maintenance.then(|| format!("{}\n", view::MAINTENANCE));
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

/// The daemon says what runs; the file is read here.
fn diff(call: &Call, file: String) -> Result<String, Failure> {
    let Answer::Configuration(running) = ask(call, Request::Configuration)? else {
        return Err(unexpected());
    };
    let options = Options { config_file: Some(file.clone()), ..Options::default() };
    let mut reading = configuration::read(&options, &RealHost::new());
    if let Some(name) = reading.namespace().map(str::to_owned)
        && namespace::enter(&name).is_ok()
    {
        // Only there can be seen which interfaces there are.
        reading = configuration::read(&options, &RealHost::new());
    }
    let Some(config) = reading.config().filter(|_| reading.stops().is_none()) else {
        reading.placed_lines().for_each(|line| complain(format_args!("{line}\n")));
        return Err(Failure::Other(format!("{file} cannot be used, a reload would be refused")));
    };
    let difference = difference(&running, config);
    if !call.json {
        return Ok(difference.to_string());
    }
    let json =
        serde_json::to_string_pretty(&difference).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(json + "\n")
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
