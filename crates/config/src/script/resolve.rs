//! From the words of a script to a command: its user, its file, and what is wrong with them.

use super::ScriptWords;
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::host::ScriptFile;
use crate::span::Span;
use keepalived_types::{Command, Credentials};
use std::path::{Path, PathBuf};

/// The user that scripts run as when nobody is named and it exists.
pub(crate) const DEFAULT_USER: &str = "keepalived_script";

/// Who runs a script, as far as reports differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptKind {
    /// `startup_script`, `shutdown_script`: the parent.
    StartOrShutdown,
    /// Notify scripts of VRRP, `vrrp_notify_fifo_script`.
    Vrrp,
    /// `vrrp_script`.
    Track,
    /// Notify scripts of virtual and real servers, `misc_path`, `lvs_notify_fifo_script`.
    Check,
    /// `notify_fifo_script`: VRRP and checkers each start one.
    Fifo,
}

impl ScriptKind {
    /// The kind that a keyword's script has.
    #[must_use]
    pub fn of_keyword(keyword: &str) -> Self {
        match keyword {
            "startup_script" | "shutdown_script" => Self::StartOrShutdown,
            "quorum_up"
            | "quorum_down"
            | "notify_up"
            | "notify_down"
            | "misc_path"
            | "lvs_notify_fifo_script" => Self::Check,
            "notify_fifo_script" => Self::Fifo,
            _ => Self::Vrrp,
        }
    }

    /// `</path` is known to these: it only tests that the file opens.
    fn allows_file_test(self) -> bool {
        matches!(self, Self::StartOrShutdown | Self::Check | Self::Track)
    }
}

/// Why a script cannot be used. Already reported, in the words that all scripts share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptProblem {
    /// Missing or out of reach.
    NotFoundOrAccessible,
    /// Not executable for its user. The original counts it as a script in use all the same.
    NotExecutable,
    /// Somebody other than root could change it, and `enable_script_security` is on.
    Insecure,
}

/// Looks up a user and, maybe, a group. `None` when one does not exist, which has been logged. `:` before a group, or
/// instead of one, asks for the user's supplementary groups, too.
pub fn credentials(
    user: &str,
    group: Option<&str>,
    span: Span,
    context: &mut Context<'_>,
) -> Option<Credentials> {
    let Some(found) = context.host.user(user) else {
        log(span, format!("Script user '{user}' does not exist"), context);
        return None;
    };
    let supplementary =
        context.scripts.supplementary_groups || group.is_some_and(|group| group.starts_with(':'));
    let gid = match group.map(|group| group.trim_start_matches(':')) {
        None | Some("") => found.gid,
        Some(name) => {
            let Some(gid) = context.host.group(name) else {
                log(span, format!("Script group '{name}' does not exist"), context);
                return None;
            };
            gid
        }
    };
    let groups = supplementary.then(|| context.host.groups_of(user, gid));
    Some(Credentials { uid: found.uid, gid, groups })
}

/// `set_supplementary_groups` after `script_user`: that user, with all groups now.
pub fn supplement(context: &mut Context<'_>) -> Option<Credentials> {
    let scripts = &mut context.scripts;
    if scripts.supplementary_groups
        && let (Some(user), Some(name)) = (&mut scripts.user, &scripts.user_name)
        && user.groups.is_none()
    {
        user.groups = Some(context.host.groups_of(name, user.gid));
    }
    scripts.user.clone()
}

/// The user for scripts that name none: `script_user`, else `keepalived_script`, else (without
/// `enable_script_security`) whoever runs the daemon.
pub fn default_user(span: Span, context: &mut Context<'_>) -> Option<Credentials> {
    if context.scripts.user.is_some() || context.scripts.user_is_invalid {
        return context.scripts.user.clone();
    }
    if let Some(known) = &context.scripts.default_user {
        return known.clone();
    }
    let user = match context.host.user(DEFAULT_USER) {
        Some(user) => {
            let wanted = context.scripts.supplementary_groups;
            let groups = wanted.then(|| context.host.groups_of(DEFAULT_USER, user.gid));
            Some(Credentials { uid: user.uid, gid: user.gid, groups })
        }
        None => {
            log(span, format!("Script user '{DEFAULT_USER}' does not exist"), context);
            let (uid, gid) = context.host.own_ids();
            (!context.scripts.security).then_some(Credentials { uid, gid, groups: None })
        }
    };
    if user.is_none() {
        let message = format!("Unable to set default user {DEFAULT_USER} for script");
        context.push(
            Diagnostic::at(Class::GeneralError, span, message)
                .help("with enable_script_security, scripts need 'script_user' or a user of that name"),
        );
    }
    context.scripts.default_user = Some(user.clone());
    user
}

