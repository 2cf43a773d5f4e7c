//! Which scripts an event starts, with which arguments, in which order (runtime reference 12.1).

use keepalived_types::Command;
use keepalived_vrrp::config::{Config, NotifyScripts};
use keepalived_vrrp::{Event, EventKind, State, Subject};
use std::collections::HashMap;

/// A script to start now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// What is configured.
    pub command: Command,
    /// Arguments after the configured ones.
    pub arguments: Vec<String>,
}

/// The scripts of every object that has some, by its name, so that an event finds them without a search.
#[derive(Clone, Debug, Default)]
pub struct Hooks {
    instances: HashMap<String, (NotifyScripts, bool)>,
    groups: HashMap<String, NotifyScripts>,
}

impl Hooks {
    /// Collects the scripts of a configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut hooks = Self::default();
        hooks.add(config);
        hooks
    }

    /// Takes the scripts of a new configuration, and keeps those of what it no longer has: a removed instance is told
    /// about with the scripts it had.
    pub fn add(&mut self, config: &Config) {
        for instance in &config.instances {
            self.instances.remove(&instance.name);
            if *instance.notify != NotifyScripts::default() {
                let hooks = (NotifyScripts::clone(&instance.notify), instance.notify_deleted);
                self.instances.insert(instance.name.clone(), hooks);
            }
        }
        for group in &config.sync_groups {
            self.groups.remove(&group.name);
            if group.notify != NotifyScripts::default() {
                self.groups.insert(group.name.clone(), group.notify.clone());
            }
        }
    }
}

/// The scripts that `event` starts: the one for the state first, then the general one.
///
/// Removed instances need the hooks of the configuration that still had them.
#[must_use]
pub fn invocations(hooks: &Hooks, event: &Event) -> Vec<Invocation> {
    match (&event.subject, &event.kind) {
        (Subject::Instance(name), EventKind::Entered { state, priority, .. }) => {
            let Some((scripts, deleted)) = hooks.instances.get(name) else {
                return Vec::new();
            };
            let state = announced(*state, *deleted);
            for_state(scripts, "INSTANCE", name, state, priority.get())
        }
        (Subject::Instance(name), EventKind::LowerPriorityHeardAsMaster { .. }) => {
            let Some((scripts, _)) = hooks.instances.get(name) else {
                return Vec::new();
            };
            scripts.master_rx_lower_priority.as_deref().map(plain).into_iter().collect()
        }
        (Subject::Group(name), EventKind::Entered { state, .. }) => {
            let Some(scripts) = hooks.groups.get(name) else {
                return Vec::new();
            };
            for_state(scripts, "GROUP", name, announced(*state, false), 0)
        }
        _ => Vec::new(),
    }
}

/// A removal is told as FAULT unless `notify_deleted` asks for DELETED.
pub(crate) fn announced(state: State, notify_deleted: bool) -> State {
    if state == State::Deleted && !notify_deleted { State::Fault } else { state }
}

fn plain(command: &Command) -> Invocation {
    Invocation { command: command.clone(), arguments: Vec::new() }
}

fn for_state(scripts: &NotifyScripts, kind: &str, name: &str, state: State, priority: u8) -> Vec<Invocation> {
    let (own, word) = match state {
        State::Master => (&scripts.master, "MASTER"),
        State::Backup => (&scripts.backup, "BACKUP"),
        State::Fault => (&scripts.fault, "FAULT"),
        State::Stop => (&scripts.stop, "STOP"),
        State::Deleted => (&scripts.deleted, "DELETED"),
        State::Initialize => return Vec::new(),
    };
    let general = scripts.any.as_ref().map(|command| Invocation {
        command: Command::clone(command),
        arguments: vec![kind.to_owned(), name.to_owned(), word.to_owned(), priority.to_string()],
    });
    own.as_deref().map(plain).into_iter().chain(general).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Credentials, Family, InterfaceName, Priority, Vrid};
    use keepalived_vrrp::Cause;
    use keepalived_vrrp::config::InstanceConfig;

    fn boxed(name: &str) -> Box<Command> {
        Box::new(script(name))
    }

    fn script(name: &str) -> Command {
        Command {
            path: name.into(),
            argv: vec![name.to_owned()],
            run_as: Credentials { uid: 0, gid: 0, groups: None },
            through_shell: false,
        }
    }

    fn hooks(notify_deleted: bool) -> Hooks {
        let eth0 = InterfaceName::new("eth0").expect("a short name");
        let vrid = Vrid::new(51).expect("not zero");
        let mut instance = InstanceConfig::new("VI_1", eth0, vrid, Family::V4);
        instance.notify.master = Some(boxed("/m"));
        instance.notify.any = Some(boxed("/n"));
        instance.notify.deleted = Some(boxed("/d"));
        instance.notify.master_rx_lower_priority = Some(boxed("/l"));
        instance.notify_deleted = notify_deleted;
        Hooks::new(&Config { instances: vec![instance], ..Config::default() })
    }

    fn entered(state: State) -> Event {
        let kind =
            EventKind::Entered { state, from: State::Backup, cause: Cause::Start, priority: Priority(120) };
        Event { subject: Subject::Instance("VI_1".to_owned()), kind }
    }

    #[test]
    fn the_states_own_script_comes_before_the_general_one() {
        let started = invocations(&hooks(false), &entered(State::Master));
        assert_eq!(started[0], plain(&script("/m")));
        assert_eq!(started[1].arguments, ["INSTANCE", "VI_1", "MASTER", "120"]);
        assert_eq!(started.len(), 2);
    }

    #[test]
    fn a_removed_instance_is_told_as_fault_unless_deleted_is_asked_for() {
        let started = invocations(&hooks(false), &entered(State::Deleted));
        assert_eq!(started.len(), 1);
        assert_eq!(started[0].arguments[2], "FAULT");
        let started = invocations(&hooks(true), &entered(State::Deleted));
        assert_eq!(started[0], plain(&script("/d")));
        assert_eq!(started[1].arguments[2], "DELETED");
    }

    #[test]
    fn a_lower_priority_advert_starts_its_own_script_only() {
        let heard = Event {
            subject: Subject::Instance("VI_1".to_owned()),
            kind: EventKind::LowerPriorityHeardAsMaster {
                from: "192.0.2.1".parse().expect("a literal address"),
                priority: Priority(50),
                ours: Priority(100),
                answering: true,
            },
        };
        assert_eq!(invocations(&hooks(false), &heard), [plain(&script("/l"))]);
    }
}
