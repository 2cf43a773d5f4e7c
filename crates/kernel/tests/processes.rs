//! What can only be tested with whole processes: the exec helper, daemonising, reaping, locks that outlive a fork.
//!
//! The program starts itself in other roles. It runs its checks one after the other and needs root.

use keepalived_kernel::lock_file::{LockError, LockFile};
use keepalived_kernel::process::{self, Ending, ExecOptions, Pid, Side, Spawned};
use keepalived_kernel::{sched, signals};
use keepalived_types::{Command as Script, Credentials};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, exit};
use std::time::{Duration, Instant};

/// Nobody and nogroup on Debian; any id without privileges will do.
const NOBODY: u32 = 65534;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["helper", script, argument] => helper(script, argument),
        ["middle", pid_file] => middle(Path::new(pid_file)),
        ["daemon", pid_file] => daemon(Path::new(pid_file)),
        // Test runners ask for the names first.
        _ if arguments.contains(&"--ignored") => {}
        _ if arguments.contains(&"--list") => println!("processes: test"),
        _ => checks(),
    }
}

/// What must hold, and the function that sees to it in a directory of its own.
type Check = (&'static str, fn(&Path));

fn checks() {
    sched::adopt_orphans().expect("a subreaper");
    let directory = std::env::temp_dir().join(format!("kernel-processes-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("ours");
    let checks: [Check; 5] = [
        ("every child that ended is reaped with its ending", every_child_is_reaped),
        ("a script runs as its user with nothing of the daemon's", a_script_runs_as_its_user),
        ("a script through the shell gets its arguments literally", a_script_through_the_shell),
        ("a script ends with its daemon, whatever its user", a_script_ends_with_its_daemon),
        ("a daemon keeps its lock over the fork", a_daemon_keeps_its_lock),
    ];
    for (name, check) in checks {
        check(&directory);
        println!("ok: {name}");
    }
    fs::remove_dir_all(&directory).expect("ours");
}

fn every_child_is_reaped(_: &Path) {
    let shell = |script| process::spawn(Command::new("/bin/sh").args(["-c", script])).expect("a shell").pid;
    let (good, bad, killed) = (shell("exit 0"), shell("exit 7"), shell("kill -9 $$"));
    let mut ended = Vec::new();
    until("three children have ended", || {
        ended.extend(process::reap());
        ended.len() == 3
    });
    assert!(ended.contains(&(good, Ending::Exited(0))));
    assert!(ended.contains(&(bad, Ending::Exited(7))));
    assert!(ended.contains(&(killed, Ending::Killed { signal: 9, core_dumped: false })));
}

/// Writes what a script can see of itself into the file that is its argument.
const REPORT: &str = r#"exec > "$1"
echo "ids $(id -u) $(id -g) $(id -G)"
echo "signals" $(grep -E '^Sig(Blk|Ign|Cgt):' /proc/$$/status | cut -f2)
echo "group $(cut -d' ' -f5 /proc/$$/stat) $$"
echo "nice $(cut -d' ' -f19 /proc/$$/stat) policy $(cut -d' ' -f41 /proc/$$/stat)"
echo "rttime" $(grep 'realtime timeout' /proc/$$/limits)
echo "locked" $(grep VmLck /proc/$$/status)
echo "streams $(readlink /proc/$$/fd/0) $(readlink /proc/$$/fd/2)"
echo "leaked $(readlink /proc/$$/fd/* | grep -c socket)"
echo "library [$LD_LIBRARY_PATH] kept [$KEPT]"
"#;

fn a_script_runs_as_its_user(directory: &Path) {
    let report = directory.join("report");
    let blocked = signals::Signals::block(&[signals::DATA]).expect("a signal descriptor");
    signals::ignore(signals::STATS).expect("ignored");
    sched::set_nice(5).expect("nicer");
    sched::set_realtime(10).expect("needs root");
    sched::limit_realtime(Some(Duration::from_secs(2))).expect("a limit");
    sched::lock_memory().expect("locked");
    let (ours, theirs) = process::socket_pair().expect("descriptors");
    process::inherit(&theirs).expect("inherited");
    let helper = start("helper", &[REPORT, &report.to_string_lossy()]);
    sched::set_ordinary().expect("back");
    sched::set_nice(0).expect("back");
    sched::unlock_memory().expect("back");
    assert!(ended(&helper).is_success());
    drop((ours, theirs, blocked));

    let text = fs::read_to_string(&report).expect("the script wrote it");
    let line = |word: &str| text.lines().find(|line| line.starts_with(word)).expect("a line of the report");
    assert_eq!(line("ids"), "ids 65534 65534 65534 12");
    // Blocked and ignored; the shell itself catches some. Signals 32 and 33 are the C library's own: its posix_spawn
    // leaves them ignored, and it lets nobody change them.
    let mut masks =
        line("signals").split(' ').skip(1).map(|mask| u64::from_str_radix(mask, 16).expect("a mask"));
    assert_eq!(masks.next(), Some(0));
    assert_eq!(masks.next().map(|ignored| ignored & !0x1_8000_0000), Some(0));
    let pid = helper.pid;
    assert_eq!(line("group"), format!("group {pid} {pid}"));
    assert_eq!(line("nice"), "nice 0 policy 0");
    // Without CAP_SYS_RESOURCE the soft limit can only go up to the hard one.
    let limits = ["unlimited unlimited", "2000000 2000000"]
        .map(|text| format!("rttime Max realtime timeout {text} us"));
    assert!(limits.iter().any(|limit| limit == line("rttime")), "{}", line("rttime"));
    assert_eq!(line("locked"), "locked VmLck: 0 kB");
    assert_eq!(line("streams"), "streams /dev/null /dev/null");
    assert_eq!(line("leaked"), "leaked 0");
    assert_eq!(line("library"), "library [] kept [yes]");
}

fn a_script_through_the_shell(directory: &Path) {
    let (script, output) = (directory.join("no shebang"), directory.join("it's $HOME"));
    fs::write(&script, "echo \"$# $1\" > \"$1\"\n").expect("writable");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
    let helper = start("helper", &[&script.to_string_lossy(), &output.to_string_lossy()]);
    assert!(ended(&helper).is_success());
    let text = fs::read_to_string(&output).expect("the script wrote it");
    assert_eq!(text, format!("1 {}\n", output.display()));
}

fn a_script_ends_with_its_daemon(directory: &Path) {
    let pid_file = directory.join("script.pid");
    let middle = start("middle", &[&pid_file.to_string_lossy()]);
    let mut script = None;
    until("the script runs", || {
        script = pid_in(&pid_file).filter(|pid| command_of(*pid).contains("sleep"));
        script.is_some()
    });
    let script = script.expect("it runs");
    process::kill(middle.pid, libc::SIGKILL).expect("ours");
    let mut endings = Vec::new();
    until("both have ended", || {
        endings.extend(process::reap());
        endings.len() == 2
    });
    assert!(endings.contains(&(script, Ending::Killed { signal: libc::SIGTERM, core_dumped: false })));
}

fn a_daemon_keeps_its_lock(directory: &Path) {
    let path = directory.join("keepalived.pid");
    let launcher = start("daemon", &[&path.to_string_lossy()]);
    assert!(ended(&launcher).is_success());
    let mut holder = None;
    until("the daemon has written its number", || {
        holder = pid_in(&path).filter(|&pid| pid != launcher.pid);
        holder.is_some()
    });
    let daemon = holder.expect("it has");
    match LockFile::acquire(&path, rustix::process::getpid()) {
        Err(LockError::Held(holder)) => assert_eq!(holder, Some(daemon)),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::metadata(&path).expect("there").mode() & 0o777, 0o644, "whatever the umask");
    let link = |name: &str| fs::read_link(format!("/proc/{daemon}/{name}")).expect("it lives");
    assert_eq!(link("cwd"), PathBuf::from("/"));
    assert!(["fd/0", "fd/1", "fd/2"].iter().all(|fd| link(fd) == Path::new("/dev/null")));
    assert_eq!(rustix::process::getsid(Some(daemon)).expect("it lives"), daemon);
    process::kill(daemon, libc::SIGKILL).expect("ours");
    until("the daemon has ended", || process::reap().iter().any(|(pid, _)| *pid == daemon));
    LockFile::acquire(&path, rustix::process::getpid()).expect("free").remove().expect("removable");
}

/// The exec helper of the daemon: becomes the script, as nobody with one more group.
fn helper(script: &str, argument: &str) {
    let run_as = Credentials { uid: NOBODY, gid: NOBODY, groups: Some(vec![NOBODY, 12]) };
    let through_shell = script.starts_with('/');
    let (path, argv) = if through_shell {
        (PathBuf::from(script), vec![script.to_owned(), argument.to_owned()])
    } else {
        let argv = ["sh", "-c", script, "sh", argument].map(str::to_owned).to_vec();
        (PathBuf::from("/bin/sh"), argv)
    };
    let error = process::exec_as(&Script { path, argv, run_as, through_shell }, &ExecOptions::default());
    eprintln!("{error}");
    exit(127);
}

/// A daemon with a running script.
fn middle(pid_file: &Path) {
    let script = start("helper", &["exec sleep 60", "unused"]);
    fs::write(pid_file, script.pid.to_string()).expect("writable");
    std::thread::sleep(Duration::from_secs(60));
}

fn daemon(pid_file: &Path) {
    sched::set_umask(0o177);
    let lock = LockFile::acquire(pid_file, rustix::process::getpid()).expect("free");
    if process::daemonise().expect("a single thread") == Side::Launcher {
        exit(0);
    }
    lock.write(rustix::process::getpid()).expect("writable");
    std::thread::sleep(Duration::from_secs(60));
}

fn start(role: &str, arguments: &[&str]) -> Spawned {
    let program = std::env::current_exe().expect("a path");
    let mut command = Command::new(program);
    command.arg(role).args(arguments).env("KEPT", "yes").env("LD_LIBRARY_PATH", "/nowhere");
    process::spawn(command.stdin(Stdio::null())).expect("this program")
}

fn ended(child: &Spawned) -> Ending {
    let mut ending = None;
    until("the child has ended", || {
        ending = process::wait(child.pid).expect("our child");
        ending.is_some()
    });
    ending.expect("it has")
}

fn pid_in(file: &Path) -> Option<Pid> {
    fs::read_to_string(file).ok()?.trim().parse().ok().and_then(Pid::from_raw)
}

fn command_of(pid: Pid) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default()
}

fn until(what: &str, mut happens: impl FnMut() -> bool) {
    let start = Instant::now();
    while !happens() {
        assert!(start.elapsed() < Duration::from_secs(10), "{what}: not within ten seconds");
        std::thread::sleep(Duration::from_millis(5));
    }
}
