//! Real FIFOs, with readers that come late, never, or in between.

use super::*;
use std::fs::{self, File, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use tempfile::TempDir;

fn setup(path: &Path) -> FifoSetup {
    FifoSetup { label: "notify fifo".to_owned(), path: path.to_owned(), owner: None, reader: None }
}

fn nobody(_: &Command, _: &[String]) -> Result<Pid> {
    panic!("there is no script")
}

fn fifos(path: &Path) -> (Fifos, Vec<String>) {
    let mut fifos = Fifos::default();
    let lines = fifos.configure(&[setup(path)], &mut nobody, Instant::ORIGIN);
    (fifos, lines)
}

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("fifo");
    (directory, path)
}

fn reader(path: &Path) -> File {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).expect("it is there")
}

/// What is in the pipe now.
fn read(file: &mut File) -> String {
    let mut text = Vec::new();
    // Ends with "would block", or with the end of the file.
    drop(file.read_to_end(&mut text));
    String::from_utf8(text).expect("ASCII")
}

#[test]
fn lines_wait_for_a_reader_that_comes_late_and_the_fifo_goes_at_the_end() {
    let (_directory, path) = place();
    let (mut fifos, lines) = fifos(&path);
    assert_eq!(lines, [""; 0]);
    let metadata = fs::metadata(&path).expect("it was made");
    assert!(metadata.file_type().is_fifo());
    assert_eq!(metadata.mode() & 0o7133, 0, "no more than 0644");
    assert_eq!(fifos.write("one\n", Instant::ORIGIN), [""; 0]);
    let mut file = reader(&path);
    fifos.write("two\n", Instant::ORIGIN);
    assert_eq!(read(&mut file), "one\ntwo\n");
    assert_eq!(fifos.close(Instant::ORIGIN), [""; 0]);
    assert!(!path.exists());
    assert_eq!(file.read(&mut [0]).expect("not would-block"), 0, "the end of the file");
}

#[test]
fn a_reader_that_never_reads_costs_the_oldest_lines_and_two_lines_of_log() {
    let (_directory, path) = place();
    let (mut fifos, _) = fifos(&path);
    let now = Instant::ORIGIN;
    let mut log = Vec::new();
    for number in 0..20_000 {
        log.extend(fifos.write(&format!("INSTANCE \"VI\" MASTER {number:05}\n"), now));
    }
    assert_eq!(log.len(), 1, "{log:?}");
    assert!(log[0].starts_with(&format!("notify fifo {}: nobody reads", path.display())), "{log:?}");
    let mut file = reader(&path);
    let mut text = read(&mut file);
    let later = fifos.next_deadline().expect("lines wait");
    assert!(fifos.handle_timeout(now).is_empty(), "not yet");
    log.extend(fifos.handle_timeout(later));
    text.push_str(&read(&mut file));
    assert_eq!(fifos.next_deadline(), None);
    let numbers: Vec<u32> = text.lines().map(|line| line[21..].trim().parse().expect("a number")).collect();
    assert_eq!((numbers.first(), numbers.last()), (Some(&0), Some(&19_999)));
    assert!(numbers.is_sorted(), "in order");
    let lost = 20_000 - numbers.len();
    assert!(log[1].ends_with(&format!("{lost} lines were lost")), "{log:?}");
    assert_eq!(log.len(), 2);
}

#[test]
fn what_is_no_fifo_of_ours_is_left_alone() {
    let (_directory, path) = place();
    let missing = path.with_file_name("missing").join("fifo");
    assert!(fifos(&missing).1[0].contains("cannot be made"));
    fs::write(&path, "precious").expect("written");
    let (mut fifos, lines) = fifos(&path);
    assert_eq!(lines, [format!("notify fifo {}: is not a fifo we own - not using", path.display())]);
    fifos.write("line\n", Instant::ORIGIN);
    fifos.close(Instant::ORIGIN);
    assert_eq!(fs::read_to_string(&path).expect("still there"), "precious");
}

#[test]
fn an_existing_fifo_is_used_with_its_mode_and_stays() {
    let (_directory, path) = place();
    let made = std::process::Command::new("mkfifo").args(["-m", "0604"]).arg(&path).status();
    assert!(made.is_ok_and(|status| status.success()));
    let (mut fifos, lines) = fifos(&path);
    assert_eq!(lines, [""; 0]);
    fifos.write("line\n", Instant::ORIGIN);
    assert_eq!(read(&mut reader(&path)), "line\n");
    fifos.close(Instant::ORIGIN);
    assert_eq!(fs::metadata(&path).expect("it stays").permissions().mode() & 0o777, 0o604);
}

#[test]
fn a_reload_keeps_what_has_not_changed_and_makes_what_is_gone() {
    let (_directory, path) = place();
    let (mut fifos, _) = fifos(&path);
    let mut file = reader(&path);
    let inode = |path: &Path| fs::metadata(path).expect("it is there").ino();
    let before = inode(&path);
    fifos.configure(&[setup(&path)], &mut nobody, Instant::ORIGIN);
    assert_eq!(inode(&path), before);
    fifos.write("line\n", Instant::ORIGIN);
    assert_eq!(read(&mut file), "line\n");
    fs::remove_file(&path).expect("removed");
    fifos.configure(&[setup(&path)], &mut nobody, Instant::ORIGIN);
    fifos.write("again\n", Instant::ORIGIN);
    assert_eq!(read(&mut reader(&path)), "again\n");
    let owner = Credentials { uid: 1, gid: 1, groups: None };
    fifos.configure(&[FifoSetup { owner: Some(owner), ..setup(&path) }], &mut nobody, Instant::ORIGIN);
    assert_eq!(fs::metadata(&path).expect("made anew").uid(), 1);
    fifos.configure(&[], &mut nobody, Instant::ORIGIN);
    assert!(!path.exists());
}

#[test]
fn a_reader_is_started_with_the_path_told_of_when_it_ends_and_started_again_by_a_reload() {
    let (_directory, path) = place();
    let run_as = Credentials { uid: 0, gid: 0, groups: None };
    let command = Command { path: "/r".into(), argv: vec!["/r".into()], run_as, through_shell: false };
    let with_reader = FifoSetup { reader: Some(command), ..setup(&path) };
    let pid = |number| Pid::from_raw(number).expect("not zero");
    let mut started = Vec::new();
    let mut launch = |_: &Command, more: &[String]| {
        started.push(more.to_vec());
        // No such process, should anything be signalled by mistake.
        Ok(pid(i32::MAX - 10 + i32::try_from(started.len()).expect("few")))
    };
    let mut fifos = Fifos::default();
    let setups = [with_reader];
    let now = Instant::ORIGIN;
    fifos.configure(&setups, &mut launch, now);
    fifos.configure(&setups, &mut launch, now);
    let reader = fifos.readers().next().expect("it runs");
    assert_eq!(fifos.ended(pid(4711), Ending::Exited(0)), None);
    let line = fifos.ended(reader, Ending::Exited(3));
    assert_eq!(line, Some(Some("notify fifo script terminated (exited with status 3)".to_owned())));
    fifos.configure(&setups, &mut launch, now);
    assert_eq!(fifos.readers().count(), 1);
    fifos.close(now);
    assert_eq!(fifos.next_deadline(), Some(now + READER_PATIENCE), "it may read to the end first");
    let reader = fifos.readers().next().expect("it runs");
    assert_eq!(fifos.ended(reader, Ending::Exited(0)), Some(None), "as it was told to");
    assert_eq!(fifos.next_deadline(), None);
    assert_eq!(started, vec![vec![path.display().to_string()]; 2]);
}
