//! The table: ours, the original, the machine's limit, and whether the aim is met.

use std::fmt::Write as _;

/// How good we want to be, and beside what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    /// At most this part of the original's figure.
    OfOriginal(f64),
    /// At most this many times the machine's limit.
    OfLimit(f64),
    /// At most this figure.
    AtMost(f64),
}

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) ours: f64,
    pub(super) original: f64,
    pub(super) limit: Option<f64>,
    pub(super) aims: Vec<Aim>,
    /// Why an aim may be missed.
    pub(super) reason: Option<&'static str>,
}

impl Row {
    /// A row without limit and aims. The figures are in the order of the programs.
    pub(super) fn new(what: impl Into<String>, [ours, original]: [f64; 2]) -> Self {
        Self { what: what.into(), ours, original, limit: None, aims: Vec::new(), reason: None }
    }

    /// With the machine's own limit.
    pub(super) fn limit(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// With what is to be said where an aim is missed.
    pub(super) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// With an aim.
    pub(super) fn aim(mut self, aim: Aim) -> Self {
        self.aims.push(aim);
        self
    }

    /// The aims that are missed, in words. A figure that could not be measured misses them all.
    fn missed(&self) -> Vec<String> {
        let miss = |aim: &Aim| {
            let (bound, words) = match *aim {
                Aim::OfOriginal(part) => (self.original * part, format!("{part} of the original's")),
                Aim::OfLimit(times) => {
                    (self.limit.unwrap_or(f64::NAN) * times, format!("{times} times the machine's limit"))
                }
                Aim::AtMost(figure) => (figure, format!("{figure}")),
            };
            let is_met = self.ours <= bound;
            (!is_met).then_some(words)
        };
        self.aims.iter().filter_map(miss).collect()
    }

    fn line(&self) -> String {
        let mut line =
            format!("{:<34} {} {} {}", self.what, cell(self.ours), cell(self.original), ratio(self));
        let (limit, times) = match self.limit {
            Some(limit) => (cell(limit), cell(self.ours / limit)),
            None => (format!("{:>9}", "-"), format!("{:>9}", "-")),
        };
        let missed = self.missed();
        let verdict = match (self.aims.is_empty(), missed.is_empty()) {
            (true, _) => String::new(),
            (false, true) => "met".to_owned(),
            (false, false) => format!("MISSED: at most {}", missed.join(", ")),
        };
        let _ok = write!(line, " {limit} {times}  {verdict}");
        line.trim_end().to_owned()
    }
}

fn ratio(row: &Row) -> String {
    if row.original == 0.0 { format!("{:>9}", "-") } else { cell(row.ours / row.original) }
}

fn cell(figure: f64) -> String {
    if figure.is_nan() { format!("{:>9}", "none") } else { format!("{figure:>9.2}") }
}

/// Rows that are printed as they come, and remembered for the summary.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    rows: Vec<(String, Row)>,
    heading: String,
}

impl Sheet {
    /// Begins a section.
    pub(super) fn section(&mut self, heading: &str) {
        heading.clone_into(&mut self.heading);
        println!("\n{heading}");
        println!(
            "{:<34} {:>9} {:>9} {:>9} {:>9} {:>9}  aim",
            "", "ours", "original", "ratio", "limit", "of limit"
        );
    }

    /// Prints a row.
    pub(super) fn put(&mut self, row: Row) {
        println!("{}", row.line());
        self.rows.push((self.heading.clone(), row));
    }

    /// Prints what was missed.
    pub(super) fn finish(&self) {
        let aims: usize = self.rows.iter().map(|(_, row)| row.aims.len()).sum();
        let missed: Vec<String> = self
            .rows
            .iter()
            .flat_map(|(heading, row)| {
                let place = format!("{heading}: {}", row.what);
                let reason = row.reason.map(|reason| format!("\n    {reason}")).unwrap_or_default();
                row.missed().into_iter().map(move |aim| format!("  {place}: at most {aim}{reason}"))
            })
            .collect();
        println!("\n{} of {aims} aims met; missed:", aims - missed.len());
        println!("{}", if missed.is_empty() { "  none".to_owned() } else { missed.join("\n") });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_met_at_its_bound_and_missed_beyond() {
        let row = Row::new("x", [5.0, 10.0]).limit(2.0);
        let row = row.aim(Aim::OfOriginal(0.5)).aim(Aim::OfLimit(3.0)).aim(Aim::AtMost(4.0));
        assert_eq!(row.missed(), ["4"]);
        assert!(row.line().ends_with("MISSED: at most 4"), "{}", row.line());
        let row = Row::new("x", [5.1, 10.0]).aim(Aim::OfOriginal(0.5));
        assert_eq!(row.missed(), ["0.5 of the original's"]);
    }

    #[test]
    fn what_could_not_be_measured_meets_no_aim() {
        let row = Row::new("x", [f64::NAN, 10.0]).aim(Aim::OfOriginal(0.5));
        assert_eq!(row.missed().len(), 1);
        let row = Row::new("x", [1.0, 10.0]).aim(Aim::OfLimit(2.0));
        assert_eq!(row.missed().len(), 1, "no limit was given");
    }
}
