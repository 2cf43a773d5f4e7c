//! What real servers, scripts and files are like at the moment, and so what an attempt of a check brings.

use super::plan::{FILES, PAGES, SCRIPTS};
use crate::random::Random;
use keepalived_lvs::config::{ActiveCheck, Probe};
use keepalived_lvs::{Failure, HttpTest, Outcome};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How a server that is asked behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Answers,
    Refuses,
    /// Until the time of the check is over.
    IsSilent,
}

/// The servers.
#[derive(Debug, Default)]
pub(super) struct Servers {
    manners: BTreeMap<SocketAddr, Manner>,
    /// Pages that are missing, everywhere.
    missing: BTreeMap<u64, bool>,
    /// Exit statuses of scripts.
    statuses: BTreeMap<String, u8>,
    /// Numbers in files.
    numbers: BTreeMap<&'static str, i64>,
}

/// What an attempt brings, and when.
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) after: Duration,
}

impl Servers {
    /// Something changes. Returns what, for the story, and a file that has another number now.
    pub(super) fn change(&mut self, random: &mut Random) -> (String, Option<(&'static str, i64)>) {
        match random.below(10) {
            0 => {
                let page = random.below(PAGES);
                let missing = self.missing.entry(page).or_default();
                *missing = !*missing;
                (format!("page /{page} missing: {missing}"), None)
            }
            1..=2 => {
                let script = random.below(SCRIPTS).to_string();
                let status = random.pick(&[0, 0, 1, 2, 3, 7, 255]).unwrap_or(0);
                let told = format!("script {script} ends with {status}");
                self.statuses.insert(script, status);
                (told, None)
            }
            3 => {
                let file = random.pick(&FILES).unwrap_or_default();
                let number = random.pick(&[0, 0, 1, -1, 3, -40, 2_000_000_000]).unwrap_or(0);
                self.numbers.insert(file, number);
                (format!("file {file} holds {number}"), Some((file, number)))
            }
            _ => {
                let address = [10, 1, 0, 1 + u8::try_from(random.below(6)).unwrap_or(0)];
                let server = SocketAddr::from((address, 80 + u16::try_from(random.below(2)).unwrap_or(0)));
                let manners = [Manner::Answers, Manner::Answers, Manner::Refuses, Manner::IsSilent];
                let manner = random.pick(&manners).unwrap_or(Manner::Answers);
                self.manners.insert(server, manner);
                (format!("{server} {manner:?}"), None)
            }
        }
    }

    /// Everything is well.
    pub(super) fn mend(&mut self) {
        self.manners.clear();
        self.missing.clear();
    }

    /// The number in a file.
    pub(super) fn number(&self, file: &str) -> i64 {
        self.numbers.get(file).copied().unwrap_or(0)
    }

    /// The exit status of the script that a check runs.
    fn status(&self, argv: &[String]) -> u8 {
        argv.get(1).and_then(|script| self.statuses.get(script)).copied().unwrap_or(0)
    }

    /// What an attempt brings now.
    pub(super) fn answer(&self, check: &ActiveCheck, url: usize) -> Answer {
        let soon = Duration::from_millis(2);
        let failed = |timed_out: bool, after| {
            let failure = Failure { timed_out, reason: "failed".to_owned(), detail: None };
            Answer { outcome: Outcome::Failed(failure), after }
        };
        let connection = match &check.probe {
            Probe::Tcp(connection) => connection,
            Probe::Http(web) => &web.connection,
            Probe::Misc(script) => {
                let outcome = match self.status(&script.command.argv) {
                    0 => Outcome::Passed { test: None },
                    status @ 2.. if script.dynamic => Outcome::Weighed(status),
                    _ => return failed(false, soon),
                };
                return Answer { outcome, after: soon };
            }
            // Plans have no others.
            _ => return failed(false, soon),
        };
        match self.manners.get(&connection.destination).copied().unwrap_or(Manner::Answers) {
            Manner::Refuses => failed(false, Duration::from_micros(100)),
            Manner::IsSilent => failed(true, connection.timeout),
            Manner::Answers if !self.has_page(check, url) => failed(false, soon),
            Manner::Answers => {
                let test = matches!(check.probe, Probe::Http(_)).then_some(HttpTest::Status);
                Answer { outcome: Outcome::Passed { test }, after: soon }
            }
        }
    }

    fn has_page(&self, check: &ActiveCheck, url: usize) -> bool {
        let Probe::Http(web) = &check.probe else { return true };
        let path = web.urls.get(url).map(|url| url.path.as_str()).unwrap_or_default();
        let page = path.trim_start_matches('/').parse().unwrap_or(u64::MAX);
        !self.missing.get(&page).copied().unwrap_or(false)
    }

    /// Would this check pass now, and what does it make the weight: `None` leaves it alone?
    pub(super) fn judge(&self, check: &ActiveCheck) -> (bool, Option<u32>) {
        let urls = if let Probe::Http(web) = &check.probe { web.urls.len() } else { 1 };
        let answers: Vec<Outcome> = (0..urls).map(|url| self.answer(check, url).outcome).collect();
        let passes = answers.iter().all(|outcome| !matches!(outcome, Outcome::Failed(_)));
        let weight = answers.iter().find_map(|outcome| match outcome {
            Outcome::Weighed(status) => Some(u32::from(*status) - 2),
            _ => None,
        });
        (passes, weight)
    }
}
