//! Events as the lines that readers of FIFOs parse (runtime reference 12.3).

use crate::notify::announced;
use keepalived_vrrp::config::Config;
use keepalived_vrrp::{Event, EventKind, State, Subject};
use std::collections::BTreeMap;

/// Makes the lines. Remembers states, which changes of priority are told with.
#[derive(Clone, Debug, Default)]
pub struct FifoLines {
    instances: BTreeMap<String, Instance>,
    /// The groups' states.
    groups: BTreeMap<String, Option<State>>,
}

#[derive(Clone, Debug, Default)]
struct Instance {
    notify_deleted: bool,
    priority_notices: bool,
    /// State and effective priority as they were told last.
    told: Option<(State, u8)>,
}

impl FifoLines {
    /// The objects of a configuration; nothing was told of them.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let mut lines = Self::default();
        lines.add(config);
        lines
    }

    /// Takes the objects of a new configuration, and keeps those that it no longer has: their end is still told.
    pub fn add(&mut self, config: &Config) {
        for instance in &config.instances {
            let known = self.instances.entry(instance.name.clone()).or_default();
            known.notify_deleted = instance.notify_deleted;
            known.priority_notices = instance.priority_notices.0;
        }
        for group in &config.sync_groups {
            self.groups.entry(group.name.clone()).or_default();
        }
    }

    /// The line that tells of `event`, with its line feed, if one does.
    pub fn line(&mut self, event: &Event) -> Option<String> {
        match &event.subject {
            Subject::Instance(name) => self.instance_line(name, &event.kind),
            Subject::Group(name) => match &event.kind {
                EventKind::Entered { state, .. } => {
                    let word = word(announced(*state, false))?;
                    if is_over(*state) {
                        self.groups.remove(name);
                    } else {
                        self.groups.insert(name.clone(), Some(*state));
                    }
                    Some(group(name, word))
                }
                _ => None,
            },
            Subject::Process => None,
        }
    }

    /// The last thing told of this instance was that it is MASTER.
    #[must_use]
    pub fn is_master(&self, instance: &str) -> bool {
        let told = self.instances.get(instance).and_then(|instance| instance.told);
        told.is_some_and(|(state, _)| state == State::Master)
    }

    /// What is, told once more (`fifo_write_vrrp_states_on_reload`).
    #[must_use]
    pub fn states(&self) -> Vec<String> {
        let instances = self.instances.iter().filter_map(|(name, instance)| {
            let (state, priority) = instance.told?;
            Some(line(name, word(state)?, priority))
        });
        let groups = self.groups.iter().filter_map(|(name, state)| Some(group(name, word((*state)?)?)));
        instances.chain(groups).collect()
    }

    fn instance_line(&mut self, name: &str, kind: &EventKind) -> Option<String> {
        let instance = self.instances.get_mut(name)?;
        match kind {
            EventKind::Entered { state, priority, .. } => {
                let word = word(announced(*state, instance.notify_deleted))?;
                if is_over(*state) {
                    self.instances.remove(name);
                } else {
                    instance.told = Some((*state, priority.get()));
                }
                Some(line(name, word, priority.get()))
            }
            EventKind::LowerPriorityHeardAsMaster { ours, .. } => {
                Some(line(name, "MASTER_RX_LOWER_PRI", ours.get()))
            }
            EventKind::PriorityChanged { to, .. } => {
                let (state, priority) = instance.told.as_mut()?;
                *priority = to.get();
                let word = match state {
                    State::Master => "MASTER_PRIORITY",
                    State::Backup => "BACKUP_PRIORITY",
                    _ => return None,
                };
                instance.priority_notices.then(|| line(name, word, to.get()))
            }
            _ => None,
        }
    }
}

/// Nothing more will be told of it.
fn is_over(state: State) -> bool {
    matches!(state, State::Stop | State::Deleted)
}

fn word(state: State) -> Option<&'static str> {
    match state {
        State::Master => Some("MASTER"),
        State::Backup => Some("BACKUP"),
        State::Fault => Some("FAULT"),
        State::Stop => Some("STOP"),
        State::Deleted => Some("DELETED"),
        State::Initialize => None,
    }
}

fn line(name: &str, word: &str, priority: u8) -> String {
    format!("INSTANCE \"{name}\" {word} {priority}\n")
}

