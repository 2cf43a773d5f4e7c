//! Reads a configuration from its files.

use crate::context::Context;
use crate::diagnostic::Report;
use crate::host::Host;
use crate::keyword::{Grammar, Section};
use crate::reader::budget::Bounds;
use crate::reader::{IncludeChecks, Reader};
use crate::source::SourceMap;
use crate::span::Span;
use crate::tree::{self, Node};
use std::fmt::Write;

mod whole;

pub use whole::{Loaded, load, load_with_tree, load_with_tree_within};

/// How to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadOptions {
    /// `-i`: what `@id` lines are compared with. [`default_config_id`] gives the original's default.
    pub config_id: String,
    /// `-e`: every `include` line must find its files.
    pub all_includes_checked: bool,
    /// `-t`: nothing may be created or changed on the machine.
    pub test_mode: bool,
}

/// The node's name up to the first dot.
#[must_use]
pub fn default_config_id(host: &dyn Host) -> String {
    let name = host.host_name();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The lines of a configuration, before any keyword did anything.
#[derive(Debug)]
pub struct LoadedTree {
    /// The lines, nested. Empty when there was nothing to read.
    pub tree: Vec<Node>,
    /// What is wrong with them.
    pub report: Report,
    /// The files they come from.
    pub sources: SourceMap,
    /// There was at least one file.
    pub found: bool,
}

/// Reads files and nests their lines as `grammar` says. `path_pattern` is what `-f` names: a path or a glob pattern.
#[must_use]
pub fn load_tree(
    path_pattern: &str,
    options: &LoadOptions,
    host: &dyn Host,
    grammar: &'static dyn Grammar,
) -> LoadedTree {
    load_tree_within(path_pattern, options, Bounds::default(), host, grammar)
}

fn load_tree_within(
    path_pattern: &str,
    options: &LoadOptions,
    bounds: Bounds,
    host: &dyn Host,
    grammar: &'static dyn Grammar,
) -> LoadedTree {
    let mut report = Report::default();
    report.reported_by_parent(true);
    let checks = if options.all_includes_checked { IncludeChecks::ALL } else { IncludeChecks::default() };
    let mut reader = Reader::new(host, &options.config_id, checks).within(bounds);
    let found = reader.open(path_pattern, &mut report);
    let tree = tree::build(&mut reader, grammar, &mut report);
    LoadedTree { tree, report, sources: reader.into_sources(), found }
}

impl LoadedTree {
    /// Applies a table to the lines. For tests of single tables, and for tools; [`load`] does all of it.
    pub fn apply<S: 'static>(
        &mut self,
        table: &Section<(), S>,
        draft: &mut S,
        host: &dyn Host,
        test_mode: bool,
    ) -> Vec<(&'static str, Span)> {
        let mut context = Context::new(host, &mut self.report, test_mode);
        table.apply_root(draft, self.tree.clone(), &mut context);
        context.pending.into_list()
    }
}

/// The configuration as one text without includes, conditions, definitions and sequences; reading it gives the same.
#[must_use]
pub fn consolidated(tree: &[Node]) -> String {
    let mut text = String::new();
    for node in tree {
        write!(text, "{node}").expect("a String takes everything");
    }
    text
}
