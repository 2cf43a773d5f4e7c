//! A daemon on the director of the one farm that all tests share.

use std::sync::LazyLock;
use std::time::Duration;

use keepalived_lab::{Daemon, Error, Farm, Program, Result, WebServers};

/// Longer than any of these configurations takes to notice something, on a busy host.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A director, three servers, a client. Made once: a guest takes its time to start the processes that this needs.
pub(crate) fn farm() -> &'static Farm {
    static FARM: LazyLock<Farm> = LazyLock::new(|| Farm::new(3).expect("the guest has all that it takes"));
    &FARM
}

/// Web servers on a port of the first servers of the farm.
pub(crate) fn servers(port: u16, count: usize) -> Result<WebServers> {
    WebServers::start(farm(), port, count)
}

/// The daemon.
pub(crate) struct Director(Daemon);

impl Director {
    /// Starts it with an empty table.
    pub(crate) fn start(program: Program, configuration: &str) -> Result<Self> {
        assert_eq!(farm().table()?, [""; 0], "the test before left something");
        Daemon::start(&farm().director, program, configuration).map(Self)
    }

    /// Waits until the table is this, lines of `ipvsadm -Sn` in their order.
    pub(crate) fn wait_for_table(&self, wanted: &[&str]) -> Result<()> {
        let what = format!("the table\n{}\n", wanted.join("\n"));
        farm().wait_for_table(&what, PATIENCE, |table| table == wanted).map_err(|error| match error {
            Error::TimedOut { waited_for, after, seen } => {
                let seen = format!("{seen}\nlog:\n{}", self.0.log().text());
                Error::TimedOut { waited_for, after, seen }
            }
            other => other,
        })
    }

    /// The daemon itself.
    pub(crate) fn daemon(&self) -> &Daemon {
        &self.0
    }

    /// Waits for a line of its log.
    pub(crate) fn wait_for_log(&self, text: &str) -> Result<()> {
        self.0.wait_for_log(text, PATIENCE).map(drop)
    }

    /// Connects from the client. Returns how often each of the three servers answered.
    pub(crate) fn shares(&self, address: &str, port: u16, count: usize) -> Result<[usize; 3]> {
        let answers = farm().connect(address, port, count);
        let answers =
            answers.map_err(|error| Error::Unexpected(format!("{error}\nlog:\n{}", self.0.log().text())))?;
        Ok(["rs1", "rs2", "rs3"].map(|name| answers.iter().filter(|answer| *answer == name).count()))
    }

    /// Stops it: what it put into the table goes.
    pub(crate) fn stop(mut self) -> Result<()> {
        let status = self.0.stop()?;
        if !status.success() {
            return Err(Error::Unexpected(format!("{status}\nlog:\n{}", self.0.log().text())));
        }
        self.wait_for_table(&[])
    }
}

/// After a failure nothing must be left for the next test.
impl Drop for Director {
    fn drop(&mut self) {
        if self.0.is_running() {
            let _it_is_killed_otherwise = self.0.stop();
        }
        let _the_next_test_looks = farm().director.namespace().exec(&["ipvsadm", "-C"]);
    }
}
