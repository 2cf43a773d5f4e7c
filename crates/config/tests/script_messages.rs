//! What is said about scripts: recorded from keepalived 2.2.7 with `-t`, in a network namespace with the interfaces
//! eth0 and eth1. Each process of the original reports its own scripts, and says nothing when it has nothing to run.

use keepalived_config::host::{FakeHost, ScriptFile};
use keepalived_config::load::{LoadOptions, load};
use keepalived_config::{render, status};

const INSTANCE: &str =
    "vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 192.0.2.10 }\n";
const SERVER: &str = "virtual_server 10.0.0.1 80 {\nprotocol TCP\nlvs_sched wlc\nlvs_method NAT\n\
                      real_server 10.0.0.2 80 {\nTCP_CHECK {\n}\n}\n";

/// `/ok` can be run, `/insecure` could be changed by somebody else, `/plain` is not executable, and nothing else exists.
fn host(text: &str) -> FakeHost {
    let insecure = ScriptFile::Usable { path: "/insecure".into(), insecure: true, needs_shell: false };
    FakeHost::new()
        .with_file("/test.conf", text)
        .with_script("/ok")
        .with_script_file("/insecure", insecure)
        .with_script_file("/plain", ScriptFile::NotExecutable)
}

/// The exit status of `-t`, and the lines of its report.
fn judge(text: &str) -> (u8, Vec<String>) {
    let options = LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
    let loaded = load("/test.conf", &options, &host(text));
    let plain = render::plain(&loaded.report, &loaded.sources);
    let lines = plain.lines().filter(|line| !line.starts_with("note:")).map(str::to_owned).collect();
    (status::of_test(&loaded.report), lines)
}

fn violation(kind: &str, insecure: bool) -> String {
    let end = if insecure { " There are insecure scripts." } else { "" };
    format!("SECURITY VIOLATION - {kind}scripts are being executed but script_security not enabled.{end}")
}

#[track_caller]
fn says(text: &str, expected_status: u8, expected: &[String]) {
    let (status, mut lines) = judge(text);
    let mut expected = expected.to_vec();
    lines.sort();
    expected.sort();
    assert_eq!((status, lines), (expected_status, expected), "{text}");
}

/// `global_defs` with a user for scripts, and more.
fn globals(more: &str) -> String {
    format!("global_defs {{\nscript_user root\n{more}\n}}\n")
}

fn track_script(script: &str) -> String {
    format!("vrrp_script x {{\nscript \"{script}\"\n}}\n")
}

#[test]
fn a_track_script_that_cannot_be_run_is_reported() {
    for tracked in ["", "track_script {\nx\n}\n"] {
        let with = |global: &str, script: &str| {
            format!("{}{}{INSTANCE}{tracked}}}\n", globals(global), track_script(script))
        };
        let missing = ["Disabling track script x since not found/accessible".to_owned()];
        says(&with("", "/missing"), 5, &missing);
        says(&with("enable_script_security", "/missing"), 5, &missing);
        let insecure = ["Disabling track script x due to insecure".to_owned()];
        says(&with("enable_script_security", "/insecure"), 5, &insecure);
        says(&with("", "/insecure"), 6, &[violation("", true)]);
        says(&with("", "/ok"), 6, &[violation("", false)]);
        says(&with("enable_script_security", "/ok"), 0, &[]);
        says(&with("", "/plain"), 6, &[violation("", false)]);
        says(&with("enable_script_security", "/plain"), 0, &[]);
    }
}

#[test]
fn a_track_script_without_an_instance_does_not_matter() {
    for script in ["/ok", "/missing", "/insecure", "/plain"] {
        says(&format!("{}{}", globals(""), track_script(script)), 0, &[]);
        says(&format!("{}{}{SERVER}}}\n", globals(""), track_script(script)), 0, &[]);
    }
}

