//! `keepalivedctl`: the command line, and what each verb prints.

mod arguments;
mod switchover;
mod watch;

use super::diff::difference;
use super::{Answer, Request, Status, client, doctor};
use crate::configuration;
use crate::host::RealHost;
use crate::options::Options;
use crate::{config_test, options, version};
pub(super) use arguments::Call;
use keepalived_config::nearest::nearest;
use keepalived_events::{Event, Snapshot};
use keepalived_kernel::namespace;
use keepalived_lvs::VirtualServerSnapshot;
use keepalived_surfaces::view;
use serde::Serialize;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::time::SystemTime;

/// Why there is nothing to print.
pub(super) enum Failure {
    /// The command line is not understood.
    Usage(String),
    /// The daemon cannot be asked.
    Unreachable {
        /// Why.
        why: String,
        /// What helps.
        mend: String,
    },
    /// Something else.
    Other(String),
}

/// Does what the command line asks for. Returns the exit status: 0, 1 when it could not be done, 2 when it was not
/// understood.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    match arguments::parse(lexopt::Parser::from_args(arguments)).and_then(perform) {
        Ok(status) => status,
        Err(Failure::Usage(message)) => {
            complain(format_args!("keepalivedctl: {message}\nkeepalivedctl help tells what there is.\n"));
            2
        }
        Err(Failure::Unreachable { why, mend }) => {
            complain(format_args!("keepalivedctl: {why}\n{mend}\n"));
            1
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

fn perform(call: Call) -> Result<u8, Failure> {
    let name = call.name.clone().unwrap_or_default();
    match call.verb {
        "help" => say(arguments::USAGE),
        "version" => say(&format!("{}\n", version::full())),
        "status" => say(&status(&call)?),
        "watch" => watch::run(&call)?,
        "explain" => say(&explain(&call, &name)?),
        "history" => say(&history(&call)?),
        "diff" => say(&diff(&call, name)?),
        "check" => return check(name),
        "switchover" if call.returns => switchover::take_back(&call)?,
        "switchover" => switchover::give_way(&call, &name)?,
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
        Err(error) => Err(unreachable(&call.socket, &error)),
    }
}

/// Why the daemon cannot be asked, and what helps.
fn unreachable(socket: &Path, error: &std::io::Error) -> Failure {
    let at = socket.display();
    let (why, mend) = match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => (
            format!("nobody answers at {at}: is keepalived running?"),
            "systemctl start keepalived, or --socket PATH: the socket lies beside the parent's pid file"
                .to_owned(),
        ),
        ErrorKind::PermissionDenied => {
            (format!("{at}: {error}"), format!("root may ask, and who is in the group of {at}"))
        }
        ErrorKind::WouldBlock | ErrorKind::TimedOut => (
            format!("the daemon at {at} does not answer"),
            "is it stopped, or the machine overloaded? systemctl status keepalived".to_owned(),
        ),
        _ => (format!("{at}: {error}"), "systemctl status keepalived".to_owned()),
    };
    Failure::Unreachable { why, mend }
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

/// The virtual server of this name. `10.0.0.1:80` and `10.0.0.1` will do for `[10.0.0.1]:tcp:80` when there is no other.
fn server<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a VirtualServerSnapshot> {
    let servers = &snapshot.lvs.virtual_servers;
    let exact = servers.iter().find(|server| server.name == name);
    exact.or_else(|| {
        let mut alike = servers.iter().filter(|server| is_short_for(name, &server.name));
        alike.next().filter(|_| alike.next().is_none())
    })
}

fn is_short_for(name: &str, printed: &str) -> bool {
    let Some((address, rest)) = printed.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return false;
    };
    let port = rest.rsplit(':').next().unwrap_or_default();
    let name = name.replace(['[', ']'], "");
    name == address
        || name.strip_prefix(address).is_some_and(|end| end == rest || end.strip_prefix(':') == Some(port))
}

/// Names that are shown where another one was expected.
const MOST_NAMES: usize = 20;

fn unknown(snapshot: &Snapshot, name: &str) -> Failure {
    let instances = snapshot.vrrp.instances.iter().map(|instance| instance.name.as_str());
    let servers = snapshot.lvs.virtual_servers.iter().map(|server| server.name.as_str());
    let names: Vec<&str> = instances.chain(servers).collect();
    let known = match (nearest(name, names.iter().copied()), names.len()) {
        (Some(near), MOST_NAMES..) => format!("did you mean {near}?"),
        (None, more) if more > MOST_NAMES => {
            format!("there are {} and {} more", names[..MOST_NAMES].join(", "), more - MOST_NAMES)
        }
        _ => format!("there are {}", names.join(", ")),
    };
    Failure::Other(format!("there is no instance, sync group or virtual server {name}; {known}"))
}

fn status(call: &Call) -> Result<String, Failure> {
    let status = ask_status(call)?;
    let snapshot = known(&status)?;
    let name = call.name.as_deref().map(|name| server(snapshot, name).map_or(name, |server| &server.name));
    let is_there = |name: &&str| is_known(&snapshot.vrrp, name) || server(snapshot, name).is_some();
    if let Some(name) = name.filter(|name| !is_there(name)) {
        return Err(unknown(snapshot, name));
    }
    if !call.json {
        return Ok(tables(snapshot, name, &status));
    }
    json(&status)
}

