//! A keepalived on a node: started, watched, signalled, killed.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::log::{Log, LogLine};
use crate::node::Node;
use crate::processes::{self, Signal};
use crate::program::Program;
use crate::{Error, Result};

/// Runs inside the namespace: puts the node's directories in place, /tmp last because ours lie in the host's. Says the
/// third word, if it is not empty, when that is done.
const ENTER: &str = r#"set -e
home=$1 programs=$2 said=$3
shift 3
if [ -d /run/netns ]; then
    mkdir -p "$home/run/netns"
    mount --rbind /run/netns "$home/run/netns"
fi
if [ -n "$programs" ]; then
    mkdir -p "$home/run/lab"
    mount --bind "$programs" "$home/run/lab"
fi
mount --rbind "$home/run" /run
mount --bind "$home/etc" /etc/keepalived
mount --bind "$home/tmp" /tmp
cd /
if [ -n "$said" ]; then
    echo "$said"
fi
exec "$@"
"#;

/// What [`Daemon::start_preloading`] has in the log before the program's own first line.
const ENTERED: &str = "the node is ready for its program";

/// For a few short programs, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running (or ended) keepalived. Dropping it kills all its processes.
#[derive(Debug)]
pub struct Daemon {
    node: Node,
    program: Program,
    child: Child,
    log: Log,
}

/// A command line of either program that runs on a node and sees the node's directories.
pub(crate) fn on_node(node: &Node, program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", node.namespace().name()]);
    with_directories(command, node, program, arguments)
}

/// The same, but in the network namespace of the tests: the program has to enter the node's by itself.
fn outside(node: &Node, program: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]);
    with_directories(command, node, program, arguments)
}

fn with_directories(command: Command, node: &Node, program: &Path, arguments: &[&str]) -> Command {
    preloading(command, node, program, arguments, None)
}

