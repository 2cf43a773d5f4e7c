//! Remarks beyond the original's: configurations that are valid and yet cannot do what they seem to be for.
//!
//! All are notes: they never change an exit status, and no start or reload fails because of them.

mod clashing_vrids;
mod ineffective_weight;
mod master_without_preemption;
mod missing_script;
mod off_link_address;
mod owner_without_address;
mod unreachable_in_strict_mode;
mod unused_tracker;

use crate::context::Context;
use crate::diagnostic::{Class, Diagnostic};
use crate::draft::InstanceDraft;
use crate::model::Config;
use crate::span::Span;
use keepalived_vrrp::config::InstanceConfig;
use std::collections::HashMap;

/// Where instances and their keywords stand.
pub(super) struct Places<'a> {
    drafts: HashMap<&'a str, &'a InstanceDraft>,
}

impl<'a> Places<'a> {
    pub(super) fn new(drafts: &'a [InstanceDraft]) -> Self {
        Self { drafts: drafts.iter().map(|draft| (draft.name.as_str(), draft)).collect() }
    }

    /// The line of `keyword` in an instance, or its block.
    fn of(&self, instance: &InstanceConfig, keyword: &str) -> Option<Span> {
        self.drafts.get(instance.name.as_str()).map(|draft| draft.span_of(keyword))
    }

    /// What was written.
    fn draft(&self, instance: &InstanceConfig) -> Option<&'a InstanceDraft> {
        self.drafts.get(instance.name.as_str()).copied()
    }
}

/// A remark about an instance.
fn note(span: Option<Span>, message: impl Into<String>) -> Diagnostic {
    Diagnostic::after_reading(Class::Note, span, message)
}

/// Runs every lint.
pub(super) fn check(config: &Config, places: &Places<'_>, context: &mut Context<'_>) {
    for instance in &config.vrrp.instances {
        owner_without_address::check(instance, places, context);
        master_without_preemption::check(instance, places, context);
        off_link_address::check(instance, places, context);
        unreachable_in_strict_mode::check(instance, places, context);
        ineffective_weight::check(instance, places, context);
    }
    clashing_vrids::check(config, places, context);
    unused_tracker::check(context);
    missing_script::check(config, places, context);
}

#[cfg(test)]
mod tests;
