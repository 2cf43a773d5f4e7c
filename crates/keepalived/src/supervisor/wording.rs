//! Log lines of the parent that are more than a sentence.

use crate::version;
use std::ffi::OsString;

/// Columns of a line that quotes the command line.
const WIDTH: usize = 102;
/// What follows a death that another process replaces.
pub(super) const ADVICE: [&str; 3] = [
    "  Please report it to whoever provides this keepalived-rs (not to the authors of Keepalived),",
    "  and include a full copy of your keepalived configuration files, and",
    "  copies of the keepalived system log entries around the time this happened",
];

/// The arguments in quotes, wrapped as the original wraps them: monitoring compares the first line.
pub(super) fn command_line(argv: &[OsString]) -> Vec<String> {
    let quoted = argv.iter().map(|argument| format!("'{}'", argument.to_string_lossy()));
    wrapped("Command line: ", quoted)
}

/// What somebody needs to know who is to find out why a process crashed.
pub(super) fn crash_report(argv: &[OsString]) -> Vec<String> {
    let said = version::report();
    let words = |head: &str| -> Vec<String> {
        let line = said.lines().find_map(|line| line.strip_prefix(head)).unwrap_or_default();
        line.split_whitespace().map(str::to_owned).collect()
    };
    let mut lines: Vec<String> = [
        "  Please report a bug to whoever provides this keepalived-rs (not to the authors of Keepalived)",
        "  and include this log from when keepalived started, a description",
        "  of what happened before the crash, your configuration file and the details below.",
        "  Also provide the output of keepalived -v, and whether keepalived is being",
        "  run in a container or VM.",
        "  A failure to provide all this information may mean the crash cannot be investigated.",
        "  If you are able to provide a stack backtrace with gdb that would really help.",
    ]
    .map(str::to_owned)
    .into();
    lines.push(format!("  Source version {}, keepalived-rs {}", version::COMPATIBLE, version::OURS));
    lines.push(format!("  {}", version::kernel_line()));
    let quoted = argv.iter().map(|argument| format!("'{}'", argument.to_string_lossy()));
    lines.extend(wrapped("  Command line: ", quoted));
    for head in ["configure options: ", "Config options: ", "System options: "] {
        lines.extend(wrapped(&format!("  {head}"), words(head)));
    }
    lines
}