/// `library` is a path as the node sees it.
fn preloading(
    mut command: Command,
    node: &Node,
    program: &Path,
    arguments: &[&str],
    library: Option<&str>,
) -> Command {
    let system = ["/usr/sbin", "/usr/bin", "/usr/lib/frr"].iter().any(|known| program.starts_with(known));
    let directory = program.parent().unwrap_or(Path::new("/"));
    command.args(["sh", "-c", ENTER, "lab"]).arg(node.home());
    command.arg(if system { Path::new("") } else { directory });
    command.arg(if library.is_some() { ENTERED } else { "" });
    if let Some(library) = library {
        command.arg("/usr/bin/env").arg(format!("LD_PRELOAD={library}"));
    }
    if system {
        command.arg(program);
    } else {
        // Build directories often lie below /tmp, which the node hides.
        command.arg(Path::new("/run/lab").join(program.file_name().unwrap_or_default()));
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

impl Daemon {
    /// Starts a program with this configuration as /etc/keepalived/keepalived.conf, in the foreground, with
    /// detailed logging to the console.
    ///
    /// # Errors
    /// When the program is missing or does not start.
    pub fn start(node: &Node, program: Program, configuration: &str) -> Result<Self> {
        Self::start_with(node, program, configuration, &[])
    }

    /// As [`Daemon::start`], with further options.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start_with(node: &Node, program: Program, configuration: &str, options: &[&str]) -> Result<Self> {
        let mut arguments = vec!["-n", "-l", "-D", "-G"];
        arguments.extend(options);
        Self::start_binary(node, program, &program.path()?, configuration, &arguments)
    }

    /// As [`Daemon::start`], but this executable and these options: for measurements of another build, or without
    /// the detailed log. Without `-n` the daemon leaves the lab.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start_binary(
        node: &Node,
        program: Program,
        path: &Path,
        configuration: &str,
        options: &[&str],
    ) -> Result<Self> {
        node.write_file("/etc/keepalived/keepalived.conf", configuration)?;
        Self::run(node, program, on_node(node, path, options))
    }

    /// As [`Daemon::start_binary`], with a library of the node's that is preloaded (ld.so(8)). Returns when the program
    /// itself began, too: what a lab does before that takes longer, and not the same for every program.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start_preloading(
        node: &Node,
        program: Program,
        path: &Path,
        configuration: &str,
        options: &[&str],
        library: &str,
    ) -> Result<(Self, SystemTime)> {
        node.write_file("/etc/keepalived/keepalived.conf", configuration)?;
        let mut command = Command::new("ip");
        command.args(["netns", "exec", node.namespace().name()]);
        let daemon = Self::run(node, program, preloading(command, node, path, options, Some(library)))?;
        let began = daemon.wait_for_log(ENTERED, PATIENCE)?.at;
        Ok((daemon, began))
    }

    /// As [`Daemon::start`], but outside the node's network namespace, which the program is told to enter, so that it
    /// keeps what only the machine's own namespace has.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn start_outside(node: &Node, program: Program, configuration: &str) -> Result<Self> {
        node.write_file("/etc/keepalived/keepalived.conf", configuration)?;
        let arguments = ["-n", "-l", "-D", "-G", "-s", node.namespace().name()];
        Self::run(node, program, outside(node, &program.path()?, &arguments))
    }

    fn run(node: &Node, program: Program, mut command: Command) -> Result<Self> {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io("starting keepalived"))?;
        let log = Log::default();
        let pipes = (child.stdout.take(), child.stderr.take());
        let daemon = Self { node: node.clone(), program, child, log };
        if let Some(stdout) = pipes.0 {
            daemon.log.follow(stdout)?;
        }
        if let Some(stderr) = pipes.1 {
            daemon.log.follow(stderr)?;
        }
        Ok(daemon)
    }

    /// The node it runs on.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Which program it is.
    #[must_use]
    pub fn program(&self) -> Program {
        self.program
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Waits for a log line.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the whole log.
    pub fn wait_for_log(&self, text: &str, timeout: Duration) -> Result<LogLine> {
        self.log.wait_for(text, timeout)
    }

    /// The parent's pid.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The pids of its children and theirs, scripts included.
    #[must_use]
    pub fn descendants(&self) -> Vec<u32> {
        processes::descendants(self.pid())
    }

    /// The VRRP process, as its pid file tells.
    ///
    /// # Errors
    /// When there is no pid file or the process it names is gone.
    pub fn vrrp_pid(&self) -> Result<u32> {
        self.pid_file("/run/vrrp.pid")
    }

    /// The living process that a pid file names.
    ///
    /// # Errors
    /// When there is no such file or process.
    pub fn pid_file(&self, path: &str) -> Result<u32> {
        let text = self.node.read_file(path)?;
        let pid = text.trim().parse().map_err(|_| Error::Unexpected(format!("{path} holds {text:?}")))?;
        if processes::is_alive(pid) {
            return Ok(pid);
        }
        Err(Error::Unexpected(format!("{path} names process {pid}, which is gone")))
    }

    /// Waits for a living VRRP process that is not `old`.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the whole log.
    pub fn wait_for_new_vrrp_pid(&self, old: u32, timeout: Duration) -> Result<u32> {
        let deadline = Instant::now() + timeout;
        loop {
            match self.vrrp_pid() {
                Ok(pid) if pid != old => return Ok(pid),
                _ if Instant::now() > deadline => {
                    let waited_for = format!("a VRRP process after {old}");
                    return Err(Error::TimedOut { waited_for, after: timeout, seen: self.log.text() });
                }
                _ => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    /// Sends a signal to the parent.
    ///
    /// # Errors
    /// When the parent is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        processes::send(self.pid(), signal)
    }

    /// Replaces the configuration file and asks for a reload.
    ///
    /// # Errors
    /// When the file cannot be written or the parent is gone.
    pub fn reload(&self, configuration: &str) -> Result<()> {
        self.node.write_file("/etc/keepalived/keepalived.conf", configuration)?;
        self.signal(Signal::Hup)
    }

    /// Is the parent there?
    #[must_use]
    pub fn is_running(&self) -> bool {
        processes::is_alive(self.pid())
    }

    /// Waits for the parent's end.
    ///
    /// # Errors
    /// [`Error::TimedOut`] with the whole log.
    pub fn wait_exit(&mut self, timeout: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait().map_err(Error::io("waiting for keepalived"))? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                let waited_for = "the end of keepalived".to_owned();
                return Err(Error::TimedOut { waited_for, after: timeout, seen: self.log.text() });
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM, then up to 10 s for the end.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::Term)?;
        self.wait_exit(Duration::from_secs(10))
    }

    /// SIGKILL to every process at once. The parent is frozen first, so that it can neither respawn a child nor, by
    /// dying early, tell the children to stop in order.
    ///
    /// # Errors
    /// When the parent is gone already.
    pub fn kill_all(&mut self) -> Result<Vec<u32>> {
        self.signal(Signal::Stop)?;
        let mut pids = self.descendants();
        pids.push(self.pid());
        pids.iter().for_each(|&pid| processes::kill(pid));
        self.wait_exit(Duration::from_secs(5))?;
        for &pid in &pids {
            processes::wait_gone(pid, Duration::from_secs(5))?;
        }
        Ok(pids)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _gone_already = self.kill_all();
        }
    }
}
