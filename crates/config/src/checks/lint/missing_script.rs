//! A notify script that is not there is dropped with a log line that few people read.

use super::{Places, note};
use crate::context::Context;
use crate::model::Config;

/// Remarks scripts that were named but dropped. The reason is in the log; here it gets a place.
pub(super) fn check(config: &Config, places: &Places<'_>, context: &mut Context<'_>) {
    for instance in &config.vrrp.instances {
        let Some(draft) = places.draft(instance) else { continue };
        for (keyword, span) in &draft.notices.dropped {
            let message =
                format!("({}) {keyword}: the script cannot be run, nobody will be told", instance.name);
            let remark = note(Some(*span), message).label("this command is not run");
            context.push(remark.help("check its path, its permissions and its user"));
        }
    }
}
