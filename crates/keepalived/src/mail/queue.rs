//! Mails that wait, and the thread that sends them one at a time.

use super::MailSetup;
use super::delivery::{Ourselves, Undelivered, deliver, shown};
use crate::log::{LogSettings, Logger};
use keepalived_surfaces::mail::Alert;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, SystemTime};

/// Mails that wait at most. With thousands of instances a fail-over is as many mails.
const MOST_WAITING: usize = 4096;
/// The thread keeps its stack in memory when the process is locked there.
const STACK: usize = 256 * 1024;
/// How often a stop looks whether the mails are gone.
const LOOK: Duration = Duration::from_millis(20);

struct Job {
    setup: Arc<MailSetup>,
    alert: Alert,
    at: SystemTime,
}

/// Takes mails and never waits.
#[derive(Debug)]
pub struct Mailer {
    /// `None` while there is no server or no recipient.
    setup: Option<Arc<MailSetup>>,
    log: LogSettings,
    jobs: Option<SyncSender<Job>>,
    /// Mails that wait or are being sent.
    unsent: Arc<AtomicUsize>,
    /// Since the last mail that found room.
    dropped: u64,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Job").field(&self.alert).finish()
    }
}

impl Mailer {
    /// Sends as `setup` says, and logs what becomes of it as `log` says. The thread starts with the first mail.
    #[must_use]
    pub fn new(setup: Option<MailSetup>, log: LogSettings) -> Self {
        Self { setup: setup.map(Arc::new), log, jobs: None, unsent: Arc::default(), dropped: 0 }
    }

    /// From now on like this. What waits goes the way it was going to go.
    pub fn configure(&mut self, setup: Option<MailSetup>) {
        self.setup = setup.map(Arc::new);
    }

    /// How mails are sent; `None` when they are not.
    #[must_use]
    pub fn setup(&self) -> Option<&MailSetup> {
        self.setup.as_deref()
    }

    /// Sends a mail some time. Returns a line for the log when mails begin to be dropped, and one when that is over.
    pub fn send(&mut self, alert: Alert) -> Option<String> {
        let setup = Arc::clone(self.setup.as_ref()?);
        let job = Job { setup, alert, at: SystemTime::now() };
        if self.jobs.is_none() {
            match self.start() {
                Ok(jobs) => self.jobs = Some(jobs),
                Err(error) => return Some(format!("SMTP alert not sent: no thread: {error}")),
            }
        }
        self.unsent.fetch_add(1, Ordering::SeqCst);
        let taken = self.jobs.as_ref().is_some_and(|jobs| jobs.try_send(job).is_ok());
        if !taken {
            self.unsent.fetch_sub(1, Ordering::SeqCst);
            self.dropped += 1;
            return (self.dropped == 1)
                .then(|| format!("SMTP alerts are dropped: {MOST_WAITING} wait for the mail server"));
        }
        let dropped = std::mem::take(&mut self.dropped);
        (dropped > 0).then(|| format!("{dropped} SMTP alerts were dropped"))
    }

    /// No mail waits or is being sent.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.unsent.load(Ordering::SeqCst) == 0
    }

    /// While it is not idle, how long until it may be.
    #[must_use]
    pub fn look_again_after(&self) -> Option<Duration> {
        (!self.is_idle()).then_some(LOOK)
    }

    /// At the end of the process: a line for the log when mails are lost.
    #[must_use]
    pub fn farewell(&self) -> Option<String> {
        let lost = self.unsent.load(Ordering::SeqCst);
        let lost = self.dropped.saturating_add(u64::try_from(lost).unwrap_or(u64::MAX));
        (lost > 0).then(|| format!("{lost} SMTP alerts were not sent before the end"))
    }

    fn start(&self) -> std::io::Result<SyncSender<Job>> {
        let (jobs, queue) = sync_channel(MOST_WAITING);
        let (log, unsent) = (self.log.clone(), Arc::clone(&self.unsent));
        let thread = std::thread::Builder::new().name("keepalived-mail".to_owned()).stack_size(STACK);
        thread.spawn(move || send_all(&queue, &Logger::new(log), &unsent))?;
        Ok(jobs)
    }
}

fn send_all(queue: &Receiver<Job>, logger: &Logger, unsent: &AtomicUsize) {
    let mut ourselves = None;
    for job in queue {
        let ourselves = ourselves.get_or_insert_with(Ourselves::look_up);
        match deliver(&job.setup, ourselves, &job.alert, job.at) {
            Ok(delivered) => {
                for (recipient, code) in &delivered.refused {
                    let server = shown(delivered.server);
                    logger.info(format_args!(
                        "SMTP server {server} does not take mail for {recipient}. SMTP status code = {code}"
                    ));
                }
                logger.detail("SMTP alert successfully sent.");
            }
            Err(error @ Undelivered::Refused(..)) => logger.info(error),
            Err(error) => logger.info(format_args!("{error} - {}", job.alert.subject)),
        }
        unsent.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    fn alert() -> Alert {
        Alert { subject: "s".to_owned(), body: "b".to_owned() }
    }

    fn mailer(port: u16) -> Mailer {
        let setup = MailSetup {
            host: "127.0.0.1".to_owned(),
            port,
            timeout: Duration::from_secs(20),
            helo_name: None,
            from: None,
            recipients: vec!["r".to_owned()],
            router_id: None,
            no_faults: false,
            no_checker_emails: false,
        };
        Mailer::new(Some(setup), LogSettings::silent())
    }

    #[test]
    fn a_server_that_never_answers_delays_nobody_and_mails_are_dropped_and_counted() {
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        let mut mailer = mailer(server.local_addr().expect("an address").port());
        let began = Instant::now();
        let mut lines = Vec::new();
        for _ in 0..MOST_WAITING + 10 {
            lines.extend(mailer.send(alert()));
        }
        assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
        assert_eq!(lines, ["SMTP alerts are dropped: 4096 wait for the mail server"]);
        assert!(!mailer.is_idle());
        assert_eq!(mailer.look_again_after(), Some(LOOK));
        // The one that is being sent makes room for another, at some moment.
        assert!((9..=10).contains(&mailer.dropped), "{}", mailer.dropped);
        let farewell = mailer.farewell().expect("mails are lost");
        assert_eq!(farewell, format!("{} SMTP alerts were not sent before the end", MOST_WAITING + 10));
    }

    #[test]
    fn without_a_server_there_is_nothing_to_do() {
        let mut mailer = Mailer::new(None, LogSettings::silent());
        assert_eq!(mailer.send(alert()), None);
        assert!(mailer.is_idle());
        assert_eq!(mailer.farewell(), None);
    }
}
