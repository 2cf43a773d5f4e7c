//! What follows from a turn: the table first, in one batch, then everybody is told.

use super::{Driver, Failure, Input, STANDING};
use crate::ipc::FromCheckers;
use keepalived_events::{Event, Packed, What};
use keepalived_lvs::config::ActiveCheck;
use keepalived_lvs::{CheckId, Effect, EventKind};
use keepalived_surfaces::mail::lvs_alert;
use keepalived_surfaces::{Level, lvs_fifo_line, lvs_log_lines};
use keepalived_types::Instant;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;
use tokio::task::AbortHandle;

impl Driver {
    /// Does what the engine wants: the table first, in one batch, then everybody is told.
    pub(super) fn act(&mut self, now: Instant) -> Result<(), Failure> {
        loop {
            let mut operations = Vec::new();
            let mut markings = Vec::new();
            let mut events = Vec::new();
            let mut idle = true;
            while let Some(effect) = self.engine.poll_effect() {
                idle = false;
                match effect {
                    Effect::RunCheck { check, what, url } => {
                        self.begun_at = now;
                        self.begin(check, what, url);
                    }
                    Effect::AbandonCheck(check) => {
                        self.attempts.remove(&check).inspect(AbortHandle::abort);
                    }
                    Effect::Table(operation) => operations.push(operation),
                    Effect::Mark(marking) => markings.push(marking),
                    Effect::Event(event) => events.push(*event),
                }
            }
            if idle {
                return Ok(());
            }
            match self.table.execute(operations) {
                Ok(refused) => refused
                    .into_iter()
                    .for_each(|(operation, errno)| self.engine.handle_refusal(operation, errno, now)),
                Err(error) => {
                    self.logger.error(error);
                    self.table.reopen().map_err(Failure::Ipvs)?;
                    self.look_at = now;
                }
            }
            for marking in markings {
                self.marker.set(marking).into_iter().for_each(|line| self.logger.error(line));
            }
            for event in events {
                self.handle_event(event, now);
            }
        }
    }

    fn begin(&mut self, check: CheckId, what: Arc<ActiveCheck>, url: usize) {
        let context = Rc::clone(&self.context);
        let queue = self.queue.clone();
        let attempt = tokio::task::spawn_local(async move {
            let attempt = keepalived_checks::run(&what.probe, url, &context).await;
            // Nobody listens any more when the process ends.
            drop(queue.send(Input::Attempted(check, attempt)));
        });
        self.attempts.insert(check, attempt.abort_handle());
    }

    fn handle_event(&mut self, event: keepalived_lvs::Event, now: Instant) {
        for line in lvs_log_lines(&event) {
            match line.level {
                Level::Normal => self.logger.info(line.text),
                Level::Detail => self.logger.detail(line.text),
            }
        }
        if let Some(line) = lvs_fifo_line(&event) {
            self.fifos.write(&line, now).into_iter().for_each(|line| self.logger.info(line));
        }
        if let Some(setup) = self.mailer.setup()
            && let Some(alert) = lvs_alert(&event, setup.no_checker_emails)
            && let Some(line) = self.mailer.send(alert)
        {
            self.logger.warning(line);
        }
        if let EventKind::RealServerAnnounced { script: Some(script), .. }
        | EventKind::VirtualServerAnnounced { script: Some(script), .. } = &event.kind
            && let Err(error) = self.starter.notify(script)
        {
            let program = script.argv.first().map_or("", String::as_str);
            self.logger.alert(format_args!("Couldn't run script {program}: {error}"));
        }
        if is_change(&event.kind) {
            self.tell_at.get_or_insert((self.told_at + STANDING).max(now));
            self.sequence += 1;
            let event =
                Event { sequence: self.sequence, wall: SystemTime::now(), at: now, what: What::Lvs(event) };
            self.tell(&FromCheckers::Event(Box::new(event)));
        }
    }

    /// Tells the supervisor what a successor has to know, if it is time and something has changed.
    pub(super) fn report_standing(&mut self, now: Instant) {
        drop(self.channel.flush());
        if self.tell_at.is_some_and(|at| at <= now) && self.stop_by.is_none() {
            self.tell_at = None;
            self.told_at = now;
            let standing = FromCheckers::Standing(Packed::new(&self.engine.snapshot()));
            self.tell(&standing);
        }
    }

    pub(super) fn tell(&mut self, message: &FromCheckers) {
        if self.connected
            && let Err(error) = self.channel.send(message)
        {
            self.logger.detail(error);
            self.connected = false;
        }
    }
}

/// The event changed what somebody may ask, or a successor has to know.
const fn is_change(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::RealServerAnnounced { .. }
            | EventKind::VirtualServerAnnounced { .. }
            | EventKind::WeightChanged { .. }
            | EventKind::CheckFailed { .. }
            | EventKind::CheckPassed(_)
            | EventKind::CheckerReported { decisive: true, .. }
    )
}
