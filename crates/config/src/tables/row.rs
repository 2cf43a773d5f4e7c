//! Short forms of a table row: one constructor for each [`Status`] and shape.

use crate::args::Args;
use crate::context::Context;
use crate::keyword::{ItemWord, Keyword, Kind, Nested, Status};

/// What a keyword's line does.
pub(crate) type Apply<D> = fn(&mut D, &mut Args<'_>, &mut Context<'_>);

/// A keyword with words on its line.
pub(crate) const fn line<D>(
    status: Status,
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
    apply: Apply<D>,
) -> Keyword<D> {
    Keyword { name, usage, default, help, status, kind: Kind::Line(apply) }
}

/// A keyword that the daemon acts on.
pub(crate) const fn acted<D>(
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
    apply: Apply<D>,
) -> Keyword<D> {
    line(Status::Acted, name, usage, default, help, apply)
}

/// A keyword that is kept, but that nobody acts on yet.
pub(crate) const fn pending<D>(
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
    apply: Apply<D>,
) -> Keyword<D> {
    line(Status::Pending, name, usage, default, help, apply)
}

/// A keyword without effect, in the original, too.
pub(crate) const fn inert<D>(
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
    apply: Apply<D>,
) -> Keyword<D> {
    line(Status::Inert, name, usage, default, help, apply)
}

/// A keyword with a block of keywords.
pub(crate) const fn block<D>(
    status: Status,
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    section: &'static dyn Nested<D>,
) -> Keyword<D> {
    Keyword { name, usage, default: "", help, status, kind: Kind::Block(section) }
}

/// A keyword with a list of items.
pub(crate) const fn list<D>(
    status: Status,
    name: &'static str,
    help: &'static str,
    item: Apply<D>,
    words: &'static [ItemWord],
) -> Keyword<D> {
    Keyword {
        name,
        usage: "{ ... }",
        default: "",
        help,
        status,
        kind: Kind::Lines { item, open: None, close: None, words },
    }
}

/// An option word of an item.
pub(crate) const fn word(
    status: Status,
    name: &'static str,
    usage: &'static str,
    default: &'static str,
    help: &'static str,
) -> ItemWord {
    ItemWord { name, usage, default, help, status }
}
