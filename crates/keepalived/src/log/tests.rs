//! What ends up in the sinks.

use super::*;

#[test]
fn a_log_file_gets_one_line_per_message_with_nanoseconds() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("keepalived.log");
    let file = Some(FileSettings { path: path.clone(), flush: true });
    let logger = Logger::new(LogSettings { file, detail: 0, ..LogSettings::silent() });
    logger.info("Stopping");
    logger.detail("only with -D");
    logger.info("forged\nNov 20 Keepalived: line");
    let text = std::fs::read_to_string(path).expect("readable");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].ends_with(": Stopping"));
    assert_eq!(lines[0].split(['.', ' ']).nth(4).map(str::len), Some("451055304".len()));
    assert!(lines[1].ends_with("forged\\x0aNov 20 Keepalived: line"));
}

#[test]
fn lines_are_collected_unless_flushing_is_asked_for() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("keepalived.log");
    let file = Some(FileSettings { path: path.clone(), flush: false });
    let logger = Logger::new(LogSettings { file, ..LogSettings::silent() });
    logger.info("first");
    assert_eq!(std::fs::read_to_string(&path).expect("readable"), "");
    drop(logger);
    assert!(std::fs::read_to_string(&path).expect("readable").ends_with(": first\n"));
}

#[test]
fn details_are_kept_back_without_the_option() {
    assert!(!Logger::new(LogSettings::silent()).is_detailed());
    assert!(Logger::new(LogSettings { detail: 1, ..LogSettings::silent() }).is_detailed());
}

#[test]
fn a_log_file_without_room_is_told_of_once_and_used_again_when_there_is_room() {
    let directory = tempfile::tempdir().expect("a directory");
    let full = LogFile::open(&FileSettings { path: "/dev/full".into(), flush: true });
    let told = full.write(SystemTime::now(), "lost").expect("there is never room in /dev/full");
    assert!(told.starts_with("Log file /dev/full: No space left on device"), "{told}");
    assert_eq!(full.write(SystemTime::now(), "lost, too"), None, "once is enough");
    let path = directory.path().join("later/keepalived.log");
    let file = LogFile::open(&FileSettings { path: path.clone(), flush: true });
    assert!(file.write(SystemTime::now(), "lost").is_some(), "its directory is not there");
    std::fs::create_dir(directory.path().join("later")).expect("made");
    assert_eq!(file.write(SystemTime::now(), "kept"), None);
    assert!(std::fs::read_to_string(&path).expect("readable").ends_with(": kept\n"));
}

#[test]
fn collected_lines_that_find_no_room_are_told_of_when_they_are_written_out() {
    let full = LogFile::open(&FileSettings { path: "/dev/full".into(), flush: false });
    assert_eq!(full.write(SystemTime::now(), "collected"), None);
    assert!(full.flush().is_some(), "the only time that it is told");
    assert_eq!(full.flush(), None, "nothing is left to be written");
}
