//! What can be settled only when the whole file is read: groups, inheritance, defaults, and the repairs that the
//! original makes, in its order (lvs reference 1.10).

mod checks;
mod family;
mod overlaps;
mod ports;
mod real_servers;
mod service;

use super::draft::{Globals, LvsDraft, ServiceDraft, VirtualServerDraft};
use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::span::Span;
use keepalived_lvs::config::{Checker, Config, ServerGroup, TrackedFile, VirtualServer};
use keepalived_vrrp::config::FileTracker;
use std::collections::{HashMap, HashSet};

/// What completing a server may look at.
struct Known<'a> {
    globals: &'a Globals,
    groups: &'a HashMap<String, ServerGroup>,
    files: &'a HashMap<&'a str, &'a FileTracker>,
}

impl LvsDraft {
    /// Resolves groups, inheritance and defaults once the whole file is read.
    pub(crate) fn complete(
        self,
        globals: &Globals,
        files: &[FileTracker],
        context: &mut Context<'_>,
    ) -> Config {
        let mut order = Vec::new();
        let mut lines = Vec::new();
        let mut groups = HashMap::new();
        for group in self.groups {
            if !groups.contains_key(&group.name) {
                order.push(group.name.clone());
                lines.push(group.lines);
                groups.insert(group.name.clone(), ServerGroup { name: group.name, entries: group.entries });
            }
        }
        let file_names = files.iter().map(|file| (file.name.as_str(), file)).collect();
        let known = Known { globals, groups: &groups, files: &file_names };
        let virtual_servers = complete_servers(self.virtual_servers, &known, context);
        let config = Config {
            files: followed_files(&virtual_servers, files),
            virtual_servers,
            groups: order.iter().filter_map(|name| groups.remove(name)).collect(),
            tls: self.tls,
        };
        if globals.marks_groups {
            overlaps::note(&config, &lines, context);
        }
        config
    }
}

#[expect(clippy::vec_box, reason = "each draft is freed as soon as it is complete")]
fn complete_servers(
    drafts: Vec<Box<VirtualServerDraft>>,
    known: &Known<'_>,
    context: &mut Context<'_>,
) -> Vec<VirtualServer> {
    let mut ordinals: HashMap<String, u32> = HashMap::new();
    let mut services = HashMap::with_capacity(drafts.len());
    let mut servers = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let ordinal = match &draft.service {
            ServiceDraft::Group(name) => {
                let next = ordinals.entry(name.clone()).or_default();
                if !known.groups.contains_key(name) {
                    let message = format!(
                        "Virtual server group {name} specified but not configured - ignoring virtual server [{name}]:{next}"
                    );
                    context.push(Diagnostic::after_reading(Class::LogOnly, Some(draft.span), message));
                    continue;
                }
                let ordinal = *next;
                *next = next.saturating_add(1);
                ordinal
            }
            ServiceDraft::Address(..) | ServiceDraft::Mark(_) => {
                note_twin(&draft, &mut services, context);
                0
            }
        };
        servers.extend(service::complete(*draft, ordinal, known, context));
    }
    servers
}

/// Two virtual servers for one service: the original takes both in silence, and they fight.
fn note_twin(
    draft: &VirtualServerDraft,
    services: &mut HashMap<(ServiceDraft, Option<keepalived_lvs::config::Protocol>), Span>,
    context: &mut Context<'_>,
) {
    if let Some(first) = services.insert((draft.service.clone(), draft.protocol), draft.span) {
        let message = format!("virtual server {} is configured twice", draft.name(0));
        context.push(
            Diagnostic::after_reading(Class::Note, Some(draft.span), message).related(first, "also here"),
        );
    }
}

fn followed_files(servers: &[VirtualServer], files: &[FileTracker]) -> Vec<TrackedFile> {
    if files.is_empty() {
        return Vec::new();
    }
    let followed: HashSet<&str> = servers
        .iter()
        .flat_map(|server| &server.real_servers)
        .flat_map(|server| &server.checkers)
        .filter_map(|checker| match checker {
            Checker::File(check) => Some(check.file.as_str()),
            Checker::Active(_) | Checker::Bfd(_) => None,
        })
        .collect();
    files
        .iter()
        .filter(|file| followed.contains(file.name.as_str()))
        .map(|file| TrackedFile { name: file.name.clone(), path: file.path.clone() })
        .collect()
}

/// Reports what was found after reading.
fn say(context: &mut Context<'_>, span: Span, message: String) {
    context.push(Diagnostic::after_reading(Class::GeneralError, Some(span), message));
}
