//! Priority, processors, memory and name of the process.

use super::Driver;
use crate::process_settings::realtime_limit;
use crate::vrrp::auto_priority::AutoPriority;
use crate::vrrp::messages::ToHelper;
use keepalived_config::model::{self, ProcessSettings};
use keepalived_kernel::sched;

impl Driver {
    /// Takes the priority, processors, memory and name that are configured, at the start, when nothing else has been
    /// started by this thread that must not have them, and at a reload. Returns complaints.
    pub(in crate::vrrp) fn take_settings(
        &mut self,
        process: &ProcessSettings,
        auto_priority: model::AutoPriority,
        name: Option<&str>,
    ) -> Vec<String> {
        let starts_anew = self.process.settings() != process || !self.auto_priority.is(auto_priority);
        let given_up =
            if starts_anew && self.is_real_time { self.process.give_up_priority() } else { Ok(()) };
        let mut complaints = self.process.change(process, name);
        complaints.extend(given_up.err().map(|error| error.to_string()));
        if starts_anew {
            self.auto_priority = AutoPriority::new(auto_priority, process);
            self.is_real_time = process.rt_priority.is_some();
        }
        if !self.is_real_time {
            // A courtesy of newer kernels; without it things are as they always were.
            drop(sched::set_slice(sched::SHORTEST_SLICE));
        }
        complaints
    }

    /// `max_auto_priority`.
    pub(super) fn raise_priority(&mut self, priority: u8) {
        let limit = realtime_limit(self.process.settings());
        let taken = sched::set_realtime(priority.into())
            .and_then(|priority| sched::limit_realtime(Some(limit)).map(|()| priority));
        let text = match taken {
            Ok(priority) => {
                self.is_real_time = true;
                format!("Set realtime priority {priority}")
            }
            Err(error) => {
                self.auto_priority.give_up();
                format!("The priority stays as it is: {error}")
            }
        };
        self.to_helper.put(ToHelper::Log { detail: false, text });
    }
}