fn group(name: &str, word: &str) -> String {
    format!("GROUP \"{name}\" {word} 0\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use keepalived_types::{Family, InterfaceName, Priority, Vrid};
    use keepalived_vrrp::Cause;
    use keepalived_vrrp::config::{
        InstanceConfig, NotifyScripts, PriorityNotices, SyncGroupConfig, Trackers,
    };

    fn config(change: impl FnOnce(&mut InstanceConfig)) -> Config {
        let eth0 = InterfaceName::new("eth0").expect("a short name");
        let mut instance = InstanceConfig::new("VI_1", eth0, Vrid::new(51).expect("not zero"), Family::V4);
        change(&mut instance);
        Config { instances: vec![instance], ..Config::default() }
    }

    fn entered(subject: Subject, state: State, priority: u8) -> Event {
        let priority = Priority(priority);
        Event {
            subject,
            kind: EventKind::Entered { state, from: State::Backup, cause: Cause::Start, priority },
        }
    }

    fn instance() -> Subject {
        Subject::Instance("VI_1".to_owned())
    }

    fn changed(to: u8) -> Event {
        let kind = EventKind::PriorityChanged { from: Priority(1), to: Priority(to) };
        Event { subject: instance(), kind }
    }

    #[test]
    fn states_are_told_with_the_priority_and_groups_with_0() {
        let mut lines = FifoLines::new(&config(|_| {}));
        let master = lines.line(&entered(instance(), State::Master, 150));
        assert_eq!(master.as_deref(), Some("INSTANCE \"VI_1\" MASTER 150\n"));
        let group = lines.line(&entered(Subject::Group("G 1".to_owned()), State::Fault, 0));
        assert_eq!(group.as_deref(), Some("GROUP \"G 1\" FAULT 0\n"));
        assert_eq!(lines.line(&entered(instance(), State::Initialize, 150)), None);
        let heard = EventKind::LowerPriorityHeardAsMaster {
            from: "192.0.2.1".parse().expect("a literal address"),
            priority: Priority(50),
            ours: Priority(150),
            answering: true,
        };
        let heard = lines.line(&Event { subject: instance(), kind: heard });
        assert_eq!(heard.as_deref(), Some("INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 150\n"));
    }

    #[test]
    fn a_removal_is_told_as_fault_unless_deleted_is_asked_for() {
        let mut lines = FifoLines::new(&config(|_| {}));
        let line = lines.line(&entered(instance(), State::Deleted, 150));
        assert_eq!(line.as_deref(), Some("INSTANCE \"VI_1\" FAULT 150\n"));
        let mut lines = FifoLines::new(&config(|instance| instance.notify_deleted = true));
        let line = lines.line(&entered(instance(), State::Deleted, 150));
        assert_eq!(line.as_deref(), Some("INSTANCE \"VI_1\" DELETED 150\n"));
        assert_eq!(lines.states(), [""; 0]);
    }

    #[test]
    fn changes_of_priority_are_told_with_the_state_when_they_are_asked_for() {
        let mut lines = FifoLines::new(&config(|_| {}));
        lines.line(&entered(instance(), State::Master, 150));
        assert_eq!(lines.line(&changed(100)), None);
        assert_eq!(lines.states(), ["INSTANCE \"VI_1\" MASTER 100\n"], "but remembered");
        let mut lines = FifoLines::new(&config(|instance| instance.priority_notices = PriorityNotices(true)));
        assert_eq!(lines.line(&changed(99)), None, "not before the start");
        for (state, expected) in [
            (State::Backup, Some("INSTANCE \"VI_1\" BACKUP_PRIORITY 100\n")),
            (State::Master, Some("INSTANCE \"VI_1\" MASTER_PRIORITY 100\n")),
            (State::Fault, None),
        ] {
            lines.line(&entered(instance(), state, 150));
            assert_eq!(lines.line(&changed(100)).as_deref(), expected);
        }
    }

    #[test]
    fn a_reload_keeps_what_was_told_and_tells_it_once_more() {
        let mut first = config(|_| {});
        first.sync_groups = vec![SyncGroupConfig {
            name: "G".to_owned(),
            members: Vec::new(),
            trackers: Trackers::default(),
            tracking_weight: false,
            notify: NotifyScripts::default(),
            priority_notices: PriorityNotices(false),
            smtp_alert: false,
        }];
        let mut lines = FifoLines::new(&first);
        lines.line(&entered(instance(), State::Backup, 150));
        lines.line(&entered(Subject::Group("G".to_owned()), State::Backup, 0));
        lines.add(&config(|_| {}));
        assert_eq!(lines.states(), ["INSTANCE \"VI_1\" BACKUP 150\n", "GROUP \"G\" BACKUP 0\n"]);
    }
}
