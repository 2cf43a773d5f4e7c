//! `genhash`: the digest that `HTTP_GET` and `SSL_GET` would compute of a page, for a `digest` line (lvs reference 5.14).

mod dump;
mod options;

use crate::context::{Context, NoPrograms};
use crate::http::answer::{Answer, Wrong};
use crate::http::{self, Layer, hex};
use dump::Verbose;
use keepalived_lvs::Outcome;
use keepalived_lvs::config::Probe;
use options::{Asked, Request};
use std::ffi::OsString;
use std::io::Write;
use std::time::Instant;

/// Does what the arguments say; the first one is the program's name. Gives the exit status: 1 for a wrong command line,
/// else 0, even when there is no page, as in the original.
pub fn run(arguments: &[OsString], out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    let (name, rest) = arguments
        .split_first()
        .map_or(("genhash".into(), &[][..]), |(name, rest)| (name.to_string_lossy(), rest));
    let request = match options::parse(rest) {
        Asked::Page(request) => request,
        Asked::Usage(complaint) => {
            let complaint = complaint.map_or_else(String::new, |complaint| format!("{complaint}\n"));
            // Nobody may be listening; the status says it all.
            drop(write!(err, "{complaint}{}", options::usage(&name)));
            return 1;
        }
    };
    drop(print(&request, out, err));
    0
}

fn print(request: &Request, out: &mut dyn Write, err: &mut dyn Write) -> std::io::Result<()> {
    let begun = Instant::now();
    let mut verbose = Verbose::default();
    let fetched = fetch(request, &mut verbose);
    let answered = fetched.and_then(|answer| match answer.header() {
        Some(_) => Ok(answer),
        None => Err(Trouble::Empty),
    });
    if request.verbose {
        out.write_all(verbose.text().as_bytes())?;
    }
    match answered {
        Ok(answer) => {
            let digest = answer.digest();
            if request.verbose {
                out.write_all(dump::digest(&digest).as_bytes())?;
            }
            writeln!(out, "{}", hex(&digest))?;
        }
        Err(Trouble::Empty) => writeln!(err, "no data received from remote webserver")?,
        Err(Trouble::Reason(reason)) => writeln!(out, "{reason}")?,
    }
    if request.verbose {
        let took = begun.elapsed().as_micros();
        writeln!(out, "\nGlobal response time for [{}] = {took} usecs", request.path())?;
    }
    Ok(())
}

/// Why there is no digest.
enum Trouble {
    Empty,
    /// In the original's words.
    Reason(String),
}

fn fetch(request: &Request, verbose: &mut Verbose) -> Result<Answer, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| Trouble::Reason(error.to_string()))?;
    let probe = match request.layer {
        Layer::Tcp => Probe::Http(request.check.clone()),
        Layer::Tls => Probe::Ssl(request.check.clone()),
    };
    let made = Context::of([&probe], None, Box::new(NoPrograms));
    let (context, _no_files_no_problems) = made.map_err(|error| Trouble::Reason(error.to_string()))?;
    let Some(url) = request.check.urls.first() else {
        return Err(Trouble::Empty);
    };
    let mut remarks = Vec::new();
    let fetched = http::fetch(&request.check, url, request.layer, &context, &mut remarks, |piece| {
        verbose.take(piece);
    });
    let answer = runtime.block_on(fetched).map_err(|outcome| {
        Trouble::Reason(match outcome {
            Outcome::Failed(failure) => failure.reason,
            Outcome::CannotRun { reason } => reason,
            Outcome::Passed { .. } | Outcome::Weighed(_) => String::new(),
        })
    })?;
    match answer.judge(url) {
        Err(Wrong::TooLong) => Err(Trouble::Reason("Answer too long".to_owned())),
        _ => Ok(answer),
    }
}

#[cfg(test)]
mod tests;
