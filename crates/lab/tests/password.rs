//! `auth_pass` longer than the protocol carries: everybody cuts it to 8 characters, so a pair of one that was cut and
//! one that was written short works.

mod common;

use common::{PATIENCE, Pair, vip};
use keepalived_lab::{Classic, Program, Result};

const MESSAGE: &str = "Truncating auth_pass to 8 characters";

fn long_and_short_passwords_understand_each_other(long: Program, short: Program) -> Result<()> {
    let pair = Pair::new()?;
    let master = Classic::master().password("correcthorse");
    let backup = Classic::backup().password("correcth");
    let (a, b) = pair.start_with(long, &master, short, &backup)?;
    a.wait_for_log(MESSAGE, PATIENCE)?;
    assert!(!b.log().contains(MESSAGE), "{}", b.log().text());

    std::thread::sleep(bounds_of_a_take_over());
    assert!(!pair.b.has_address(vip())?, "the backup did not accept the adverts:\n{}", b.log().text());
    assert!(!b.log().contains("passw"), "{}", b.log().text());
    let trace = pair.capture.trace()?;
    let advert = trace.adverts().next().expect("adverts of the master").advert;
    assert_eq!(advert.trailer, b"correcth");
    Ok(())
}

/// A backup that hears nothing takes over within this time.
fn bounds_of_a_take_over() -> std::time::Duration {
    keepalived_lab::bounds::master_down_v2(100, common::INTERVAL) + keepalived_lab::bounds::SLACK
}

/// The other way round: a wrong password is no advert at all.
fn a_wrong_password_is_ignored(program: Program) -> Result<()> {
    let pair = Pair::new()?;
    let a = keepalived_lab::Daemon::start(
        &pair.a,
        Program::Debian,
        &Classic::master().password("secret1").text(),
    )?;
    pair.a.wait_for_address(vip(), PATIENCE)?;
    let b = keepalived_lab::Daemon::start(&pair.b, program, &Classic::backup().password("secret2").text())?;
    pair.b.wait_for_address(vip(), PATIENCE)?;
    b.wait_for_log("(VI_1) received an invalid passwd", PATIENCE)?;
    assert!(a.is_running() && b.is_running());
    Ok(())
}

#[test]
fn ours_cuts_and_ours_understands() -> Result<()> {
    long_and_short_passwords_understand_each_other(Program::under_test(), Program::under_test())
}

#[test]
fn ours_cuts_and_the_original_understands() -> Result<()> {
    long_and_short_passwords_understand_each_other(Program::under_test(), Program::Debian)
}

#[test]
fn the_original_cuts_and_ours_understands() -> Result<()> {
    long_and_short_passwords_understand_each_other(Program::Debian, Program::under_test())
}

#[test]
fn another_password_is_another_router() -> Result<()> {
    a_wrong_password_is_ignored(Program::under_test())
}
