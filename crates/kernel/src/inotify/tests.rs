//! Changes of real files.

use super::*;
use std::fs;
use std::path::PathBuf;

/// A directory of our own, removed with the value.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("kernel-inotify-{}-{name}", std::process::id()));
        fs::create_dir(&path).expect("a new directory");
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn read(inotify: &Inotify) -> Vec<Event> {
    let mut events = Vec::new();
    inotify.read(&mut events).expect("readable");
    events
}

#[test]
fn writing_renaming_and_deleting_are_told_with_the_name() {
    let place = Place::new("names");
    let inotify = Inotify::new().expect("a queue");
    let watch = inotify.watch_directory(&place.0).expect("it exists");
    fs::write(place.0.join("a"), "1").expect("written");
    fs::rename(place.0.join("a"), place.0.join("b")).expect("renamed");
    fs::remove_file(place.0.join("b")).expect("removed");
    fs::create_dir(place.0.join("directory")).expect("made");
    fs::rename(place.0.join("directory"), place.0.join("other")).expect("renamed");
    let written = |name: &str| Event::Written { watch, name: name.into() };
    let gone = |name: &str| Event::Gone { watch, name: name.into() };
    assert_eq!(read(&inotify), [written("a"), gone("a"), written("b"), gone("b")]);
    assert_eq!(read(&inotify), []);
}

#[test]
fn a_directory_that_goes_away_ends_its_watch() {
    let place = Place::new("ends");
    let inside = place.0.join("inside");
    fs::create_dir(&inside).expect("made");
    let inotify = Inotify::new().expect("a queue");
    let watch = inotify.watch_directory(&inside).expect("it exists");
    fs::remove_dir(&inside).expect("removed");
    let events = read(&inotify);
    assert!(!events.is_empty() && events.iter().all(|event| *event == Event::Ended(watch)), "{events:?}");
    inotify.forget(watch);
    assert!(inotify.watch_directory(&inside).is_err(), "there is nothing to watch");
}

#[test]
fn a_forgotten_watch_tells_nothing_but_its_end() {
    let place = Place::new("forgotten");
    let inotify = Inotify::new().expect("a queue");
    let watch = inotify.watch_directory(&place.0).expect("it exists");
    inotify.forget(watch);
    fs::write(place.0.join("a"), "1").expect("written");
    assert_eq!(read(&inotify), [Event::Ended(watch)]);
}
