//! Log lines of the parent that are more than a sentence.

use std::ffi::OsString;

/// Columns of a line that quotes the command line.
const WIDTH: usize = 102;
/// What stands before the first argument, and as blanks before later lines.
const HEAD: &str = "Command line: ";

/// The arguments in quotes, wrapped as the original wraps them: monitoring compares the first line.
pub(super) fn command_line(argv: &[OsString]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = HEAD.to_owned();
    for argument in argv {
        let quoted: Vec<char> = format!("'{}'", argument.to_string_lossy()).chars().collect();
        let is_first = line.chars().count() <= HEAD.len();
        let needed = quoted.len() + usize::from(!is_first);
        if !is_first && line.chars().count() + needed > WIDTH {
            lines.push(std::mem::replace(&mut line, " ".repeat(HEAD.len())));
        } else if !is_first {
            line.push(' ');
        }
        for c in quoted {
            if line.chars().count() == WIDTH {
                lines.push(std::mem::replace(&mut line, " ".repeat(HEAD.len())));
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

    fn wrapped(arguments: &[&str]) -> Vec<String> {
        command_line(&arguments.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn long_command_lines_are_wrapped_where_the_original_wraps_them() {
        let fixed = ["keepalived", "-n", "-l", "-G", "-f", "nope", "-p", "/tmp/aaaaaaaaaaaaaaaaaaaa", "-r"];
        for (last, lengths) in [("yyyyyyyy", vec![102]), ("yyyyyyyyy", vec![91, 25])] {
            let mut arguments = fixed.to_vec();
            arguments.push(last);
            let lines = wrapped(&arguments);
            assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), lengths);
            assert!(lines[0].starts_with("Command line: 'keepalived' '-n'"));
        }
    }

    #[test]
    fn an_argument_longer_than_a_line_is_cut() {
        let long = "a".repeat(135);
        let lines = wrapped(&["keepalived", "-p", &long, "-i", "it's a"]);
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [31, 102, 14 + 137 - 88 + 5 + 9]);
        assert!(lines[2].ends_with("' '-i' 'it's a'"));
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
