//! `-t`: reads the configuration, says what is wrong with it, and ends (runtime reference 2).
//!
//! The original reads the file once per process and so repeats what concerns all of them; here each fact is said once.
//! Neither the log nor a running daemon sees anything of it.

use crate::configuration::{self, Reading};
use crate::host::RealHost;
use crate::options::{Options, TestRun};
use keepalived_kernel::{memory, namespace};
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The status when a value of the command line was wrong.
const MISTAKE: u8 = 5;
/// Bytes of a configuration that takes many times as much memory.
const LARGE: u64 = 256 * 1024;

/// Tests the configuration. Returns the exit status.
#[must_use]
pub fn run(options: &Options) -> u8 {
    judge(options).0
}

/// The same; also returns whether anything was said.
pub(crate) fn judge(options: &Options) -> (u8, bool) {
    keepalived_kernel::sched::set_umask(options.umask.unwrap_or(configuration::DEFAULT_UMASK));
    let TestRun { log, explain } = options.test.clone().unwrap_or_default();
    let mut output = match Output::open(log.as_deref()) {
        Ok(output) => output,
        Err(message) => {
            drop(writeln!(io::stderr(), "{message}"));
            return (1, true);
        }
    };
    let file = options.config_file.as_deref().unwrap_or(configuration::DEFAULT_FILE);
    if std::fs::metadata(file).is_ok_and(|metadata| metadata.len() > LARGE) {
        memory::expect_much();
    }
    let reading = read(options);
    let is_watched = log.is_none() && io::stderr().is_terminal();
    let text = if explain || is_watched { reading.explained(is_watched) } else { reading.plain() };
    if let (Err(error), Some(path)) = (output.write_all(text.as_bytes()), &log) {
        // A full disk does not make the configuration any better or worse, and must not hide what is wrong with it.
        drop(write!(io::stderr(), "{}: {error}; what it should hold:\n{text}", path.display()));
    }
    let status = reading.test_status();
    // The process ends now: giving back the memory piece by piece would be a good part of its work.
    std::mem::forget(reading);
    (if options.log.facility_rejected { status.max(MISTAKE) } else { status }, !text.trim().is_empty())
}

/// Reads, in the network namespace that the file or the command line names. If there is no such namespace, nothing
/// can be said about interfaces, and nothing is.
fn read(options: &Options) -> Reading {
    let first = configuration::read(options, &RealHost::new());
    let wanted = options.namespace.clone().or_else(|| first.namespace().map(str::to_owned));
    let Some(name) = wanted else { return first };
    match namespace::enter(&name) {
        Ok(()) => configuration::read(options, &RealHost::new()),
        Err(_) => configuration::read(options, &RealHost::with_any_interface()),
    }
}

/// Where complaints go.
enum Output {
    Console,
    File(File),
}

impl Output {
    /// Appends to the file; a symbolic link is refused. The error is the original's sentence.
    fn open(log: Option<&Path>) -> Result<Self, String> {
        let Some(path) = log else { return Ok(Self::Console) };
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o666)
            .custom_flags(libc::O_NOFOLLOW)
            .open(path);
        opened.map(Self::File).map_err(|error| {
            let text = error.to_string();
            let words = text.split(" (os error").next().unwrap_or_default();
            let errno = error.raw_os_error().unwrap_or(0);
            format!("Unable to open config-test log file {} {errno} - {words}", path.display())
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Console => io::stderr().write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
