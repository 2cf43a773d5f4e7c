//! Reads a transcript.

/// What was recorded between two headings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Step {
    pub(crate) title: String,
    pub(crate) log: Vec<String>,
    /// Kernel operations, and the number of the error of those that were refused.
    pub(crate) operations: Vec<(String, Option<i32>)>,
}

/// Lines of the processes around the engine, not of the engine.
const NOT_THE_ENGINE: [&str; 16] = [
    "Initializing ipvs",
    "Reinitializing ipvs",
    "Reloading",
    "Reload complete",
    "(/etc/keepalived",
    "Virtual server [",
    "Warning - quorum",
    "Warning: Virtual server",
    "WARNING - ",
    "Received BFD event",
    "(b2)",
    "(VI_1)",
    "VRRP sockpool",
    "local  ",
    "remote  ",
    "The SMTP_CHECK host block",
];
const BFD_TABLE: [&str; 3] = ["min_tx", "local", "Detection time"];

/// The steps of a transcript.
pub(crate) fn read(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("== ") {
            steps.push(Step { title: title.to_owned(), ..Step::default() });
            continue;
        }
        let Some(step) = steps.last_mut() else { continue };
        let Some((kind, said)) = recorded(line) else { continue };
        let trimmed = said.trim_start();
        let foreign = NOT_THE_ENGINE.iter().any(|start| said.starts_with(start))
            || BFD_TABLE.iter().any(|start| said != trimmed && trimmed.starts_with(start))
            || trimmed.starts_with("remote");
        if kind == "log" && !foreign {
            step.log.push(said.to_owned());
        } else if kind == "nl" && said != "GET_CONFIG" {
            let (operation, errno) = match said.split_once("   => errno ") {
                Some((operation, errno)) => (operation, errno.trim().parse().ok()),
                None => (said, None),
            };
            step.operations.push((operation.to_owned(), errno));
        }
    }
    steps
}

/// `log    +0.58s  text` or `nl     +0.58s  text`.
fn recorded(line: &str) -> Option<(&str, &str)> {
    let (kind, rest) = line.split_once(' ')?;
    if kind != "log" && kind != "nl" {
        return None;
    }
    let (_, said) = rest.trim_start().split_once("s  ")?;
    Some((kind, said))
}
