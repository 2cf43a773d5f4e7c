//! Completions for bash, zsh and fish, made from what the programs say of themselves.

use std::fmt::Write as _;
use std::path::Path;

use super::help::{self, Choice, Verb};
use crate::Result;

/// A file and where it goes below /usr/share.
pub(super) struct Script {
    /// `bash-completion/completions/keepalivedctl`.
    pub(super) path: &'static str,
    /// In the shell's language.
    pub(super) text: String,
}

/// All of them.
pub(super) fn scripts(programs: &Path) -> Result<Vec<Script>> {
    let options = help::options(&help::of(&programs.join("keepalived"), "-h")?);
    let verbs = merged(help::verbs(&help::of(&programs.join("keepalivedctl"), "help")?));
    let script = |path, text| Script { path, text };
    Ok(vec![
        script("bash-completion/completions/keepalived", bash_options(&options)),
        script("bash-completion/completions/keepalivedctl", bash_verbs(&verbs)),
        script("zsh/vendor-completions/_keepalived", zsh_options(&options)),
        script("zsh/vendor-completions/_keepalivedctl", zsh_verbs(&verbs)),
        script("fish/vendor_completions.d/keepalived.fish", fish_options(&options)),
        script("fish/vendor_completions.d/keepalivedctl.fish", fish_verbs(&verbs)),
    ])
}

/// A command that the help lists twice, with different words behind it, is one to a shell.
fn merged(verbs: Vec<Verb>) -> Vec<Verb> {
    let mut merged: Vec<Verb> = Vec::new();
    for verb in verbs {
        match merged.iter_mut().find(|known| known.name == verb.name) {
            Some(known) => {
                known.usage.push(' ');
                known.usage.push_str(&verb.usage);
            }
            None => merged.push(verb),
        }
    }
    merged
}

/// What may follow a command, read from its usage.
struct Follows {
    /// A name of an instance or a group.
    name: bool,
    /// A file.
    file: bool,
    /// Words and options that mean themselves: `on`, `off`, `--json`.
    words: Vec<String>,
}

impl Follows {
    fn of(verb: &Verb) -> Self {
        let mut follows = Self { name: false, file: false, words: Vec::new() };
        for word in verb.usage.split(|letter: char| " []|()".contains(letter)).filter(|word| !word.is_empty())
        {
            match word {
                "NAME" => follows.name = true,
                "FILE" => follows.file = true,
                word if word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-') => {
                    follows.words.push(word.to_owned());
                }
                // The value of an option, or dots.
                _ => {}
            }
        }
        follows
    }
}

/// Lists the instances of the running daemon; nothing when there is none.
const NAMES: &str = "keepalivedctl status 2>/dev/null | awk 'seen { print $1 } /^INSTANCE / { seen = 1 }'";

/// Options that want a file or a directory.
fn wants_file(option: &Choice) -> bool {
    option.value.contains("FILE")
}

/// The value has to follow.
fn wants_value(option: &Choice) -> bool {
    option.value.starts_with('=') || option.value.starts_with(' ')
}

fn names(option: &Choice) -> impl Iterator<Item = String> {
    let short = option.short.map(|short| format!("-{short}"));
    short.into_iter().chain([format!("--{}", option.long)])
}

fn bash_options(options: &[Choice]) -> String {
    let all: Vec<String> = options.iter().flat_map(names).collect();
    let of = |wanted: fn(&Choice) -> bool| {
        let chosen: Vec<String> = options.iter().filter(|option| wanted(option)).flat_map(names).collect();
        chosen.join(" | ")
    };
    let files = of(|option| wants_value(option) && wants_file(option));
    let others = of(|option| wants_value(option) && !wants_file(option));
    format!(
        "\
# keepalived(8), for bash.
_keepalived() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
    case $previous in
    {files})
        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")
        return
        ;;
    {others})
        COMPREPLY=()
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\")
}}
complete -o filenames -F _keepalived keepalived
",
        all.join(" ")
    )
}

fn bash_verbs(verbs: &[Verb]) -> String {
    let all: Vec<&str> = verbs.iter().map(|verb| verb.name.as_str()).collect();
    let mut cases = String::new();
    for verb in verbs {
        let follows = Follows::of(verb);
        let mut offers = Vec::new();
        if !follows.words.is_empty() {
            offers.push(format!("compgen -W '{}' -- \"$current\"", follows.words.join(" ")));
        }
        if follows.name {
            offers.push(format!("compgen -W \"$({NAMES})\" -- \"$current\""));
        }
        if follows.file {
            offers.push("compgen -f -- \"$current\"".to_owned());
        }
        if !offers.is_empty() {
            let offers = offers.join("; ");
            let _ =
                writeln!(cases, "    {})\n        mapfile -t COMPREPLY < <({offers})\n        ;;", verb.name);
        }
    }
    format!(
        "\
# keepalivedctl(1), for bash.
_keepalivedctl() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} verb= number
    COMPREPLY=()
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
    -s | --socket)
        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")
        return
        ;;
    esac
    for ((number = 1; number < COMP_CWORD; number++)); do
        case ${{COMP_WORDS[number]}} in
        -s | --socket) ((number++)) ;;
        -*) ;;
        *)
            verb=${{COMP_WORDS[number]}}
            break
            ;;
        esac
    done
    case $verb in
    '')
        mapfile -t COMPREPLY < <(compgen -W '{} --socket --help' -- \"$current\")
        ;;
{cases}    esac
}}
complete -o filenames -F _keepalivedctl keepalivedctl
",
        all.join(" ")
    )
}