/// Words in lines of [`WIDTH`] columns; later lines begin with as many blanks as `head` has columns.
fn wrapped(head: &str, words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = head.to_owned();
    for word in words {
        let quoted: Vec<char> = word.chars().collect();
        let is_first = line.chars().count() <= head.len();
        let needed = quoted.len() + usize::from(!is_first);
        if !is_first && line.chars().count() + needed > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(head.len())));
        } else if !is_first {
            line.push(' ');
        }
        for c in quoted {
            if line.chars().count() == WIDTH {
                lines.push(std::mem::replace(&mut line, " ".repeat(head.len())));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// exit(2) with this status.
    Exited(i32),
    /// Killed by this signal.
    Signalled(i32),
}

impl Ending {
    /// The statuses that say "never try again": fatal, configuration, missing permission.
    pub(super) const fn is_permanent(self) -> bool {
        matches!(self, Self::Exited(1 | 2 | 4))
    }

    /// It crashed: a fault of ours, which somebody should look into.
    pub(super) const fn is_crash(self) -> bool {
        matches!(
            self,
            Self::Signalled(libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE | libc::SIGABRT)
        )
    }

    /// The original's lines about it; none for a child that ended by itself with 0.
    pub(super) fn lines(self, pid: i32) -> Vec<String> {
        match self {
            Self::Exited(0) => Vec::new(),
            Self::Exited(status) => {
                let reason = match status {
                    1 => "FATAL",
                    2 => "CONFIG",
                    4 => "missing permission",
                    _ => return vec![format!("pid {pid} exited with status {status}")],
                };
                vec![format!("pid {pid} exited with permanent error {reason}. Terminating")]
            }
            Self::Signalled(libc::SIGSEGV) => {
                vec![format!("pid {pid} exited due to segmentation fault (SIGSEGV).")]
            }
            Self::Signalled(signal) => {
                let suffix = if signal == libc::SIGKILL { " - has rlimit_rttime been exceeded?" } else { "" };
                vec![format!("pid {pid} exited due to signal {signal} ({}){suffix}", signal_text(signal))]
            }
        }
    }
}

/// strsignal(3) in the C locale.
fn signal_text(signal: i32) -> String {
    let known = match signal {
        libc::SIGHUP => "Hangup",
        libc::SIGINT => "Interrupt",
        libc::SIGQUIT => "Quit",
        libc::SIGILL => "Illegal instruction",
        libc::SIGTRAP => "Trace/breakpoint trap",
        libc::SIGABRT => "Aborted",
        libc::SIGBUS => "Bus error",
        libc::SIGFPE => "Floating point exception",
        libc::SIGKILL => "Killed",
        libc::SIGUSR1 => "User defined signal 1",
        libc::SIGSEGV => "Segmentation fault",
        libc::SIGUSR2 => "User defined signal 2",
        libc::SIGPIPE => "Broken pipe",
        libc::SIGALRM => "Alarm clock",
        libc::SIGTERM => "Terminated",
        libc::SIGXCPU => "CPU time limit exceeded",
        libc::SIGXFSZ => "File size limit exceeded",
        libc::SIGSYS => "Bad system call",
        _ => return format!("Unknown signal {signal}"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(arguments: &[&str]) -> Vec<String> {
        command_line(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn long_command_lines_are_wrapped_where_the_original_wraps_them() {
        let fixed = ["keepalived", "-n", "-l", "-G", "-f", "nope", "-p", "/tmp/aaaaaaaaaaaaaaaaaaaa", "-r"];
        for (last, lengths) in [("yyyyyyyy", vec![102]), ("yyyyyyyyy", vec![91, 25])] {
            let mut arguments = fixed.to_vec();
            arguments.push(last);
            let lines = quoted(&arguments);
            assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), lengths);
            assert!(lines[0].starts_with("Command line: 'keepalived' '-n'"));
        }
    }

    #[test]
    fn an_argument_longer_than_a_line_is_cut() {
        let long = "a".repeat(135);
        let lines = quoted(&["keepalived", "-p", &long, "-i", "it's a"]);
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [31, 102, 14 + 137 - 88 + 5 + 9]);
        assert!(lines[2].ends_with("' '-i' 'it's a'"));
    }

    #[test]
    fn a_crash_is_followed_by_everything_that_a_report_needs() {
        let argv: Vec<OsString> = ["keepalived", "-n", "-f", "/etc/x.conf"].map(OsString::from).into();
        let lines = crash_report(&argv);
        let has = |start: &str| lines.iter().any(|line| line.starts_with(start));
        assert!(has("  Source version 2.") && has("  Running on Linux ") && has("  Config options: VRRP "));
        assert!(lines.contains(&"  Command line: 'keepalived' '-n' '-f' '/etc/x.conf'".to_owned()));
        assert!(lines.iter().all(|line| line.chars().count() <= 120), "{lines:?}");
        assert!(Ending::Signalled(libc::SIGSEGV).is_crash() && Ending::Signalled(libc::SIGABRT).is_crash());
        assert!(!Ending::Signalled(libc::SIGKILL).is_crash() && !Ending::Exited(70).is_crash());
    }

    #[test]
    fn endings_are_described_as_the_original_does() {
        let line = |ending: Ending| ending.lines(42).join("|");
        assert_eq!(
            line(Ending::Signalled(9)),
            "pid 42 exited due to signal 9 (Killed) - has rlimit_rttime been exceeded?"
        );
        assert_eq!(line(Ending::Signalled(6)), "pid 42 exited due to signal 6 (Aborted)");
        assert_eq!(line(Ending::Exited(2)), "pid 42 exited with permanent error CONFIG. Terminating");
        assert_eq!(line(Ending::Exited(70)), "pid 42 exited with status 70");
        assert!(Ending::Exited(4).is_permanent() && !Ending::Exited(0).is_permanent());
    }
}
