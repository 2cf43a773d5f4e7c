//! What is followed instead of checked: files, and BFD sessions.

use super::Engine;
use crate::checker::What;
use crate::event::{CheckLabel, EventKind};
use crate::transition;
use crate::verdict::{self, FileVerdict, Report};
use keepalived_types::Instant;

impl Engine {
    /// A followed file holds this number; 0 when it holds none, or does not exist.
    pub fn handle_file(&mut self, name: &str, value: i64, _now: Instant) {
        let label = CheckLabel::File(name.to_owned());
        let Ok(value) = i32::try_from(value) else {
            let kind = EventKind::FileOutOfRange { file: name.to_owned(), value };
            self.world.report("", None, kind);
            return;
        };
        self.files.insert(name.to_owned(), value);
        if !self.is_running {
            return;
        }
        for (server, real, number) in self.followers.get(&label).cloned().unwrap_or_default() {
            let virtual_server = &mut self.virtual_servers[server];
            let checker = &virtual_server.servers[real].checkers[number];
            let What::File(check) = &checker.what else { continue };
            let was_up = checker.is_up;
            let verdict = verdict::on_file(check, value);
            let up = verdict != FileVerdict::Down;
            if was_up != up {
                let kind = EventKind::Followed { check: label.clone(), up };
                self.world.report(&virtual_server.name, Some(&virtual_server.servers[real].name()), kind);
            }
            if let FileVerdict::Up(contribution) = verdict {
                transition::contribute(virtual_server, real, number, contribution, &mut self.world);
            }
            if was_up != up {
                let report = if up { Report::Up } else { Report::Down };
                transition::report(virtual_server, real, number, report, None, &mut self.world);
            }
        }
    }

    /// A BFD session is up, or it is not.
    pub fn handle_bfd(&mut self, session: &str, up: bool, _now: Instant) {
        let label = CheckLabel::Bfd(session.to_owned());
        if !self.is_running {
            return;
        }
        for (server, real, number) in self.followers.get(&label).cloned().unwrap_or_default() {
            let virtual_server = &mut self.virtual_servers[server];
            let checker = &virtual_server.servers[real].checkers[number];
            if checker.is_up != up || !checker.has_run {
                let kind = EventKind::Followed { check: label.clone(), up };
                self.world.report(&virtual_server.name, Some(&virtual_server.servers[real].name()), kind);
            }
            let report = if up { Report::Up } else { Report::Down };
            transition::report(virtual_server, real, number, report, None, &mut self.world);
        }
    }
}
