//! What a reload takes away, in the original's words (seen of 2.2.7).

use super::{LogLine, detail, normal};
use crate::dump::prefix;
use keepalived_vrrp::Dropped;

/// The line for something of this instance, or for something static.
pub(super) fn line(instance: Option<&str>, what: &Dropped) -> Vec<LogLine> {
    match what {
        Dropped::Address { prefix, interface } => {
            let owner = instance.map_or_else(String::new, |name| format!("({name}) "));
            normal(format!("{owner}ip address {prefix} dev {interface}, no longer exist"))
        }
        Dropped::Route(destination) => detail(format!("Removing route {}", prefix(*destination))),
        Dropped::Rule { source, destination } => {
            let from = source.map_or_else(|| "all".to_owned(), prefix);
            let to = destination.map_or_else(String::new, |to| format!(" to {}", prefix(to)));
            detail(format!("ip rule from {from}{to} removed"))
        }
        Dropped::AllRoutes => detail("Removing a VirtualRoute block".to_owned()),
        Dropped::AllRules => normal("Removing a VirtualRule block".to_owned()),
    }
}
