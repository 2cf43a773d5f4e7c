//! What counts as a change between two configurations.

use super::*;

#[test]
fn a_configuration_does_not_differ_from_itself() {
    let config = Config::default();
    assert!(diff(&config, &config.clone()).is_empty());
    assert_eq!(diff(&config, &config).to_string(), "nothing changed");
}

#[test]
fn what_came_and_went_is_named_in_order() {
    let number = |value: &(u8, u8)| value.0.to_string();
    let named = named(&[(1, 0), (2, 0), (3, 0), (4, 0)], &[(5, 0), (4, 0), (2, 9)], |pair| pair, number);
    // The whole pair is the key here, so a changed second part counts as another thing.
    assert_eq!(named.added, ["5", "2"]);
    assert_eq!(named.removed, ["1", "2", "3"]);
    let changed = super::named(&[(1, 0), (2, 0)], &[(2, 9)], |pair| &pair.0, u8::to_string);
    assert_eq!((changed.changed, changed.removed), (vec!["2".to_owned()], vec!["1".to_owned()]));
}

#[test]
fn what_needs_a_restart_is_said_in_the_words_of_the_original() {
    let old = Config::default();
    let mut new = Config::default();
    new.global.identity.net_namespace = Some("blue".to_owned());
    let changes = diff(&old, &new);
    assert_eq!(
        changes.immutable,
        ["Cannot change network namespace at a reload - please restart keepalived"]
    );
    assert!(changes.global);
}

#[test]
fn a_long_list_is_shortened() {
    let names: Vec<String> = (0..12).map(|number| number.to_string()).collect();
    assert_eq!(shortened(&names), "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more");
}
