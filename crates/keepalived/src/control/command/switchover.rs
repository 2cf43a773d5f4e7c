//! `switchover` and `maintenance`: asks, and then looks what becomes of it.

use super::{Call, Failure, ask, ask_status, complain, instances, is_known, say, unexpected};
use crate::control::{Answer, Request};
use keepalived_surfaces::view;
use keepalived_vrrp::{InstanceSnapshot, Snapshot, State};
use std::time::{Duration, Instant};

/// How often the daemon is asked whether somebody has taken over.
const PERIOD: Duration = Duration::from_millis(100);
/// An advert interval is 40.95 s at most, and the role is back after two of them and some.
const PATIENCE: Duration = Duration::from_secs(130);

/// `switchover NAME`: succeeds when somebody else is MASTER.
pub(super) fn give_way(call: &Call, name: &str) -> Result<(), Failure> {
    done(ask(call, Request::Switchover { name: name.to_owned() })?)?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let status = ask_status(call)?;
        match outcome(instances(&status)?, name) {
            Outcome::TakenOver(lines) => {
                say(&lines);
                return Ok(());
            }
            Outcome::Alone(instance) => {
                return Err(Failure::Other(format!(
                    "refused: no peer was heard to take over, {instance} is MASTER again"
                )));
            }
            Outcome::Open if Instant::now() < deadline => std::thread::sleep(PERIOD),
            Outcome::Open => {
                return Err(Failure::Other("nobody has taken over yet; look at status".to_owned()));
            }
        }
    }
}

/// `switchover --return [NAME]`.
pub(super) fn take_back(call: &Call) -> Result<(), Failure> {
    done(ask(call, Request::Return { name: call.name.clone() })?)?;
    say("It takes part again, as configured.\n");
    Ok(())
}

/// `maintenance on|off`; without a word, says how it is.
pub(super) fn maintenance(call: &Call) -> Result<(), Failure> {
    let on = match call.name.as_deref() {
        Some("on") => true,
        Some("off") => false,
        Some(other) => return Err(Failure::Usage(format!("on or off, not {other}"))),
        None => {
            let status = ask_status(call)?;
            let is_on = instances(&status)?.maintenance;
            say(if is_on { "on\n" } else { "off\n" });
            return Ok(());
        }
    };
    done(ask(call, Request::Maintenance { on })?)?;
    if on {
        say(&format!("{}\n", view::MAINTENANCE));
    } else {
        say("Maintenance is over.\n");
    }
    Ok(())
}

fn done(answer: Answer) -> Result<(), Failure> {
    match answer {
        Answer::Done { note } => {
            if let Some(note) = note {
                complain(format_args!("keepalivedctl: {note}\n"));
            }
            Ok(())
        }
        _ => Err(unexpected()),
    }
}

/// What has become of a switchover.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// Everybody concerned hears another master.
    TakenOver(String),
    /// This one is MASTER again.
    Alone(String),
    /// Neither yet.
    Open,
}

fn outcome(snapshot: &Snapshot, name: &str) -> Outcome {
    debug_assert!(is_known(snapshot, name), "the daemon knows it");
    let named =
        |instance: &&InstanceSnapshot| instance.name == name || instance.group.as_deref() == Some(name);
    let group = snapshot.instances.iter().find(named).and_then(|instance| instance.group.clone());
    let concerned = || {
        snapshot.instances.iter().filter(|one| one.name == name || (group.is_some() && one.group == group))
    };
    if let Some(again) = concerned().find(|instance| instance.state == State::Master) {
        return Outcome::Alone(again.name.clone());
    }
    let line = |instance: &InstanceSnapshot| {
        let (address, priority) = instance.master?;
        Some(format!("{}: {address} is MASTER now, with priority {priority}.\n", instance.name))
    };
    concerned().map(line).collect::<Option<String>>().map_or(Outcome::Open, Outcome::TakenOver)
}
