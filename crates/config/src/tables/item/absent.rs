//! Help about interfaces that a configuration names but the machine does not have.

use crate::context::Context;
use crate::diagnostic::Diagnostic;
use crate::nearest::nearest;

/// A report that is longer than this gets no more help: finding it costs time in proportion to the interfaces, and a
/// file can name a million that are missing.
const MAX_EXPLAINED: usize = 200;
/// More names of interfaces than this are counted only.
const MAX_LISTED: usize = 10;

/// Adds to `report` which interface may have been meant instead of `name`, and what can be done.
pub(crate) fn explain(report: Diagnostic, name: &str, context: &Context<'_>) -> Diagnostic {
    let report = report.label("no such interface");
    if context.report.diagnostics().len() > MAX_EXPLAINED {
        return report;
    }
    let mut names = context.host.interface_names();
    names.sort_unstable();
    let report = match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => report.help(format!("did you mean `{near}`?")),
        None => report,
    };
    let report = if names.is_empty() { report } else { report.help(listed(&names)) };
    report.help("`dynamic_interfaces` in global_defs allows interfaces that appear later")
}

/// The names in one sentence.
fn listed(names: &[String]) -> String {
    let shown = names.get(..MAX_LISTED).unwrap_or(names).join(", ");
    match names.len().saturating_sub(MAX_LISTED) {
        0 => format!("the interfaces of this machine are: {shown}"),
        more => format!("the interfaces of this machine are: {shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Class, Report};
    use crate::host::FakeHost;

    fn help(name: &str, host: &FakeHost) -> Vec<String> {
        let mut report = Report::default();
        let context = Context::new(host, &mut report, true);
        explain(Diagnostic::after_reading(Class::GeneralError, None, "x"), name, &context).help
    }

    const DYNAMIC: &str = "`dynamic_interfaces` in global_defs allows interfaces that appear later";

    #[test]
    fn the_nearest_interface_is_suggested_and_all_are_listed() {
        let host = FakeHost::new().with_ethernet("wan", &[]);
        let list = "the interfaces of this machine are: eth0, eth1, lo, wan";
        assert_eq!(help("wann", &host), ["did you mean `wan`?", list, DYNAMIC]);
        assert_eq!(help("infiniband7", &host), [list, DYNAMIC]);
    }

    #[test]
    fn a_long_list_is_cut() {
        let host =
            (0..20).fold(FakeHost::new(), |host, number| host.with_ethernet(&format!("v{number}"), &[]));
        assert!(help("infiniband7", &host)[0].ends_with(" and 13 more"));
    }
}