/// Any of the things that can be had for programs.
pub(super) fn json(what: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(what).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(text + "\n")
}

/// What the supervisor has heard of servers.
fn heard(status: &Status) -> view::Heard<'_> {
    view::Heard { findings: &status.findings, standings: &status.standings, now: SystemTime::now() }
}

/// Instances first, then virtual servers; of those that there are none of, nothing.
fn tables(snapshot: &Snapshot, name: Option<&str>, status: &Status) -> String {
    let is_wanted = |is_there: bool, is_named: bool| if name.is_some() { is_named } else { is_there };
    let mut parts = Vec::new();
    let servers = &snapshot.lvs.virtual_servers;
    let has_instances = !snapshot.vrrp.instances.is_empty() || servers.is_empty();
    if is_wanted(has_instances, name.is_some_and(|name| is_known(&snapshot.vrrp, name))) {
        parts.push(view::table(&snapshot.vrrp, name));
    }
    if is_wanted(!servers.is_empty(), name.is_some_and(|name| server(snapshot, name).is_some())) {
        parts.push(view::servers(&snapshot.lvs, name, &heard(status)));
    }
    parts.join("\n")
}

fn explain(call: &Call, name: &str) -> Result<String, Failure> {
    let status = ask_status(call)?;
    let snapshot = known(&status)?;
    if let Some(server) = server(snapshot, name) {
        return Ok(view::explain_server(server, &heard(&status)));
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
    Ok(maintenance
        .into_iter()
        .chain(chosen.map(|one| view::explain(one, snapshot.vrrp.maintenance)))
        .collect::<Vec<_>>()
        .join("\n"))
}

fn history(call: &Call) -> Result<String, Failure> {
    let events = ask_history(call)?;
    let name = call.name.as_deref();
    if call.json {
        let named = |event: &&Event| name.is_none_or(|name| view::is_about(event, name));
        return json(&events.iter().filter(named).collect::<Vec<_>>());
    }
    let text = view::history(&events, name, SystemTime::now());
    if !text.is_empty() {
        return Ok(text);
    }
    // What a reload removed has a history, too; what nobody knows has none.
    if let Some(name) = name {
        let status = ask_status(call)?;
        let snapshot = known(&status)?;
        let whole = server(snapshot, name).map(|server| server.name.as_str());
        let text = whole.map(|whole| view::history(&events, Some(whole), SystemTime::now()));
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            return Ok(text);
        }
        if !is_known(&snapshot.vrrp, name) && server(snapshot, name).is_none() {
            return Err(unknown(snapshot, name));
        }
    }
    Ok("No transition is remembered.\n".to_owned())
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
    json(&difference)
}

/// The daemon's own judgement, without asking a running one. A file that is not there is no good file here, whatever
/// `keepalived -t` says of it.
fn check(file: String) -> Result<u8, Failure> {
    if let Err(error) = File::open(&file) {
        return Err(Failure::Other(format!("{file}: {error}")));
    }
    let words = ["keepalived", "--config-test", "--explain", "--use-file", &file];
    let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
    let options::Action::Run(options) = options::parse(&argv).action else {
        return Err(Failure::Usage(format!("check: {file} is no file name")));
    };
    let verdict = config_test::judge(&options);
    match verdict {
        (0, false) => say(&format!("{file} can be used.\n")),
        (0, true) => say(&format!("{file} can be used, but see above.\n")),
        _ => {}
    }
    Ok(verdict.0)
}

fn reload(call: &Call) -> Result<u8, Failure> {
    match ask(call, Request::Reload)? {
        Answer::Reloaded { remarks } if remarks.is_empty() => {
            say("The new configuration runs.\n");
            Ok(0)
        }
        Answer::Reloaded { remarks } => {
            remarks.iter().for_each(|line| complain(format_args!("{line}\n")));
            say("The new configuration runs, but see above.\n");
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

#[cfg(test)]
mod tests {
    use super::is_short_for;

    #[test]
    fn the_address_or_address_and_port_will_do_for_a_virtual_server() {
        for name in ["10.0.0.1", "10.0.0.1:80", "[10.0.0.1]:80", "10.0.0.1:tcp:80"] {
            assert!(is_short_for(name, "[10.0.0.1]:tcp:80"), "{name}");
        }
        for name in ["10.0.0.1:8", "10.0.0.10", "10.0.0", "80", "", ":80", "10.0.0.1:udp:80"] {
            assert!(!is_short_for(name, "[10.0.0.1]:tcp:80"), "{name}");
        }
        assert!(
            is_short_for("fd00::1", "[fd00::1]:tcp:443")
                && is_short_for("[fd00::1]:443", "[fd00::1]:tcp:443")
        );
        assert!(is_short_for("web", "[web]:0"), "a group");
        assert!(!is_short_for("5", "FWM 5"));
    }
}
