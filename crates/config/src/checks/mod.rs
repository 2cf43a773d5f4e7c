//! What can only be checked and filled in when the whole file is known.

mod addresses;
mod announcements;
mod duplicates;
mod election;
mod global;
mod groups;
mod instance;
mod linkbeat;
mod lint;
mod network;
mod security;
mod trackers;
mod transport;

use crate::context::{Context, Symbol};
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::{ConfigDraft, VrrpDraft};
use crate::model::Config;
use crate::script::ScriptProblem;
use crate::span::Span;
use crate::tables::lvs::Globals;
use std::collections::HashSet;

/// Resolves references, fills in defaults, and reports what does not fit together. The result is complete even when
/// something stops the daemon from running with it; [`Report::stops`](crate::diagnostic::Report::stops) tells.
pub(crate) fn complete(mut draft: ConfigDraft, context: &mut Context<'_>) -> Config {
    global::complete(&mut draft.global, context);
    let (bfd, tracked_bfd) = draft.bfd.complete();
    let mut vrrp = draft.vrrp;
    let has_vrrp = !vrrp.instances.is_empty();
    if has_vrrp {
        report_unusable_scripts(&vrrp, context);
    }
    drop_unused_scripts(&mut vrrp, context);
    let objects = trackers::Objects::new(&vrrp, &tracked_bfd);
    let members = groups::members(&mut vrrp, context);
    trackers::complete(&mut vrrp, &members, &objects, context);
    let mut instances = instance::complete_all(&mut vrrp, &draft.global, &members, context);
    duplicates::check(&instances, &vrrp.instances, context);
    global::sync_daemon(&mut draft.global, &instances, &mut vrrp, context);
    let sync_groups = groups::complete(&vrrp, &members, &objects, &draft.global, context);
    groups::inherit_notices(&mut instances, &vrrp, &members, &draft.global.settings);
    let track_groups = groups::track_groups(&vrrp, context);
    report_missing_interfaces(&vrrp.interfaces.missing, context);
    let everywhere = draft.global.settings.vrrp.linkbeat_use_polling;
    let linkbeat = linkbeat::complete(vrrp.linkbeat, everywhere, &vrrp.instances, &instances);

    let files: Vec<_> = vrrp.files.into_iter().map(|(file, _)| file).collect();
    let globals = Globals {
        smtp_alert: draft.global.settings.mail.alert,
        smtp_alert_checker: draft.global.settings.mail.alert_checker,
        log_all_failures: draft.global.settings.lvs.log_all_failures,
        marks_groups: draft.global.settings.lvs.nftables.is_some(),
    };
    let lvs = draft.lvs.complete(&globals, &files, context);
    let config = Config {
        global: draft.global.settings,
        vrrp: keepalived_vrrp::config::Config {
            instances,
            sync_groups,
            scripts: vrrp.scripts.into_iter().map(|(script, _)| script).collect(),
            files,
            processes: vrrp.processes.into_iter().map(|(process, _)| process).collect(),
            bfd: tracked_bfd,
            static_addresses: vrrp.static_addresses,
            static_routes: vrrp.static_routes,
            static_rules: vrrp.static_rules,
            track_groups,
            garp_groups: vrrp.garp_groups,
            interface_delays: vrrp.delays,
            linkbeat,
            engine: draft.global.engine,
        },
        lvs,
        bfd,
    };
    lint::check(&config, &lint::Places::new(&vrrp.instances), context);
    // Where an interface is missing, the original's VRRP process ends before it judges its scripts.
    let runs_vrrp = has_vrrp && vrrp.interfaces.missing.is_empty();
    crate::script::report_violations(runs_vrrp, !config.lvs.virtual_servers.is_empty(), context);
    config
}

/// Also said of scripts that nobody tracks, but only where there is VRRP.
fn report_unusable_scripts(vrrp: &VrrpDraft, context: &mut Context<'_>) {
    for (name, problem, span) in &vrrp.unusable_scripts {
        let (why, help) = match problem {
            // The original says so in its log only.
            ScriptProblem::NotExecutable => continue,
            ScriptProblem::NotFoundOrAccessible => {
                ("since not found/accessible", "check its path, and that its user can reach it")
            }
            ScriptProblem::Insecure => (
                "due to insecure",
                "only root may be able to change the script and the directories on its path: check owners and modes",
            ),
        };
        let message = format!("Disabling track script {name} {why}");
        let report = Diagnostic::after_reading(Class::GeneralError, Some(*span), message);
        context.push(report.label("this command is not run").help(help));
    }
}

/// A script that nobody tracks is not run.
fn drop_unused_scripts(vrrp: &mut VrrpDraft, context: &mut Context<'_>) {
    let used: HashSet<&str> = context
        .symbols
        .all(Symbol::Script)
        .filter(|(_, definition)| definition.used)
        .map(|(name, _)| name)
        .collect();
    vrrp.scripts.retain(|(script, _)| used.contains(script.name.as_str()));
}

/// One line for all missing interfaces, as in the original.
fn report_missing_interfaces(missing: &[(String, Span)], context: &mut Context<'_>) {
    let Some((_, first)) = missing.first() else { return };
    let message = "Non-existent interface specified in configuration";
    let mut report = Diagnostic::after_reading(Class::BadInterface, Some(*first), message)
        .stopping(2)
        .label("does not exist")
        .help("create the interface, correct its name, or write `dynamic_interfaces` in global_defs");
    for (name, span) in missing.iter().skip(1).take(8) {
        report = report.related(*span, format!("`{name}` does not exist either"));
    }
    context.push(report);
}
