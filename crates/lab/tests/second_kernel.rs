//! The second kernel keeps its promises: status and output arrive, the host is untouched, nothing stays behind.

use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use keepalived_lab::second_kernel::is_guest;
use keepalived_lab::{Error, Result, SecondKernel, sweep};

#[test]
fn a_command_runs_with_its_output_its_status_and_a_kernel_of_its_own() -> Result<()> {
    let marker = std::env::temp_dir().join(format!("second-kernel-{}", std::process::id()));
    let script = format!(
        "echo out; echo err >&2; echo x >{0} && test -s {0} && echo written; uname -r; ipvsadm -Ln; \
         lsmod | cut -d ' ' -f 1 | sort; ip -6 addr show dev lo; exit 42",
        marker.display()
    );
    let ended = SecondKernel::new().run(&["sh", "-c", &script])?;
    println!("{:?} in all, {:?} until the command", ended.took, ended.booted_after);
    assert_eq!((ended.status, ended.stderr.as_str()), (42, "err\n"));
    assert!(ended.stdout.starts_with("out\nwritten\n6."), "{}", ended.stdout);
    assert!(ended.stdout.contains("IP Virtual Server version 1.2.1"), "{}", ended.stdout);
    assert!(ended.stdout.contains("inet6 ::1/128"), "{}", ended.stdout);
    let loaded: Vec<&str> = ended.stdout.lines().collect();
    for module in ["ip_vs_mh", "ip_vs_pe_sip", "dummy", "veth", "vrf", "macvlan", "sch_netem", "nf_tables"] {
        assert!(loaded.contains(&module), "{module} is not loaded: {}", ended.stdout);
    }
    assert!(!marker.exists(), "what a guest writes stays in the guest");
    Ok(())
}

#[test]
fn a_test_runs_in_a_guest_and_its_failure_is_ours() -> Result<()> {
    SecondKernel::new().test("a_test_runs_in_a_guest_and_its_failure_is_ours", || {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("procfs");
        assert_eq!(name.trim(), "second-kernel");
        Ok(())
    })?;
    if is_guest() {
        return Ok(());
    }
    let error = SecondKernel::new().test("no_such_test", || Ok(())).expect_err("it is not there");
    assert!(error.to_string().contains("no test called no_such_test"), "{error}");
    Ok(())
}

#[test]
fn a_guest_that_takes_too_long_is_ended_and_what_it_said_is_kept() {
    let limit = Duration::from_secs(20);
    let kernel = SecondKernel::new().without_modules().time_limit(limit).memory_mib(128);
    let started = Instant::now();
    let error = kernel.run(&["sh", "-c", "echo begun; sleep 100 & sleep 100"]).expect_err("too long");
    assert!(started.elapsed() < limit + Duration::from_secs(3));
    let Error::TimedOut { seen, .. } = &error else { panic!("{error}") };
    assert!(seen.starts_with("begun\n"), "{error}");
}

#[test]
fn guests_run_side_by_side_and_leave_nothing_behind() -> Result<()> {
    let run = |word: &'static str| {
        std::thread::spawn(move || {
            SecondKernel::new().without_modules().memory_mib(128).run(&[
                "sh",
                "-c",
                &format!("echo {word}; ls /run"),
            ])
        })
    };
    let (first, second) = (run("first"), run("second"));
    let (first, second) = (first.join().expect("no panic")?, second.join().expect("no panic")?);
    assert!(first.stdout.starts_with("first\n") && second.stdout.starts_with("second\n"));
    Ok(())
}

#[test]
fn a_shared_directory_is_the_only_way_out() -> Result<()> {
    let directory = std::env::temp_dir().join(format!("second-kernel-shared-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let file = directory.join("from-the-guest");
    let kernel = SecondKernel::new().without_modules().memory_mib(128).writable(&directory);
    let ended = kernel.run(&["sh", "-c", &format!("echo hello >{}", file.display())]);
    let text = std::fs::read_to_string(&file);
    std::fs::remove_dir_all(&directory).expect("ours");
    assert_eq!(ended?.status, 0);
    assert_eq!(text.expect("it was written"), "hello\n");
    Ok(())
}

#[test]
fn the_guest_of_a_dead_run_is_swept() -> Result<()> {
    let mut dead = Command::new("true").spawn().expect("true exists");
    dead.wait().expect("it ends");
    let directory = std::env::temp_dir().join(format!("kalab-{}-0-kernel", dead.id()));
    std::fs::create_dir_all(directory.join("guest")).expect("a directory");
    // It looks like a guest as far as the sweep looks: a process group of its own, and the directory in its arguments.
    let mut guest = Command::new("sh")
        .args(["-c", "sleep 60", &format!("init={}/init", directory.display())])
        .process_group(0)
        .spawn()
        .expect("sh exists");
    std::fs::write(directory.join("guest/pid"), format!("{}\n", guest.id())).expect("a file");
    let swept = sweep();
    if swept.is_err() || directory.exists() {
        guest.kill().expect("it runs");
    }
    assert!(!guest.wait().expect("it was killed").success());
    assert!(!directory.exists());
    swept.map(drop)
}
