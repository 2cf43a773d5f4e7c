//! Ranges that share addresses.

use super::*;

#[test]
fn what_is_taken_is_not_taken_again() {
    let mut taken = Taken::<()>::default();
    assert_eq!(taken.take(10, 20, ()), [(10, 20)]);
    assert_eq!(taken.take(30, 40, ()), [(30, 40)]);
    assert_eq!(taken.take(15, 18, ()), []);
    assert_eq!(taken.take(10, 20, ()), []);
    assert_eq!(taken.take(5, 35, ()), [(5, 9), (21, 29)]);
    assert_eq!(taken.take(0, 50, ()), [(0, 4), (41, 50)]);
    assert_eq!(taken.take(51, 51, ()), [(51, 51)]);
}

#[test]
fn the_highest_address_is_the_end() {
    let mut taken = Taken::<()>::default();
    assert_eq!(taken.take(u128::MAX - 1, u128::MAX, ()), [(u128::MAX - 1, u128::MAX)]);
    assert_eq!(taken.take(u128::MAX, u128::MAX, ()), []);
    assert_eq!(taken.take(u128::MAX - 2, u128::MAX, ()), [(u128::MAX - 2, u128::MAX - 2)]);
}

#[test]
fn who_holds_a_part_is_known() {
    let mut taken = Taken::<char>::default();
    taken.take(10, 20, 'a');
    taken.take(30, 40, 'b');
    assert_eq!(taken.held(15, 35).collect::<Vec<_>>(), [(15, 20, 'a'), (30, 35, 'b')]);
    assert_eq!(taken.held(21, 29).count(), 0);
    assert_eq!(taken.held(12, 12).collect::<Vec<_>>(), [(12, 12, 'a')]);
}
