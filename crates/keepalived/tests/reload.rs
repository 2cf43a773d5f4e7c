//! Reloads (runtime reference 16; compatibility reference 4.1): a bad one never touches what runs.

mod support;

use support::{ONE_INSTANCE, QUICK_INSTANCE, Sandbox, assert_order, wait_until};

#[test]
fn a_good_configuration_replaces_the_running_one() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
    sandbox.configure(&QUICK_INSTANCE.replace("10.77.0.100/24", "10.77.0.100/24\n        10.77.0.101/24"));
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    assert_order(&daemon.text(), &["Reloading ...", "Reload complete"]);
    wait_until(|| daemon.addresses().contains("10.77.0.101/24"), || daemon.text());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_unchanged_configuration_is_reloaded_without_complaint() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    for times in 1..=3 {
        daemon.signal(libc::SIGHUP);
        daemon.expect_times("Reload complete", times);
    }
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_bad_configuration_leaves_the_running_one_alone() {
    let sandbox = Sandbox::new(QUICK_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    wait_until(|| daemon.addresses().contains("10.77.0.100/24"), || daemon.text());
    let child = daemon.pid_in("/run/vrrp.pid");
    for (times, (good, bad)) in [("eth0", "nosuch0"), ("interface", "interfacee")].into_iter().enumerate() {
        sandbox.configure(&QUICK_INSTANCE.replace(good, bad));
        daemon.signal(libc::SIGHUP);
        daemon.expect_times("New config failed validation: ", times + 1);
    }
    assert!(daemon.addresses().contains("10.77.0.100/24"));
    assert_eq!(daemon.pid_in("/run/vrrp.pid"), child);
    assert!(!daemon.text().contains("Reload complete"));
    let place = format!("{}:6:", sandbox.path("keepalived.conf").display());
    assert!(daemon.text().contains(&place), "no {place} in:\n{}", daemon.text());
    // And a good one is taken afterwards.
    sandbox.configure(QUICK_INSTANCE);
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_vanished_configuration_file_is_refused() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    std::fs::remove_file(sandbox.path("keepalived.conf")).expect("removed");
    daemon.signal(libc::SIGHUP);
    daemon.expect("New config failed validation: the daemon cannot run with it");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn with_reload_check_config_any_problem_refuses_and_is_told_in_a_file() {
    let sandbox = Sandbox::new("");
    let log = sandbox.path("check.log");
    let checked = QUICK_INSTANCE
        .replace("global_defs {", &format!("global_defs {{\n    reload_check_config {}", log.display()));
    sandbox.configure(&checked);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    sandbox.configure(&format!("{checked}bogus\n"));
    daemon.signal(libc::SIGHUP);
    daemon.expect(&format!("New config failed validation, see {} for details", log.display()));
    assert!(!daemon.text().contains("Reloading ..."));
    assert!(std::fs::read_to_string(&log).expect("a log").contains("Unknown keyword 'bogus'"));
    sandbox.configure(&checked);
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    assert_order(&daemon.text(), &["validate conf before Reload", "Reloading ...", "Reload complete"]);
    assert_eq!(std::fs::read_to_string(&log).expect("a log"), "");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn what_cannot_change_is_named_and_the_reload_is_abandoned() {
    let sandbox = Sandbox::new(ONE_INSTANCE);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    sandbox.configure(&format!("instance other\n{ONE_INSTANCE}"));
    daemon.signal(libc::SIGHUP);
    daemon.expect("Cannot change instance name at a reload - please restart keepalived");
    assert!(!daemon.text().contains("Reload complete"));
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_reload_file_is_there_only_while_the_configuration_is_read() {
    let sandbox = Sandbox::new("");
    let marker = sandbox.path("reloading");
    // Left by a daemon that was killed.
    std::fs::write(&marker, "").expect("written");
    sandbox.configure(
        &ONE_INSTANCE
            .replace("global_defs {", &format!("global_defs {{\n    reload_file {}", marker.display())),
    );
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    assert!(!marker.exists());
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    assert!(!marker.exists());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_time_file_schedules_moves_cancels_and_starts_a_reload() {
    let sandbox = Sandbox::new("");
    let file = sandbox.path("when");
    let timed = ONE_INSTANCE
        .replace("global_defs {", &format!("global_defs {{\n    reload_time_file {}", file.display()));
    sandbox.configure(&timed);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    let say = |text: &str| std::fs::write(&file, text).expect("written");
    say("garbage\n");
    daemon.expect("Invalid reload time 'garbage' specified - ignoring");
    say("2090-02-03 10:11:12\n");
    daemon.expect("Scheduling reload for 2090-02-03 10:11:12");
    say("2091-02-03 10:11:12\n");
    daemon.expect("Reload time updated from 2090-02-03 10:11:12 to 2091-02-03 10:11:12");
    std::fs::remove_file(&file).expect("removed");
    daemon.expect("Cancelling reload scheduled for 2091-02-03 10:11:12");
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
    let at = keepalived::log::Calendar::utc(soon);
    say(&format!(
        "{}-{:02}-{:02} {:02}:{:02}:{:02}Z\n",
        at.year, at.month, at.day, at.hour, at.minute, at.second
    ));
    daemon.expect_times("Scheduling reload for ", 2);
    daemon.expect("Reload complete");
    assert!(!file.exists(), "the file has been used");
    assert!(std::time::SystemTime::now() >= soon - std::time::Duration::from_secs(1));
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(daemon.text().matches("Cancelling").count(), 1);
}

#[test]
fn each_configuration_that_is_read_is_saved_where_config_save_dir_says() {
    let sandbox = Sandbox::new("");
    let directory = sandbox.path("saved");
    let saved = ONE_INSTANCE.replace(
        "global_defs {",
        &format!("global_defs {{ # a remark\n    config_save_dir {}", directory.display()),
    );
    sandbox.configure(&saved);
    let mut daemon = sandbox.foreground(&[]);
    daemon.expect("Startup complete");
    sandbox.configure(&saved.replace("priority 100", "priority 90"));
    daemon.signal(libc::SIGHUP);
    daemon.expect("Reload complete");
    let copy = |number: u32| {
        let name = format!("keepalived.conf.{}.{number}", daemon.pid());
        std::fs::read_to_string(directory.join(name)).expect("a copy")
    };
    let first = copy(0);
    assert!(first.starts_with(&format!("# {}\n", sandbox.path("keepalived.conf").display())), "{first}");
    assert!(first.contains("priority 100") && !first.contains("remark") && first.ends_with("!\n"), "{first}");
    assert!(copy(1).contains("priority 90"));
    assert_eq!(daemon.stop(), Some(0));
}