/// Judges the file of a script for the user that is to run it, and notes that a script is used.
///
/// # Errors
/// It cannot be used; the reason has been logged.
pub fn resolve(
    words: &ScriptWords,
    run_as: Credentials,
    kind: ScriptKind,
    context: &mut Context<'_>,
) -> Result<Command, ScriptProblem> {
    let name = words.argv.first().map_or("", String::as_str);
    if let Some(path) = file_test(words)
        && kind.allows_file_test()
    {
        return Ok(file_test_command(path, run_as));
    }
    match context.host.script(Path::new(name), run_as.uid, run_as.gid) {
        ScriptFile::Usable { path, insecure, needs_shell } => {
            if !name.contains('/') {
                let shown = path.display();
                let message = format!(
                    "WARNING - script `{name}` resolved by path search to `{shown}`. Please specify full path."
                );
                log(words.span, message, context);
            }
            if insecure {
                judge_insecure(&path, words.span, context)?;
            }
            note_used(kind, insecure, context);
            let path = if context.scripts.use_symlink_paths && name.starts_with('/') {
                PathBuf::from(name)
            } else {
                path
            };
            Ok(Command { path, argv: words.argv.clone(), run_as, through_shell: needs_shell })
        }
        ScriptFile::NotExecutable => {
            let (uid, gid) = (run_as.uid, run_as.gid);
            let message =
                format!("WARNING - script '{name}' is not executable for uid:gid {uid}:{gid} - disabling.");
            log(words.span, message, context);
            note_used(kind, false, context);
            Err(ScriptProblem::NotExecutable)
        }
        ScriptFile::Inaccessible(reason) => {
            log(words.span, format!("Script {name} cannot be accessed - {reason}"), context);
            Err(ScriptProblem::NotFoundOrAccessible)
        }
    }
}

/// The file of `< /path`.
fn file_test(words: &ScriptWords) -> Option<&str> {
    let rest = words.argv.first()?.strip_prefix('<')?;
    let path = if rest.is_empty() { words.argv.get(1)? } else { rest };
    let path = path.trim_start_matches([' ', '\t']);
    path.starts_with('/').then_some(path)
}

fn file_test_command(path: &str, run_as: Credentials) -> Command {
    let quoted = path.replace('\'', r"'\''");
    Command {
        path: PathBuf::from("/bin/sh"),
        argv: vec!["/bin/sh".to_owned(), "-c".to_owned(), format!("<'{quoted}'")],
        run_as,
        through_shell: false,
    }
}

fn judge_insecure(path: &Path, span: Span, context: &mut Context<'_>) -> Result<(), ScriptProblem> {
    let end = if context.scripts.security { " - disabling." } else { "." };
    log(span, format!("Unsafe permissions found for script '{}'{end}", path.display()), context);
    if context.scripts.security { Err(ScriptProblem::Insecure) } else { Ok(()) }
}

fn note_used(kind: ScriptKind, insecure: bool, context: &mut Context<'_>) {
    let used = &mut context.scripts.used;
    match kind {
        ScriptKind::StartOrShutdown => used.start_or_shutdown.note(insecure),
        ScriptKind::Vrrp | ScriptKind::Track => used.vrrp.note(insecure),
        ScriptKind::Check => used.checks.note(insecure),
        ScriptKind::Fifo => {
            used.vrrp.note(insecure);
            used.checks.note(insecure);
        }
    }
}

/// After reading: scripts are used although `enable_script_security` is off. Test mode ends with status 6 then.
/// `has_vrrp` and `has_checks` say which of the processes there is; what belongs to the other is never run.
pub fn report_violations(has_vrrp: bool, has_checks: bool, context: &mut Context<'_>) {
    if context.scripts.security {
        return;
    }
    let used = context.scripts.used;
    let kinds = [
        (true, used.start_or_shutdown, "start/shutdown "),
        (has_checks, used.checks, "check "),
        (has_vrrp, used.vrrp, ""),
    ];
    for (_, used, kind) in kinds.into_iter().filter(|(runs, used, _)| *runs && used.any) {
        let insecure = if used.insecure { " There are insecure scripts." } else { "" };
        let message = format!(
            "SECURITY VIOLATION - {kind}scripts are being executed but script_security not enabled.{insecure}"
        );
        context.push(
            Diagnostic::after_reading(Class::SecurityError, None, message)
                .help("add 'enable_script_security' and 'script_user' to global_defs"),
        );
    }
}

/// The original says these in its log, which test mode does not show.
fn log(span: Span, message: String, context: &mut Context<'_>) {
    context.push(Diagnostic::after_reading(Class::LogOnly, Some(span), message));
}