/// A description inside single quotes and square brackets.
fn zsh_text(text: &str) -> String {
    text.replace('\'', "’").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

fn zsh_options(options: &[Choice]) -> String {
    let mut specs = String::new();
    for option in options {
        let value = match (option.value.is_empty(), wants_value(option), wants_file(option)) {
            (true, ..) => "",
            (_, true, true) => ":file:_files",
            (_, true, false) => ":value: ",
            (_, false, true) => "::file:_files",
            (_, false, false) => "::value: ",
        };
        let text = zsh_text(&option.text);
        // A value that may be missing has to be glued on; one that may not be may stand apart, too.
        let glue = if option.value.is_empty() {
            ""
        } else if wants_value(option) {
            "="
        } else {
            "=-"
        };
        let _ = match option.short {
            Some(short) => writeln!(
                specs,
                "    '(-{short} --{long})'{{-{short},--{long}{glue}}}'[{text}]{value}' \\",
                long = option.long
            ),
            None => writeln!(specs, "    '--{}{glue}[{text}]{value}' \\", option.long),
        };
    }
    format!("#compdef keepalived\n# keepalived(8), for zsh.\n_arguments -s \\\n{specs}    && return 0\n")
}

fn zsh_verbs(verbs: &[Verb]) -> String {
    let mut list = String::new();
    let mut cases = String::new();
    for verb in verbs {
        let _ = writeln!(list, "    '{}:{}'", verb.name, verb.text.replace('\'', "’").replace(':', "\\:"));
        let follows = Follows::of(verb);
        let mut offers = Vec::new();
        if !follows.words.is_empty() {
            offers.push(format!("compadd -- {}", follows.words.join(" ")));
        }
        if follows.name {
            offers.push(format!("compadd -- ${{(f)\"$({NAMES})\"}}"));
        }
        if follows.file {
            offers.push("_files".to_owned());
        }
        if !offers.is_empty() {
            let _ = writeln!(cases, "    {})\n        {}\n        ;;", verb.name, offers.join("\n        "));
        }
    }
    format!(
        "\
#compdef keepalivedctl
# keepalivedctl(1), for zsh.
local -a verbs
verbs=(
{list})
local verb= number
for ((number = 2; number < CURRENT; number++)); do
    case ${{words[number]}} in
    (-s|--socket) ((number++)) ;;
    (-*) ;;
    (*)
        verb=${{words[number]}}
        break
        ;;
    esac
done
case ${{words[CURRENT-1]}} in
(-s|--socket)
    _files
    return
    ;;
esac
if [[ -z $verb ]]; then
    _describe 'command' verbs
    compadd -- --socket --help
    return
fi
case $verb in
{cases}esac
"
    )
}

fn fish_text(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}

fn fish_options(options: &[Choice]) -> String {
    let mut text = String::from("# keepalived(8), for fish.\ncomplete -c keepalived -f\n");
    for option in options {
        let short = option.short.map_or_else(String::new, |short| format!(" -s {short}"));
        let value = match (wants_value(option), wants_file(option)) {
            (true, true) => " -r -F",
            (true, false) => " -x",
            (false, _) => "",
        };
        let _ = writeln!(
            text,
            "complete -c keepalived{short} -l {}{value} -d '{}'",
            option.long,
            fish_text(&option.text)
        );
    }
    text
}

fn fish_verbs(verbs: &[Verb]) -> String {
    let mut text = String::from(
        "# keepalivedctl(1), for fish.
complete -c keepalivedctl -f
complete -c keepalivedctl -s s -l socket -r -F -d 'Socket of the daemon'
complete -c keepalivedctl -s h -l help -d 'Commands'
",
    );
    for verb in verbs {
        let Verb { name, text: help, .. } = verb;
        let _ = writeln!(
            text,
            "complete -c keepalivedctl -n __fish_use_subcommand -a {name} -d '{}'",
            fish_text(help)
        );
        let after = format!("complete -c keepalivedctl -n '__fish_seen_subcommand_from {name}'");
        let follows = Follows::of(verb);
        for word in &follows.words {
            let _ = match word.strip_prefix("--") {
                Some(option) => writeln!(text, "{after} -l {option}"),
                None => writeln!(text, "{after} -a {word}"),
            };
        }
        if follows.name {
            let _ = writeln!(text, "{after} -a '({})'", NAMES.replace('\'', "\\'"));
        }
        if follows.file {
            let _ = writeln!(text, "{after} -F");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_is_listed_twice_is_offered_once_with_all_that_may_follow() {
        let help = "  switchover NAME          gives way\n  switchover --return [NAME]\n                           ends it\n  \
            maintenance on|off       stays out\n";
        let verbs = merged(help::verbs(help));
        let names: Vec<&str> = verbs.iter().map(|verb| verb.name.as_str()).collect();
        assert_eq!(names, ["switchover", "maintenance"]);
        let follows = Follows::of(&verbs[0]);
        assert!(follows.name && !follows.file);
        assert_eq!(follows.words, ["--return"]);
        assert_eq!(Follows::of(&verbs[1]).words, ["on", "off"]);
    }
}
