//! `watch`: the table of `status` in the same place, again and again.

use super::{Call, Failure, status};
use std::io::Write as _;
use std::time::Duration;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Until it is interrupted. Who cannot be asked at the beginning is not waited for; later it may be a restart.
pub(super) fn run(call: &Call) -> Result<(), Failure> {
    let mut text = status(call)?;
    loop {
        let shown = fitted(
            &text,
            rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| (size.ws_row, size.ws_col)),
        );
        // Home, and clear what is below the cursor: the table stays where it is.
        let shown = std::io::stdout().write_all(format!("\x1b[H\x1b[J{shown}").as_bytes());
        if shown.and_then(|()| std::io::stdout().flush()).is_err() {
            return Ok(());
        }
        std::thread::sleep(PERIOD);
        text = match status(call) {
            Ok(text) => text,
            Err(Failure::Unreachable { why, mend }) => format!("{why}\n{mend}\n"),
            Err(other) => return Err(other),
        };
    }
}

/// As much as a terminal of so many rows and columns takes without moving. Without a terminal, everything.
fn fitted(text: &str, size: Option<(u16, u16)>) -> String {
    let Some((rows, columns)) = size.filter(|(rows, columns)| *rows > 2 && *columns > 0) else {
        return text.to_owned();
    };
    let (rows, columns) = (usize::from(rows), usize::from(columns));
    let cut = |line: &str| line.chars().take(columns).collect::<String>() + "\n";
    let count = text.lines().count();
    // The last row is the cursor's.
    if count < rows {
        return text.lines().map(cut).collect();
    }
    let shown = rows - 2;
    let rest = cut(&format!("... {} more lines; watch NAME shows one", count - shown));
    text.lines().take(shown).map(cut).chain([rest]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_instead() {
        let text = "INSTANCE  STATE\na  MASTER\nb  BACKUP\nc  BACKUP\n";
        assert_eq!(fitted(text, None), text);
        assert_eq!(fitted(text, Some((5, 80))), text);
        let four = "INSTANCE  STATE\na  MASTER\n... 2 more lines; watch NAME shows one\n";
        assert_eq!(fitted(text, Some((4, 80))), four);
        assert_eq!(fitted(text, Some((5, 4))), "INST\na  M\nb  B\nc  B\n");
    }
}
