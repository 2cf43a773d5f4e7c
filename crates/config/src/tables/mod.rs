//! The keyword tables: one file per block, one row per keyword.

pub mod bfd;
mod global;
mod group;
mod instance;
mod interfaces;
pub(crate) mod item;
pub mod lvs;
mod root;
mod row;
mod scalar;
mod script;
mod statics;
mod track_file;
mod track_process;
mod track_script;

pub use root::ROOT;

use crate::context::Context;
use crate::draft::ConfigDraft;
use crate::model::Config;
use crate::tree::Node;

/// Reads a whole tree: every line by its table, then everything that needs the whole file.
pub(crate) fn read(tree: Vec<Node>, context: &mut Context<'_>) -> Config {
    let mut draft = ConfigDraft::default();
    ROOT.apply_root(&mut draft, tree, context);
    crate::checks::complete(draft, context)
}
