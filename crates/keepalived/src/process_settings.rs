//! Priority, processors, memory and name of a child process: as configured, at its start and when a reload changes them.

use keepalived_config::model::ProcessSettings;
use keepalived_kernel::sched;
use std::time::Duration;

/// The processors there may be: the kernel leaves out those that it has not.
const ALL_PROCESSORS: usize = 1024;

/// The settings in force. They belong to the thread that calls, but for memory, which is the process's.
#[derive(Debug)]
pub(crate) struct InForce {
    /// `VRRP` or `Healthcheck`, for complaints.
    who: &'static str,
    settings: ProcessSettings,
}

impl InForce {
    /// What every process begins with.
    pub(crate) fn new(who: &'static str) -> Self {
        Self { who, settings: ProcessSettings::default() }
    }

    /// The settings.
    pub(crate) const fn settings(&self) -> &ProcessSettings {
        &self.settings
    }

    /// Gives up a real-time priority, also one that was raised beyond what is configured; the next [`Self::change`] takes
    /// the configured one again.
    pub(crate) fn give_up_priority(&mut self) -> keepalived_kernel::Result<()> {
        self.settings.rt_priority = None;
        sched::set_ordinary()
    }

    /// Puts what is different in force, the name always. Returns complaints: a refusal is worth a warning and no more.
    pub(crate) fn change(&mut self, settings: &ProcessSettings, name: Option<&str>) -> Vec<String> {
        let mut complaints = Vec::new();
        let who = self.who;
        let mut attempt = |what: &str, outcome: keepalived_kernel::Result<()>| {
            if let Err(error) = outcome {
                complaints.push(format!("{who} child process: {what}: {error}"));
            }
        };
        attempt("cannot take its name", sched::set_name(name.unwrap_or("keepalived")));
        let before = std::mem::replace(&mut self.settings, settings.clone());
        if settings.nice != before.nice {
            attempt("cannot change priority", sched::set_nice(settings.nice.unwrap_or(0).into()));
        }
        let real_time = |settings: &ProcessSettings| (settings.rt_priority, settings.rlimit_rttime_us);
        if real_time(settings) != real_time(&before) {
            match settings.rt_priority {
                Some(priority) => {
                    attempt("cannot raise priority", sched::set_realtime(priority.into()).map(drop));
                    let limit = sched::limit_realtime(Some(realtime_limit(settings)));
                    attempt("cannot limit real-time CPU time", limit);
                }
                None => attempt("cannot lower priority", sched::set_ordinary()),
            }
        }
        if settings.cpu_affinity != before.cpu_affinity {
            attempt("cannot set CPU affinity", sched::set_affinity(&processors(settings)));
        }
        match (before.no_swap, settings.no_swap) {
            (false, true) => attempt("cannot lock memory", sched::lock_memory()),
            (true, false) => attempt("cannot unlock memory", sched::unlock_memory()),
            _ => {}
        }
        complaints
    }
}

/// How long a real-time thread may run without sleeping: `*_rlimit_rttime`.
pub(crate) fn realtime_limit(settings: &ProcessSettings) -> Duration {
    Duration::from_micros(u64::from(settings.rlimit_rttime_us.unwrap_or(10_000)))
}

fn processors(settings: &ProcessSettings) -> Vec<usize> {
    if settings.cpu_affinity.is_empty() {
        return (0..ALL_PROCESSORS).collect();
    }
    settings.cpu_affinity.iter().filter_map(|&number| usize::try_from(number).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_list_all_processors_may_be_used() {
        let mut settings = ProcessSettings::default();
        assert_eq!(processors(&settings).len(), ALL_PROCESSORS);
        settings.cpu_affinity = vec![1, 3];
        assert_eq!(processors(&settings), [1, 3]);
    }

    #[test]
    fn a_change_is_made_once_and_a_refusal_is_told() {
        let thread = std::thread::spawn(|| {
            let mut in_force = InForce::new("VRRP");
            // No machine has the last processor alone.
            let settings = ProcessSettings { cpu_affinity: vec![4096], ..ProcessSettings::default() };
            let complaints = in_force.change(&settings, Some("test"));
            assert!(
                complaints.len() == 1
                    && complaints[0].starts_with("VRRP child process: cannot set CPU affinity")
            );
            assert!(in_force.change(&settings, Some("test")).is_empty());
        });
        thread.join().expect("it holds");
    }
}
