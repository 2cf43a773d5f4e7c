//! What the process is told: signals, and messages of the supervisor.

use super::{Driver, Failure, STANDING, followed, make_context, tell_files};
use crate::checkers::unfollowed;
use crate::fifo::FifoSetup;
use crate::ipc::{CheckersSetup, FromCheckers, ToCheckers};
use crate::ipvs_place;
use keepalived_config::model::NetlinkBuffers;
use keepalived_kernel::{memory, process, signals};
use keepalived_types::Instant;
use std::time::Duration;

/// Scripts that a stop started have so long.
const PATIENCE_AT_STOP: Duration = Duration::from_secs(1);

impl Driver {
    pub(super) fn handle_signals(&mut self, now: Instant) -> Result<(), Failure> {
        while let Some(signal) = self.signals.read() {
            match signal.number {
                signals::TERM => self.stop(now)?,
                signals::RELOAD => self.tell(&FromCheckers::ReloadRequested),
                signals::DATA => self.dump_data(),
                _ => self.reap(),
            }
        }
        Ok(())
    }

    /// Collects programs that have ended, those of checks excepted: each of those is collected by its check.
    fn reap(&mut self) {
        for pid in self.starter.reap() {
            let pid = pid.as_raw_nonzero();
            self.logger.alert(format_args!("script with pid {pid} could not be executed"));
        }
        let readers: Vec<process::Pid> = self.fifos.readers().collect();
        for pid in readers {
            if let Ok(Some(ending)) = process::wait(pid)
                && let Some(Some(line)) = self.fifos.ended(pid, ending)
            {
                self.logger.info(line);
            }
        }
    }

    fn stop(&mut self, now: Instant) -> Result<(), Failure> {
        if self.stop_by.is_some() {
            return Ok(());
        }
        self.starter.signal(signals::TERM);
        self.engine.stop(self.keep_at_stop);
        self.act(now)?;
        self.attempts.drain().for_each(|(_, attempt)| attempt.abort());
        self.fifos.close(now).into_iter().for_each(|line| self.logger.info(line));
        self.stop_by = Some(now + PATIENCE_AT_STOP);
        Ok(())
    }

    pub(super) fn handle_channel(&mut self, now: Instant) -> Result<(), Failure> {
        if !self.connected {
            return Ok(());
        }
        match self.channel.receive::<ToCheckers>() {
            Ok(received) => {
                for message in received.messages {
                    match message {
                        ToCheckers::Reload(setup) => self.reload(*setup, now)?,
                        // Only the VRRP process is asked.
                        ToCheckers::Snapshot | ToCheckers::Operate { .. } | ToCheckers::Start(_) => {}
                    }
                }
                // SIGTERM comes by itself (parent-death signal), and ends us in order.
                self.connected &= !received.closed;
            }
            Err(error) => {
                self.logger.error(error);
                self.connected = false;
            }
        }
        Ok(())
    }

    fn reload(&mut self, setup: CheckersSetup, now: Instant) -> Result<(), Failure> {
        if self.stop_by.is_some() {
            return Ok(());
        }
        self.logger.info("Reloading");
        for complaint in self.process.change(&setup.process, setup.process_name.as_deref()) {
            self.logger.warning(complaint);
        }
        if let Err(error) = self.size_receive_buffers(setup.netlink) {
            self.logger.warning(error);
        }
        self.logger.detail("Reinitializing ipvs");
        self.save_data("pre");
        self.dumps.reload(setup.dumps);
        self.starter.set_umask(setup.umask);
        self.open_fifos(&setup.fifos, now);
        self.mailer.configure(setup.mail);
        self.keep_at_stop = setup.keep_at_stop;
        match make_context(&setup.lvs, &self.starter, &self.logger) {
            Ok(context) => {
                context.inherit(&self.context);
                self.context = context;
            }
            // The checks that run go on with what they had; a good file at the next reload mends it.
            Err(error) => self.logger.error(error.to_string()),
        }
        let news = self.files.configure(&followed(&setup.lvs.files), now);
        tell_files(news, &mut self.engine, &self.logger, now);
        self.follow_addresses(&setup.lvs, now)?;
        self.widen_ping_range(&setup.lvs);
        unfollowed::complaints(&setup.lvs).into_iter().for_each(|line| self.logger.warning(line));
        self.engine.reconfigure(setup.lvs, setup.settings, now);
        self.act(now)?;
        self.save_data("post");
        self.tell_at.get_or_insert((self.told_at + STANDING).max(now));
        self.tell(&FromCheckers::Reloaded);
        memory::return_free_pages();
        Ok(())
    }

    fn size_receive_buffers(&mut self, buffers: NetlinkBuffers) -> keepalived_kernel::Result<()> {
        self.table.set_receive_buffer(buffers.lvs_command)?;
        let room = ipvs_place::room(buffers.lvs_monitor);
        let before = std::mem::replace(&mut self.monitor_room, room);
        self.monitor
            .iter()
            .filter(|_| before != room)
            .try_for_each(|monitor| monitor.set_receive_buffer(room))
    }

    pub(super) fn open_fifos(&mut self, setups: &[FifoSetup], now: Instant) {
        let starter = &self.starter;
        let lines = self.fifos.configure(setups, &mut |command, more| starter.launch(command, more), now);
        lines.into_iter().for_each(|line| self.logger.info(line));
    }
}
