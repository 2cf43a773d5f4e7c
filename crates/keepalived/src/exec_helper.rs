//! How the helper `keepalived-exec` is told what to run: one place for those who call it and for itself.
//!
//! `keepalived-exec UID GID GROUPS|- UMASK --|--shell PATH ARGV0 ARGS...`. The umask is octal, groups are separated by
//! commas.

use keepalived_types::{Command, Credentials};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The helper's exit status when the program cannot be executed, as a shell has it.
pub const CANNOT_EXECUTE: u8 = 126;

/// What separates the settings from the program.
const DIRECT: &str = "--";
/// The same for a text without `#!`.
const THROUGH_SHELL: &str = "--shell";

/// The arguments of the helper, without its own name.
#[must_use]
pub fn encode(command: &Command, umask: u32) -> Vec<OsString> {
    let Credentials { uid, gid, groups } = &command.run_as;
    let groups = groups.as_ref().map_or_else(
        || "-".to_owned(),
        |groups| groups.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
    );
    let separator = if command.through_shell { THROUGH_SHELL } else { DIRECT };
    let mut arguments: Vec<OsString> =
        vec![uid.to_string().into(), gid.to_string().into(), groups.into(), format!("{umask:o}").into()];
    arguments.push(separator.into());
    arguments.push(command.path.clone().into());
    arguments.extend(command.argv.iter().map(OsString::from));
    arguments
}

/// What the arguments say, without the helper's own name: the command and the umask. `None` when they make no sense.
#[must_use]
pub fn decode(arguments: &[OsString]) -> Option<(Command, u32)> {
    let [uid, gid, groups, umask, separator, path, argv @ ..] = arguments else {
        return None;
    };
    let number = |text: &OsString| text.to_str()?.parse::<u32>().ok();
    let groups = match groups.to_str()? {
        "-" => None,
        list => Some(list.split(',').map(str::parse).collect::<Result<Vec<u32>, _>>().ok()?),
    };
    let through_shell = match separator.to_str()? {
        DIRECT => false,
        THROUGH_SHELL => true,
        _ => return None,
    };
    let argv = argv.iter().map(|word| word.to_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    if argv.is_empty() {
        return None;
    }
    let run_as = Credentials { uid: number(uid)?, gid: number(gid)?, groups };
    let umask = u32::from_str_radix(umask.to_str()?, 8).ok()?;
    Some((Command { path: PathBuf::from(path), argv, run_as, through_shell }, umask))
}

/// A program that belongs to this daemon: beside this executable as `beside`, else as `installed` in
/// `/usr/libexec/keepalived`.
#[must_use]
pub fn companion(beside: &str, installed: &str) -> PathBuf {
    let ours = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    let near = ours.parent().map(|directory| directory.join(beside)).filter(|path| path.is_file());
    near.unwrap_or_else(|| Path::new("/usr/libexec/keepalived").join(installed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for (groups, through_shell) in [(None, false), (Some(vec![7, 8]), true)] {
            let command = Command {
                path: "/usr/bin/true".into(),
                argv: vec!["/bin/true".into(), "--".into(), String::new()],
                run_as: Credentials { uid: 5, gid: 6, groups },
                through_shell,
            };
            assert_eq!(decode(&encode(&command, 0o177)), Some((command, 0o177)));
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for words in [&["0", "0", "-", "0", "--", "/x"][..], &["a", "0", "-", "0", "--", "/x", "x"], &[]] {
            let arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(decode(&arguments), None, "{words:?}");
        }
    }
}
