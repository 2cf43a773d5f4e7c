//! Completions: each shell reads its files, and offers every command and option that the program's own help lists.

use std::path::PathBuf;
use std::process::Command;

use crate::contents::verbs;
use crate::support::{package, said, scratch, shown};

fn file(path: &str) -> PathBuf {
    package().files.join("usr/share").join(path)
}

fn commands() -> Vec<String> {
    let program = package().files.join("usr/bin/keepalivedctl");
    verbs(&shown(&Command::new(program).arg("help").output().expect("help")))
}

fn options() -> Vec<String> {
    let program = package().files.join("usr/sbin/keepalived");
    let help = shown(&Command::new(program).arg("-h").output().expect("help"));
    let words = help.split_whitespace().filter(|word| word.starts_with("--"));
    let options: Vec<String> =
        words.map(|word| word.split(['=', '[']).next().unwrap_or(word).to_owned()).collect();
    assert!(options.len() > 30, "the help was not understood: {help}");
    options
}

fn has_all(offered: &str, wanted: &[String], shell: &str) {
    let offered: Vec<&str> = offered.split_whitespace().collect();
    for word in wanted {
        assert!(offered.contains(&word.as_str()), "{shell} does not offer {word}, only {offered:?}");
    }
}

/// What bash offers behind these words, the last one being unfinished.
fn bash(program: &str, words: &str) -> String {
    let script = file("bash-completion/completions").join(program);
    said(Command::new("bash").arg("-n").arg(&script));
    let ask = format!(
        "source \"$0\"; COMP_WORDS=({words} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _{program}; \
         printf '%s\\n' \"${{COMPREPLY[@]}}\""
    );
    said(Command::new("bash").args(["--norc", "-euc", &ask]).arg(&script))
}

#[test]
fn bash_offers_what_the_programs_know() {
    has_all(&bash("keepalivedctl", "keepalivedctl"), &commands(), "bash");
    has_all(&bash("keepalivedctl", "keepalivedctl --socket /run/x"), &commands(), "bash");
    has_all(&bash("keepalivedctl", "keepalivedctl status"), &["--json".to_owned()], "bash");
    assert_eq!(bash("keepalivedctl", "keepalivedctl reload").trim(), "");
    has_all(&bash("keepalived", "keepalived"), &options(), "bash");
}

/// What zsh's functions would be told to offer.
fn zsh(program: &str, words: &str) -> String {
    let script = file("zsh/vendor-completions").join(format!("_{program}"));
    said(Command::new("zsh").arg("-n").arg(&script));
    let ask = format!(
        "_describe() {{ print -l -- ${{(P)2%%:*}} }}; compadd() {{ print -l -- ${{@:#--}} --socket }}; \
         _files() {{ print files }}; \
         _arguments() {{ print -l -- ${{${{${{@#\\(*\\)}}%%\\[*}}%%=*}} }}; \
         words=({words} ''); CURRENT=$#words; run() {{ source $0 }}; f=$1; source $f"
    );
    said(Command::new("zsh").args(["-f", "-c", &ask, "zsh"]).arg(&script))
}

#[test]
fn zsh_offers_what_the_programs_know() {
    has_all(&zsh("keepalivedctl", "keepalivedctl"), &commands(), "zsh");
    has_all(&zsh("keepalivedctl", "keepalivedctl --socket /run/x"), &commands(), "zsh");
    has_all(&zsh("keepalivedctl", "keepalivedctl status"), &["--json".to_owned()], "zsh");
    assert_eq!(zsh("keepalivedctl", "keepalivedctl check").trim(), "files");
    has_all(&zsh("keepalived", "keepalived"), &options(), "zsh");
}

fn fish(program: &str, line: &str) -> String {
    let script = file("fish/vendor_completions.d").join(format!("{program}.fish"));
    said(Command::new("fish").arg("--no-execute").arg(&script));
    let ask = format!("source {}; complete -C '{line}' | cut -f 1", script.display());
    // It makes directories at home.
    said(Command::new("fish").args(["--no-config", "-c", &ask]).env("HOME", scratch("fish")))
}

#[test]
fn fish_offers_what_the_programs_know() {
    has_all(&fish("keepalivedctl", "keepalivedctl "), &commands(), "fish");
    has_all(&fish("keepalivedctl", "keepalivedctl status --"), &["--json".to_owned()], "fish");
    has_all(&fish("keepalived", "keepalived --"), &options(), "fish");
}
