//! FIFOs that the children make: removed at the end even if the child that made one was killed.
//!
//! A child removes what it made, but its successor finds a FIFO there and cannot know whose it is. So the parent notes
//! which ones were not there before any child was told of them.

use super::launch::Launch;
use super::setup;
use keepalived_config::model::{Fifo, Fifos};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// The paths at which there was nothing.
#[derive(Debug, Default)]
pub(super) struct MadeFifos {
    paths: BTreeSet<PathBuf>,
}

impl MadeFifos {
    /// The children are about to be told of these and no others. What is no longer among them goes.
    pub(super) fn expect(&mut self, wanted: &[&Path]) {
        self.paths.retain(|path| {
            let stays = wanted.contains(&path.as_path());
            if !stays {
                remove(path);
            }
            stays
        });
        let absent = wanted.iter().filter(|path| fs::symlink_metadata(path).is_err());
        self.paths.extend(absent.map(|path| path.to_path_buf()));
    }

    /// The children are gone.
    pub(super) fn remove(self) {
        self.paths.iter().for_each(|path| remove(path));
    }
}

/// Where the children that `launch` wants will write.
pub(super) fn paths<'a>(launch: &Launch, has: super::kept::Has, fifos: &'a Fifos) -> Vec<&'a Path> {
    let (vrrp, checkers) = (setup::wants_vrrp(launch, has), setup::wants_checkers(launch, has));
    let named = |fifo: &'a Option<Fifo>, wanted: bool| fifo.as_ref().filter(|_| wanted);
    let all = [named(&fifos.all, vrrp || checkers), named(&fifos.vrrp, vrrp), named(&fifos.lvs, checkers)];
    all.into_iter().flatten().map(|fifo| fifo.path.as_path()).collect()
}

/// It may be gone already, or something else may have come there.
fn remove(path: &Path) {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_fifo()) {
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode};

    fn make(path: &Path) {
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0).expect("a directory of ours");
    }

    #[test]
    fn what_the_children_made_goes_and_nothing_else() {
        let directory = tempfile::tempdir().expect("a directory");
        let [theirs, ours, gone, other] =
            ["theirs", "ours", "gone", "other"].map(|name| directory.path().join(name));
        make(&theirs);
        let mut made = MadeFifos::default();
        made.expect(&[&theirs, &ours, &gone, &other]);
        make(&ours);
        make(&gone);
        fs::write(&other, "no fifo").expect("a directory of ours");
        // A reload; what was made before it is still ours.
        made.expect(&[&theirs, &ours, &other]);
        assert!(!gone.exists(), "it is not configured any more");
        assert!(ours.exists(), "its child writes there");
        made.remove();
        assert!(!ours.exists());
        assert!(theirs.exists(), "it was there before");
        assert!(other.exists(), "it is no FIFO");
    }
}
