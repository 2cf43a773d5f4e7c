//! What needs no guest. Guests themselves: crates/lab/tests/second_kernel.rs.

use super::*;

#[test]
fn words_reach_the_command_unchanged() {
    let kernel = SecondKernel::new().environment("QUOTED", "it's $HOME");
    let script = kernel.command(&["echo", "a b", "it's", "$(x)"]).expect("a script");
    assert!(script.ends_with("exec 'echo' 'a b' 'it'\\''s' '$(x)'\n"), "{script}");
    assert!(script.contains("export QUOTED='it'\\''s $HOME'\n"));
}

#[test]
fn a_guest_that_cannot_run_here_says_what_to_change() {
    let text = explain("check_ptrace : ptrace failed with errno 1", "");
    assert!(text.starts_with("this machine does not let its processes trace each other"), "{text}");
    let text = explain("PROT_EXEC mmap in /dev/shm...Operation not permitted", "");
    assert!(text.contains("mounted noexec"), "{text}");
    assert!(explain("Kernel panic", "half a line").contains("half a line"));
}

#[test]
fn only_the_end_of_a_long_console_is_shown() {
    assert_eq!(last_part("short"), "short");
    let long = "ä".repeat(5000);
    assert_eq!(last_part(&long).chars().count(), 2000);
}
