//! Where files go: pid files, log files, dumps.

use crate::dump_file;
use crate::global_data::Whose;
use crate::options::PidFiles;
use keepalived_config::model::Files;
use std::path::{Path, PathBuf};

/// Pid files of a daemon that shares the machine with others.
const PID_DIRECTORY: &str = "/run/keepalived";

/// What tells daemons of one machine apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Identity {
    /// The network namespace.
    pub(super) namespace: Option<String>,
    /// `instance`.
    pub(super) instance: Option<String>,
    /// `use_pid_dir`.
    pub(super) use_pid_dir: bool,
}

impl Identity {
    /// `_NS_INST`, `_INST` or nothing: the tail of syslog idents and log files.
    pub(super) fn suffix(&self) -> String {
        [&self.namespace, &self.instance].into_iter().flatten().map(|part| format!("_{part}")).collect()
    }

    /// The directory of pid files if it is not /run itself. In a namespace it is a mount of our own.
    pub(super) fn pid_directory(&self) -> Option<&'static Path> {
        let own = self.use_pid_dir || self.namespace.is_some() || self.instance.is_some();
        own.then(|| Path::new(PID_DIRECTORY))
    }
}

/// The pid files of this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pids {
    /// The parent's.
    pub(super) parent: PathBuf,
    /// The VRRP process's.
    pub(super) vrrp: PathBuf,
    /// The checker process's.
    pub(super) checkers: PathBuf,
    /// The BFD process's.
    pub(super) bfd: PathBuf,
}

impl Pids {
    /// Names from the command line, else those that follow from the identity.
    pub(super) fn new(given: &PidFiles, identity: &Identity) -> Self {
        let directory = identity.pid_directory().unwrap_or(Path::new("/run"));
        let tail = identity.instance.as_ref().map_or_else(String::new, |instance| format!("_{instance}"));
        let choose = |given: &Option<PathBuf>, name: &str| {
            given.clone().unwrap_or_else(|| directory.join(format!("{name}{tail}.pid")))
        };
        Self {
            parent: choose(&given.parent, "keepalived"),
            vrrp: choose(&given.vrrp, "vrrp"),
            checkers: choose(&given.checkers, "checkers"),
            bfd: choose(&given.bfd, "bfd"),
        }
    }
}

/// The log file of a process: `part` (`_vrrp`) and the identity go before the extension.
pub(super) fn log_file(given: Option<&Path>, part: &str, suffix: &str) -> PathBuf {
    let default = dump_file::directory().join("keepalived.log");
    let base = given.unwrap_or(&default);
    let name = base.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem.to_owned(), format!(".{extension}")),
        _ => (name, String::new()),
    };
    base.with_file_name(format!("{stem}{part}{suffix}{extension}"))
}

/// The files that signals ask a process for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DumpFiles {
    /// `keepalived.data`, or its kin of the other processes.
    pub(super) data: PathBuf,
    /// `keepalived.stats`.
    pub(super) stats: PathBuf,
    /// `keepalived.json`.
    pub(super) json: PathBuf,
}

/// The files of a process: `*_dump_file` and `data_use_instance` change where they are (runtime reference 10).
pub(super) fn dump_files(files: &Files, identity: &Identity, whose: Whose) -> DumpFiles {
    let part = match whose {
        Whose::Parent => "_parent",
        Whose::Vrrp => "",
        Whose::Checkers => "_check",
    };
    let names = [&identity.namespace, &identity.instance];
    let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
    let infix = if files.data_use_instance && !names.is_empty() {
        format!(".{}", names.join("_"))
    } else {
        String::new()
    };
    DumpFiles {
        data: dump_file_in(files.state_dump.as_deref(), part, &format!("keepalived{part}{infix}.data")),
        stats: dump_file_in(files.stats_dump.as_deref(), "", "keepalived.stats"),
        json: dump_file_in(files.json_dump.as_deref(), "", "keepalived.json"),
    }
}

/// A file as given, with the process before its extension; a directory gets the usual name.
fn dump_file_in(given: Option<&str>, part: &str, usual: &str) -> PathBuf {
    match given {
        None => dump_file::directory().join(usual),
        Some(directory) if directory.ends_with('/') => Path::new(directory).join(usual),
        Some(file) => {
            let path = dump_file::directory().join(file);
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let with_part = match name.split_once('.') {
                Some((stem, extension)) if !stem.is_empty() => format!("{stem}{part}.{extension}"),
                _ => format!("{name}{part}"),
            };
            path.with_file_name(with_part)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_files_follow_the_identity_unless_given() {
        let given = PidFiles { vrrp: Some("/tmp/v.pid".into()), ..PidFiles::default() };
        let plain = Pids::new(&given, &Identity::default());
        assert_eq!(plain.parent, Path::new("/run/keepalived.pid"));
        assert_eq!(plain.vrrp, Path::new("/tmp/v.pid"));
        let identity = Identity { instance: Some("x".into()), ..Identity::default() };
        assert_eq!(Pids::new(&given, &identity).parent, Path::new("/run/keepalived/keepalived_x.pid"));
        let identity = Identity { namespace: Some("ns".into()), ..Identity::default() };
        assert_eq!(Pids::new(&given, &identity).checkers, Path::new("/run/keepalived/checkers.pid"));
        assert_eq!(identity.suffix(), "_ns");
    }

    #[test]
    fn log_files_of_children_have_their_own_names() {
        let given = Some(Path::new("/tmp/foo.log"));
        assert_eq!(log_file(given, "", "_ii"), Path::new("/tmp/foo_ii.log"));
        assert_eq!(log_file(given, "_vrrp", "_ii"), Path::new("/tmp/foo_vrrp_ii.log"));
        assert_eq!(log_file(Some(Path::new("/x/log")), "_vrrp", ""), Path::new("/x/log_vrrp"));
    }

    #[test]
    fn dumps_lie_where_the_configuration_says() {
        let identity =
            Identity { namespace: Some("ns".into()), instance: Some("ii".into()), use_pid_dir: false };
        let mut files = Files { data_use_instance: true, ..Files::default() };
        let tmp = dump_file::directory();
        let parent = dump_files(&files, &identity, Whose::Parent);
        assert_eq!(parent.data, tmp.join("keepalived_parent.ns_ii.data"));
        assert_eq!(parent.stats, tmp.join("keepalived.stats"));
        files.state_dump = Some("/run/foo.zz.txt".into());
        files.stats_dump = Some("/run/stats/".into());
        let checkers = dump_files(&files, &identity, Whose::Checkers);
        assert_eq!(checkers.data, Path::new("/run/foo_check.zz.txt"));
        assert_eq!(checkers.stats, Path::new("/run/stats/keepalived.stats"));
        assert_eq!(dump_files(&files, &identity, Whose::Vrrp).data, Path::new("/run/foo.zz.txt"));
    }
}
