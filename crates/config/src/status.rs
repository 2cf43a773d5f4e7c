//! The exit status of `-t` (config-language reference 6.6).

use crate::diagnostic::{Class, Report};

/// 0 when nothing counts; 2 for a missing argument; 4 when files, interfaces and fatal mistakes are all there is; 6 for
/// a security problem or a failed check of `include`; else 5.
#[must_use]
pub fn of_test(report: &Report) -> u8 {
    if let Some(status) = report.test_status() {
        return status;
    }
    match report.worst() {
        None | Some(Class::Note | Class::LogOnly | Class::Remark) => 0,
        Some(Class::FileNotFound | Class::BadInterface | Class::Fatal) => 4,
        Some(Class::SecurityError) => 6,
        Some(_) => 5,
    }
}

/// The exit status with which a daemon refuses to start, or `None` when it can run (6.4).
#[must_use]
pub fn of_start(report: &Report) -> Option<u8> {
    report.stops()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostic;

    fn status(classes: &[Class]) -> u8 {
        let mut report = Report::default();
        for class in classes {
            report.push(Diagnostic::after_reading(*class, None, "x"));
        }
        of_test(&report)
    }

    #[test]
    fn the_worst_class_decides() {
        assert_eq!(status(&[]), 0);
        assert_eq!(status(&[Class::Note, Class::LogOnly, Class::Remark]), 0);
        assert_eq!(status(&[Class::BadInterface]), 4);
        assert_eq!(status(&[Class::FileNotFound, Class::Fatal]), 4);
        assert_eq!(status(&[Class::Fatal, Class::Deprecated]), 5);
        assert_eq!(status(&[Class::UnknownKeyword, Class::SecurityError]), 6);
    }

    #[test]
    fn a_missing_argument_decides_alone() {
        let mut report = Report::default();
        report.push(Diagnostic::after_reading(Class::SecurityError, None, "x"));
        report.push(Diagnostic::after_reading(Class::MissingParameter, None, "x").stopping(2).deciding(2));
        assert_eq!(of_test(&report), 2);
        assert_eq!(of_start(&report), Some(2));
    }
}
