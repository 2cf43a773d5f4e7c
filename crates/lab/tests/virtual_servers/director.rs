//! A daemon on the director of the one farm that all tests share.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use keepalived_lab::{Daemon, Error, Farm, Listener, Program, Result};

/// Longer than any of these configurations takes to notice something, on a busy host.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A director, three servers, a client. Made once: a guest takes its time to start the processes that this needs.
pub(crate) fn farm() -> &'static Farm {
    static FARM: LazyLock<Farm> = LazyLock::new(|| Farm::new(3).expect("the guest has all that it takes"));
    &FARM
}

/// Listeners on a port of the first servers of the farm, each of which can go and come back.
pub(crate) struct Servers {
    port: u16,
    listeners: Vec<Option<Listener>>,
}

impl Servers {
    pub(crate) fn start(port: u16, count: usize) -> Result<Self> {
        let mut servers = Self { port, listeners: Vec::new() };
        for at in 0..count {
            servers.listeners.push(Some(Listener::start(&farm().servers[at], port)?));
        }
        Ok(servers)
    }

    /// From now on its connections are refused.
    pub(crate) fn stop(&mut self, at: usize) {
        self.listeners[at] = None;
    }

    pub(crate) fn restart(&mut self, at: usize) -> Result<()> {
        self.say(at, farm().servers[at].name())
    }

    /// It listens (again), and answers this.
    pub(crate) fn say(&mut self, at: usize, text: &str) -> Result<()> {
        self.listeners[at] = None;
        self.listeners[at] = Some(Listener::saying(&farm().servers[at], self.port, text)?);
        Ok(())
    }
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
        let deadline = Instant::now() + PATIENCE;
        loop {
            let table = farm().table()?;
            if table == wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                let waited_for = format!("the table\n{}\n", wanted.join("\n"));
                let seen = format!("{}\nlog:\n{}", table.join("\n"), self.0.log().text());
                return Err(Error::TimedOut { waited_for, after: PATIENCE, seen });
            }
            std::thread::sleep(Duration::from_millis(50));
        }
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
