//! Tracked files that appear, change and vanish.

use super::*;
use keepalived_types::PriorityWeight;
use keepalived_vrrp::config::Track;
use tempfile::TempDir;

const NOW: Instant = Instant::ORIGIN;

fn tracker(name: &str, path: impl Into<PathBuf>) -> FileTracker {
    let track = Track { weight: PriorityWeight::FAULT, reverse: false };
    FileTracker { name: name.to_owned(), path: path.into(), track, init: None }
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
}

/// The file `f` in a directory, tracked as F, and the number it has at first.
fn watching(directory: &TempDir, text: Option<&str>) -> (Files, PathBuf, Vec<(String, i32)>) {
    let path = directory.path().join("f");
    if let Some(text) = text {
        write(&path, text);
    }
    let mut files = Files::new().expect("a queue");
    let news = files.configure(&[tracker("F", &path)], NOW);
    assert_eq!(news.lines, [""; 0]);
    (files, path, news.values)
}

fn told(value: i32) -> Vec<(String, i32)> {
    vec![("F".to_owned(), value)]
}

#[test]
fn a_number_is_told_at_start_and_whenever_it_changes() {
    let place = directory();
    let (mut files, path, first) = watching(&place, Some("7\n"));
    assert_eq!(first, told(7));
    write(&path, "-3");
    assert_eq!(files.handle_events(NOW).values, told(-3));
    write(&path, "-3 and more");
    assert_eq!(files.handle_events(NOW).values, [], "still the same");
    write(&path, "99999999999");
    let news = files.handle_events(NOW);
    assert_eq!(news.values, [], "too large: the number before stays");
    assert_eq!(news.lines, [format!("Invalid number 99999999999 read from {} - ignoring", path.display())]);
    write(&path, "99999999999");
    assert_eq!(files.handle_events(NOW), News::default(), "said once");
    write(&place.path().join("other"), "5");
    assert_eq!(files.handle_events(NOW), News::default());
    assert_eq!(files.next_deadline(), None, "nothing is polled");
}

#[test]
fn c98_replacing_renaming_away_and_deleting_are_noticed() {
    let place = directory();
    let (mut files, path, first) = watching(&place, None);
    assert_eq!(first, told(0), "a missing file is 0");
    let other = place.path().join("new");
    write(&other, "0x10");
    fs::rename(&other, &path).expect("renamed");
    assert_eq!(files.handle_events(NOW).values, told(16));
    fs::rename(&path, &other).expect("renamed");
    assert_eq!(files.handle_events(NOW).values, told(0));
    fs::rename(&other, &path).expect("renamed");
    assert_eq!(files.handle_events(NOW).values, told(16));
    fs::remove_file(&path).expect("removed");
    assert_eq!(files.handle_events(NOW).values, told(0));
}

#[test]
fn a_directory_that_vanishes_is_watched_again_when_it_returns() {
    let place = directory();
    let inside = place.path().join("inside");
    let path = inside.join("f");
    fs::create_dir(&inside).expect("made");
    write(&path, "4");
    let mut files = Files::new().expect("a queue");
    assert_eq!(files.configure(&[tracker("F", &path)], NOW).values, told(4));
    fs::remove_dir_all(&inside).expect("removed");
    let news = files.handle_events(NOW);
    assert_eq!(news.values, told(0));
    assert_eq!(news.lines.len(), 1, "{:?}", news.lines);
    let due = files.next_deadline().expect("it is looked for");
    assert_eq!(files.handle_timeout(due), News::default(), "said once");
    fs::create_dir(&inside).expect("made");
    write(&path, "5");
    let due = files.next_deadline().expect("it is looked for");
    let news = files.handle_timeout(due);
    assert_eq!((news.values, news.lines.len()), (told(5), 1));
    assert_eq!(files.next_deadline(), None);
    write(&path, "6");
    assert_eq!(files.handle_events(due).values, told(6));
}

