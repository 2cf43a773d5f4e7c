//! Keywords that virtual servers and real servers share: the defaults of their checks.

use super::draft::CheckDefaultsDraft;
use super::values::{self, LONGEST_PAUSE, LONGEST_TIMEOUT, MICROSECOND};
use crate::args::Args;
use crate::context::Context;

/// Who speaks in a complaint; the original words them differently for either.
#[derive(Clone, Copy)]
pub(super) enum Speaker {
    VirtualServer,
    RealServer,
}

impl CheckDefaultsDraft {
    pub(super) fn read_retry(&mut self, args: &mut Args<'_>, context: &mut Context<'_>) {
        let complain = |text: &str| format!("retry value invalid - {text}");
        if let Some(retry) = values::exact(args, 1..=u32::MAX, context, complain) {
            self.retry = Some(retry);
        }
    }

    pub(super) fn read_delay_before_retry(
        &mut self,
        args: &mut Args<'_>,
        context: &mut Context<'_>,
        who: Speaker,
    ) {
        let complain = |text: &str| match who {
            Speaker::VirtualServer => {
                format!("virtual server delay before retry '{text}' invalid - ignoring")
            }
            Speaker::RealServer => format!("real server delay_before_retry '{text}' invalid - ignoring"),
        };
        if let Some(delay) = values::pause(args, context, complain) {
            self.delay_before_retry = Some(delay);
        }
    }

    pub(super) fn read_warmup(&mut self, args: &mut Args<'_>, context: &mut Context<'_>, who: Speaker) {
        let who = who.name();
        let complain = |text: &str| format!("{who} warmup '{text}' invalid - ignoring");
        if let Some(warmup) = values::pause(args, context, complain) {
            self.warmup = Some(warmup);
        }
    }

    pub(super) fn read_connect_timeout(
        &mut self,
        args: &mut Args<'_>,
        context: &mut Context<'_>,
        who: Speaker,
    ) {
        let who = who.name();
        let complain = |text: &str| format!("{who} connect_timeout {text} invalid - ignoring");
        if let Some(timeout) = values::seconds(args, MICROSECOND..=LONGEST_TIMEOUT, context, complain) {
            self.connect_timeout = Some(timeout);
        }
    }

    pub(super) fn read_delay_loop(&mut self, args: &mut Args<'_>, context: &mut Context<'_>, who: Speaker) {
        let complain = |text: &str| match who {
            Speaker::VirtualServer => format!("virtual server delay loop '{text}' invalid - ignoring"),
            Speaker::RealServer => format!("real server delay_loop '{text}' invalid - ignoring"),
        };
        if let Some(delay) = values::seconds(args, MICROSECOND..=LONGEST_PAUSE, context, complain) {
            self.delay_loop = Some(delay);
        }
    }
}

impl Speaker {
    const fn name(self) -> &'static str {
        match self {
            Self::VirtualServer => "virtual server",
            Self::RealServer => "real server",
        }
    }
}
