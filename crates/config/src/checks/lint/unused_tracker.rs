//! A tracker that nobody uses is run or watched for nothing, or its name is misspelt where it is used.

use super::note;
use crate::context::{Context, Symbol};
use crate::span::Span;

/// Remarks `vrrp_script`, `track_file`, `vrrp_track_process` and `bfd_instance` blocks without a user.
pub(super) fn check(context: &mut Context<'_>) {
    let kinds = [
        (Symbol::Script, "vrrp_script", "track_script"),
        (Symbol::File, "track_file", "track_file in an instance"),
        (Symbol::Process, "vrrp_track_process", "track_process"),
        (Symbol::Bfd, "bfd_instance", "track_bfd"),
    ];
    for (kind, block, user) in kinds {
        let mut unused: Vec<(String, Span)> = context
            .symbols
            .all(kind)
            .filter(|(_, definition)| !definition.used)
            .map(|(name, definition)| (name.to_owned(), definition.span))
            .collect();
        unused.sort_by_key(|(_, span)| (span.file, span.line, span.column));
        for (name, span) in unused {
            let remark = note(Some(span), format!("{block} {name} is tracked by nobody"))
                .label("nothing refers to this")
                .help(format!("name it in a {user} list, or remove the block"));
            context.push(remark);
        }
    }
}
