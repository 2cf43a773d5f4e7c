//! Mails about instances and sync groups.

use super::Alert;
use crate::notify::announced;
use keepalived_vrrp::config::Config;
use keepalived_vrrp::{Event, EventKind, State, Subject};
use std::collections::{HashMap, HashSet};

/// Which instances and groups mail (`smtp_alert`), by name, so that an event finds them without a search.
#[derive(Clone, Debug, Default)]
pub struct VrrpMails {
    /// With `notify_deleted`.
    instances: HashMap<String, bool>,
    groups: HashSet<String>,
    /// `no_email_faults`.
    no_faults: bool,
}

impl VrrpMails {
    /// Collects who mails in a configuration.
    #[must_use]
    pub fn new(config: &Config, no_faults: bool) -> Self {
        let mut mails = Self::default();
        mails.add(config, no_faults);
        mails
    }

    /// Takes a new configuration, and keeps what it no longer has: a removed instance is still mailed about.
    pub fn add(&mut self, config: &Config, no_faults: bool) {
        self.no_faults = no_faults;
        for instance in &config.instances {
            self.instances.remove(&instance.name);
            if instance.smtp_alert {
                self.instances.insert(instance.name.clone(), instance.notify_deleted);
            }
        }
        for group in &config.sync_groups {
            self.groups.remove(&group.name);
            if group.smtp_alert {
                self.groups.insert(group.name.clone());
            }
        }
    }

    /// The mail about `event`, if there is one.
    #[must_use]
    pub fn alert(&self, event: &Event) -> Option<Alert> {
        let EventKind::Entered { state, .. } = &event.kind else { return None };
        match &event.subject {
            Subject::Instance(name) => {
                let notify_deleted = *self.instances.get(name)?;
                let state = self.mailed(announced(*state, notify_deleted))?;
                Some(about_instance(name, state))
            }
            Subject::Group(name) => {
                self.groups.get(name)?;
                let state = self.mailed(announced(*state, false))?;
                Some(about_group(name, state))
            }
            Subject::Process => None,
        }
    }

    fn mailed(&self, state: State) -> Option<State> {
        match state {
            State::Initialize => None,
            State::Fault if self.no_faults => None,
            state => Some(state),
        }
    }
}

/// What happens to who comes into a state, at the end of a subject.
fn happens(state: State) -> String {
    match state {
        State::Stop => "Stopping".to_owned(),
        State::Deleted => "Deleted".to_owned(),
        state => format!("Entering {} state", state.name()),
    }
}

fn about_instance(name: &str, state: State) -> Alert {
    let body = match state {
        State::Master => "=> VRRP Instance is now owning VRRP VIPs <=",
        State::Stop => "=> VRRP Instance stopping <=",
        State::Deleted => "=> VRRP Deleted at reload <=",
        _ => "=> VRRP Instance is no longer owning VRRP VIPs <=",
    };
    Alert { subject: format!("VRRP Instance {name} - {}", happens(state)), body: body.to_owned() }
}

fn about_group(name: &str, state: State) -> Alert {
    Alert {
        subject: format!("VRRP Group {name} - {}", happens(state)),
        body: format!("=> All VRRP group instances are now in {} state <=", state.name()),
    }
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
        instance.smtp_alert = true;
        change(&mut instance);
        Config { instances: vec![instance], ..Config::default() }
    }

    fn entered(subject: Subject, state: State) -> Event {
        let priority = Priority(100);
        Event {
            subject,
            kind: EventKind::Entered { state, from: State::Backup, cause: Cause::Start, priority },
        }
    }

    fn alert(mails: &VrrpMails, state: State) -> Option<(String, String)> {
        let alert = mails.alert(&entered(Subject::Instance("VI_1".to_owned()), state))?;
        Some((alert.subject, alert.body))
    }

    #[test]
    fn subjects_and_bodies_are_those_of_the_original() {
        let mails = VrrpMails::new(&config(|instance| instance.notify_deleted = true), false);
        let pair = |subject: &str, body: &str| Some((subject.to_owned(), body.to_owned()));
        let owning = "=> VRRP Instance is now owning VRRP VIPs <=";
        let not_owning = "=> VRRP Instance is no longer owning VRRP VIPs <=";
        for (state, subject, body) in [
            (State::Master, "VRRP Instance VI_1 - Entering MASTER state", owning),
            (State::Backup, "VRRP Instance VI_1 - Entering BACKUP state", not_owning),
            (State::Fault, "VRRP Instance VI_1 - Entering FAULT state", not_owning),
            (State::Stop, "VRRP Instance VI_1 - Stopping", "=> VRRP Instance stopping <="),
            (State::Deleted, "VRRP Instance VI_1 - Deleted", "=> VRRP Deleted at reload <="),
        ] {
            assert_eq!(alert(&mails, state), pair(subject, body));
        }
        assert_eq!(alert(&mails, State::Initialize), None);
    }

    #[test]
    fn a_group_says_what_all_members_are() {
        let group = SyncGroupConfig {
            name: "G1".to_owned(),
            members: Vec::new(),
            trackers: Trackers::default(),
            tracking_weight: false,
            notify: NotifyScripts::default(),
            priority_notices: PriorityNotices::default(),
            smtp_alert: true,
        };
        let config = Config { sync_groups: vec![group], ..Config::default() };
        let mails = VrrpMails::new(&config, false);
        let alert = mails.alert(&entered(Subject::Group("G1".to_owned()), State::Master)).expect("a mail");
        assert_eq!(alert.subject, "VRRP Group G1 - Entering MASTER state");
        assert_eq!(alert.body, "=> All VRRP group instances are now in MASTER state <=");
        assert_eq!(mails.alert(&entered(Subject::Group("G2".to_owned()), State::Master)), None);
    }

    #[test]
    fn who_does_not_ask_for_mails_gets_none() {
        let mails = VrrpMails::new(&config(|instance| instance.smtp_alert = false), false);
        assert_eq!(alert(&mails, State::Master), None);
    }

    #[test]
    fn no_email_faults_leaves_out_faults_only() {
        let mails = VrrpMails::new(&config(|_| {}), true);
        assert_eq!(alert(&mails, State::Fault), None);
        assert_eq!(alert(&mails, State::Deleted), None, "a removal is told as FAULT");
        assert!(alert(&mails, State::Backup).is_some());
    }

    #[test]
    fn a_removed_instance_is_still_mailed_about() {
        let mut mails = VrrpMails::new(&config(|_| {}), false);
        mails.add(&Config::default(), false);
        let (subject, _) = alert(&mails, State::Deleted).expect("a mail");
        assert_eq!(subject, "VRRP Instance VI_1 - Entering FAULT state");
    }
}
