//! Blocks that are skipped whole, whatever stands in them, because of their first line (config-language reference 2.1).

use crate::line::Line;
use std::collections::HashSet;

/// The names of blocks so far.
#[derive(Default)]
pub(super) struct Names {
    seen: HashSet<String>,
}

impl Names {
    /// Will the block at the top level that `line` opens be skipped? Its table says why; that its body is not looked at
    /// has to be known here already, because unknown words and braces in it then mean nothing.
    pub(super) fn refuse(&mut self, line: &Line) -> bool {
        let Some(keyword) = line.word(0) else { return false };
        let wants_one_name = match keyword.text {
            "vrrp_instance" | "vrrp_sync_group" | "track_group" => true,
            "bfd_instance" => false,
            _ => return false,
        };
        let Some(name) = line.word(1) else { return wants_one_name };
        if wants_one_name && line.len() > 2 {
            return true;
        }
        !self.seen.insert(format!("{} {}", keyword.text, name.text))
    }
}
