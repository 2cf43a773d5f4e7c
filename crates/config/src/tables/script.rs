//! Keywords that name a script.

use crate::args::Args;
use crate::context::Context;
use crate::tables::scalar::mistaken;
use keepalived_types::{Command, Credentials};

/// A script whose first line wins. `owner` is how the original names the block, as in `(VI_1)`.
pub(crate) fn first_wins(
    place: &mut Option<Box<Command>>,
    owner: &str,
    args: &mut Args<'_>,
    context: &mut Context<'_>,
) {
    if args.lacks_script(context) {
        return;
    }
    if place.is_some() {
        let Some(word) = args.next_word() else { return };
        let keyword = args.keyword();
        let noun = if keyword == "notify_deleted" { "" } else { " script" };
        let message = format!("{owner} {keyword}{noun} already specified - ignoring {}", word.text);
        return mistaken(word, context, message);
    }
    *place = args.command(context).map(Box::new);
}

/// `USER [[:]GROUP]` on a line of its own.
pub(crate) fn credentials(args: &mut Args<'_>, context: &mut Context<'_>) -> Option<Credentials> {
    let user = args.next_word()?;
    let group = args.next_word().map(|word| word.text);
    crate::script::credentials(user.text, group, user.span, context)
}
