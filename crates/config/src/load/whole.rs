//! From files to the typed configuration.

use super::{LoadOptions, LoadedTree, load_tree, load_tree_within};
use crate::context::Context;
use crate::diagnostic::Report;
use crate::host::Host;
use crate::model::Config;
use crate::reader::budget::Bounds;
use crate::source::SourceMap;
use crate::span::Span;
use crate::tables;
use crate::tree::Node;

/// What reading gave.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration, as far as it could be read; `None` when there was no file to read. Whether the daemon may run
    /// with it is for [`Report::stops`] to say.
    pub config: Option<Config>,
    /// Everything that is wrong.
    pub report: Report,
    /// The files that were read.
    pub sources: SourceMap,
    /// The configuration as one text, when `config_save_dir` asks for it; see [`consolidated`](super::consolidated).
    pub copy: Option<String>,
    /// Known keywords that nobody acts on yet, each with the place of its first use.
    pub pending: Vec<(&'static str, Span)>,
}

/// Reads a configuration. `path_pattern` is what `-f` names: a path or a glob pattern.
#[must_use]
pub fn load(path_pattern: &str, options: &LoadOptions, host: &dyn Host) -> Loaded {
    let mut read = load_tree(path_pattern, options, host, &tables::ROOT);
    let tree = std::mem::take(&mut read.tree);
    understand(read, tree, options, host)
}

/// The same, and the lines, nested; see [`consolidated`](super::consolidated). They cost as much memory again.
#[must_use]
pub fn load_with_tree(path_pattern: &str, options: &LoadOptions, host: &dyn Host) -> (Loaded, Vec<Node>) {
    load_with_tree_within(path_pattern, options, Bounds::default(), host)
}

/// The same within tighter bounds than a daemon's: for the fuzzer, which soon finds out how to be slow.
#[must_use]
pub fn load_with_tree_within(
    path_pattern: &str,
    options: &LoadOptions,
    bounds: Bounds,
    host: &dyn Host,
) -> (Loaded, Vec<Node>) {
    let mut read = load_tree_within(path_pattern, options, bounds, host, &tables::ROOT);
    let tree = std::mem::take(&mut read.tree);
    (understand(read, tree.clone(), options, host), tree)
}

fn understand(mut read: LoadedTree, tree: Vec<Node>, options: &LoadOptions, host: &dyn Host) -> Loaded {
    let copy = asks_for_copy(&tree).then(|| super::consolidated(&tree));
    let mut context = Context::new(host, &mut read.report, options.test_mode);
    let config = read.found.then(|| tables::read(tree, &mut context));
    let pending = context.pending.into_list();
    Loaded { config, report: read.report, sources: read.sources, copy, pending }
}

/// Does `global_defs` name a directory for copies?
fn asks_for_copy(tree: &[Node]) -> bool {
    let is = |node: &Node, name: &str| node.line.word(0).is_some_and(|word| word.text == name);
    let globals = tree.iter().filter(|node| is(node, "global_defs")).filter_map(Node::body);
    globals.flatten().any(|node| is(node, "config_save_dir"))
}