#[test]
fn a_directory_that_is_replaced_by_another_is_followed_at_once() {
    let place = directory();
    let inside = place.path().join("inside");
    let path = inside.join("f");
    for (name, text) in [("inside", "1"), ("next", "2")] {
        fs::create_dir(place.path().join(name)).expect("made");
        write(&place.path().join(name).join("f"), text);
    }
    let mut files = Files::new().expect("a queue");
    assert_eq!(files.configure(&[tracker("F", &path)], NOW).values, told(1));
    fs::rename(&inside, place.path().join("old")).expect("renamed");
    fs::rename(place.path().join("next"), &inside).expect("renamed");
    assert_eq!(files.handle_events(NOW).values, told(2));
    write(&path, "3");
    assert_eq!(files.handle_events(NOW).values, told(3));
}

#[test]
fn a_link_is_resolved_so_that_the_file_behind_it_is_watched() {
    let (place, elsewhere) = (directory(), directory());
    let real = elsewhere.path().join("real");
    write(&real, "1");
    let link = place.path().join("link");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    let mut files = Files::new().expect("a queue");
    assert_eq!(files.configure(&[tracker("F", &link)], NOW).values, told(1));
    write(&real, "2");
    assert_eq!(files.handle_events(NOW).values, told(2));
}

#[test]
fn a_link_to_what_does_not_exist_yet_is_followed_as_well() {
    let (place, elsewhere) = (directory(), directory());
    let real = elsewhere.path().join("real");
    for (name, target) in [("link", "second".into()), ("second", real.clone()), ("loop", "loop".into())] {
        std::os::unix::fs::symlink::<PathBuf, _>(target, place.path().join(name)).expect("linked");
    }
    let mut files = Files::new().expect("a queue");
    assert_eq!(files.configure(&[tracker("F", place.path().join("link"))], NOW).values, told(0));
    write(&real, "2");
    assert_eq!(files.handle_events(NOW).values, told(2));
    assert_eq!(files.configure(&[tracker("L", place.path().join("loop"))], NOW).values.len(), 1);
}

#[test]
fn a_reload_tells_only_what_is_new() {
    let place = directory();
    let (mut files, path, _) = watching(&place, Some("7"));
    let other = place.path().join("g");
    write(&other, "8");
    let both = [tracker("F", &path), tracker("G", &other)];
    assert_eq!(files.configure(&both, NOW).values, [("G".to_owned(), 8)]);
    assert_eq!(files.configure(&[tracker("F", &other)], NOW).values, told(8), "another file");
    assert_eq!(files.configure(&[], NOW), News::default());
    write(&path, "1");
    assert_eq!(files.handle_events(NOW), News::default(), "nobody tracks it any more");
}

#[test]
fn a_named_pipe_does_not_hold_anybody_up() {
    let place = directory();
    let path = place.path().join("f");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success()));
    let mut files = Files::new().expect("a queue");
    assert_eq!(files.configure(&[tracker("F", &path)], NOW).values, told(0));
}

#[test]
fn init_file_writes_a_missing_file_and_others_only_if_told_to() {
    let place = directory();
    let path = place.path().join("f");
    let file =
        |value, overwrite| [FileTracker { init: Some(InitFile { value, overwrite }), ..tracker("F", &path) }];
    let text = || fs::read_to_string(&path).expect("it exists");
    assert_eq!(initialise(&file(5, false)), [""; 0]);
    assert_eq!(text(), "5\n");
    assert_eq!(initialise(&file(6, false)), [""; 0]);
    assert_eq!(text(), "5\n");
    assert_eq!(initialise(&file(-7, true)), [""; 0]);
    assert_eq!(text(), "-7\n");
    let missing = tracker("F", place.path().join("no/f"));
    let missing = FileTracker { init: Some(InitFile { value: 1, overwrite: true }), ..missing };
    assert_eq!(initialise(&[missing]).len(), 1);
}
