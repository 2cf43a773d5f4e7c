//! Scripts of virtual and real servers: the first of each kind wins.

use crate::args::Args;
use crate::context::Context;
use crate::diagnostic::Class;
use keepalived_types::Command;

/// Reads a script into an empty slot. `owner` is the server's name as messages write it.
pub(super) fn read(
    slot: &mut Option<Box<Command>>,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
    owner: &str,
) {
    if args.lacks_script(context) {
        return;
    }
    let Some(word) = args.peek() else { return };
    if slot.is_some() {
        let keyword = args.keyword();
        let message = format!("({owner}) {keyword} script already specified - ignoring {}", word.text);
        context.report(Class::GeneralError, args.span(), message);
        return;
    }
    *slot = args.command(context).map(Box::new);
}