#[test]
fn a_file_test_is_no_script_in_use() {
    let tracked = "track_script {\nx\n}\n}\n";
    says(&format!("{}{INSTANCE}{tracked}", track_script("</etc/passwd")), 0, &[]);
    says(&format!("{}{INSTANCE}{tracked}", track_script("</missing")), 0, &[]);
    says(&format!("{}{INSTANCE}}}\n", globals("startup_script \"</etc/passwd\"")), 0, &[]);
    says(&format!("{INSTANCE}notify \"</etc/passwd\"\n}}\n"), 0, &[]);
}

#[test]
fn each_process_reports_the_security_of_its_own_scripts() {
    let all = |start: &str, notify: &str, quorum: &str| {
        let global = globals(&format!("startup_script {start}"));
        format!("{global}{INSTANCE}notify_master {notify}\n}}\n{SERVER}quorum_up {quorum}\n}}\n")
    };
    let three = |start, check, vrrp| {
        [violation("start/shutdown ", start), violation("check ", check), violation("", vrrp)]
    };
    says(&all("/ok", "/ok", "/ok"), 6, &three(false, false, false));
    says(&all("/insecure", "/ok", "/ok"), 6, &three(true, false, false));
    says(&all("/ok", "/ok", "/insecure"), 6, &three(false, true, false));
    says(&all("/ok", "/insecure", "/ok"), 6, &three(false, false, true));
    says(&all("/plain", "/plain", "/plain"), 6, &three(false, false, false));
    says(&all("/missing", "/missing", "/missing"), 0, &[]);
}

#[test]
fn the_reader_of_a_fifo_is_a_script_of_whoever_starts_it() {
    let with = |kind: &str, script: &str, blocks: &str| {
        format!(
            "{}{blocks}",
            globals(&format!("{kind}notify_fifo /run/f\n{kind}notify_fifo_script {script}"))
        )
    };
    let (instance, server) = (format!("{INSTANCE}}}\n"), format!("{SERVER}}}\n"));
    let both = format!("{instance}{server}");
    let (vrrp, check) = (violation("", false), violation("check ", false));
    says(&with("", "/ok", &instance), 6, std::slice::from_ref(&vrrp));
    says(&with("", "/ok", &server), 6, std::slice::from_ref(&check));
    says(&with("", "/ok", &both), 6, &[vrrp.clone(), check.clone()]);
    says(&with("", "/ok", ""), 0, &[]);
    says(&with("", "/missing", &both), 0, &[]);
    says(&with("", "/insecure", &instance), 6, &[violation("", true)]);
    says(&with("vrrp_", "/ok", &both), 6, &[vrrp]);
    says(&with("lvs_", "/ok", &both), 6, &[check]);
    says(&with("lvs_", "/ok", &instance), 0, &[]);
}

/// Not in 2.2.7: as the manual of 2.4.3 has it.
#[test]
fn a_key_file_must_be_private() {
    let hmac = "auth_hmac {\nkey 1 file:/key\nactive_key 1\n}\n}\n";
    for (mode, expected) in [(0o600, 0), (0o400, 0), (0o640, 6), (0o604, 6), (0o610, 6)] {
        let text = format!("{INSTANCE}version 3\n{hmac}");
        let host = host(&text).with_file("/key", "x".repeat(32)).with_mode("/key", mode);
        let options =
            LoadOptions { config_id: "node".to_owned(), all_includes_checked: false, test_mode: true };
        let loaded = load("/test.conf", &options, &host);
        assert_eq!(status::of_test(&loaded.report), expected, "{mode:o}: {:?}", loaded.report);
    }
}

#[test]
fn what_is_found_at_the_end_of_a_block_has_the_line_of_its_end() {
    let noscript = format!("vrrp_script x {{\ninterval 2\n}}\n{INSTANCE}}}\n");
    says(&noscript, 5, &["(/test.conf: Line 3) No script set for vrrp_script x - removing".to_owned()]);
    let unknown = format!("vrrp_script x {{\nscript /ok\nuser nobody_here\n}}\n{INSTANCE}}}\n");
    says(&unknown, 5, &["(/test.conf: Line 3) Unable to set uid/gid for script '/ok'".to_owned()]);
}
