//! `HTTP_GET` and `SSL_GET`: asks for one page (lvs reference 5.6).

pub mod answer;
pub mod request;
mod transport;

use crate::attempt::{failed, timed_out};
use crate::context::Context;
use crate::limits;
use crate::tls::Wish;
use answer::{Answer, Wrong};
use keepalived_lvs::config::{HttpCheck, Sni, Url, Verification};
use keepalived_lvs::{Attempt, HttpTest, Outcome, Remark};
use tokio::time::{Instant, timeout_at};
use transport::{Got, Transport};

/// What is spoken below HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    /// `HTTP_GET`.
    Tcp,
    /// `SSL_GET`.
    Tls,
}

/// Asks for the page of this number and judges the answer.
pub(crate) async fn check(check: &HttpCheck, url: usize, layer: Layer, context: &Context) -> Attempt {
    let Some(url) = check.urls.get(url) else {
        let reason = format!("Checker can't ask for url {url}: there are {}", check.urls.len());
        return Outcome::CannotRun { reason }.into();
    };
    let mut remarks = Vec::new();
    let outcome = match fetch(check, url, layer, context, &mut remarks, |_| {}).await {
        Err(outcome) => outcome,
        Ok(answer) => {
            remarks.extend(answer.remark(&url.path));
            judge(answer, url, context).await
        }
    };
    Attempt { outcome, remarks }
}

/// Sends the request, and reads until the server closes. `tap` sees what comes.
pub(crate) async fn fetch(
    check: &HttpCheck,
    url: &Url,
    layer: Layer,
    context: &Context,
    remarks: &mut Vec<Remark>,
    mut tap: impl FnMut(&[u8]),
) -> Result<Answer, Outcome> {
    let period = check.connection.timeout;
    let wish = (layer == Layer::Tls).then(|| wish(check, url));
    let verifies = wish.as_ref().is_some_and(|wish| wish.verification != Verification::Off);
    let mut transport = match Transport::connect(&check.connection, wish, context).await {
        Ok(transport) => transport,
        Err(outcome) => {
            remarks.extend(refusal(&outcome).filter(|_| verifies));
            return Err(outcome);
        }
    };
    let host = url.virtualhost.as_deref().or(check.virtualhost.as_deref());
    let request = request::request(&url.path, check.version, host, check.connection.destination);
    let sent = timeout_at(Instant::now() + period, transport.write_all(&request)).await;
    sent.map_err(|_elapsed| timed_out("Timeout WEB write"))?
        .map_err(|detail| failed("Cannot send request to", Some(detail)))?;
    let mut answer = Answer::new(url.regex.is_some());
    let begun = Instant::now();
    let end = begun + limits::http_answer(period);
    let mut deadline = begun + period;
    let mut pieces = 0_u32;
    while !answer.is_settled() {
        let read = transport.read(context.scratch(), |piece| {
            tap(piece);
            answer.take(piece);
        });
        let got = timeout_at(deadline.min(end), read).await;
        match got.map_err(|_elapsed| timed_out("Timeout HTTP read"))? {
            Ok(Got::Piece) => {}
            Ok(Got::End) => break,
            Ok(Got::EndWithoutAlert(error)) => {
                remarks.push(Remark::NoCloseAlert { error });
                break;
            }
            Err(detail) => return Err(failed("Read error with", Some(detail))),
        }
        // Over TLS the second period is for everything that is left.
        if layer == Layer::Tcp || pieces == 0 {
            deadline = Instant::now() + period;
        }
        pieces = pieces.saturating_add(1);
    }
    transport.end(url.tls_compliant, context);
    Ok(answer)
}

fn wish(check: &HttpCheck, url: &Url) -> Wish {
    let virtualhost = || url.virtualhost.clone().or_else(|| check.virtualhost.clone());
    let (sni, identity) = match &check.sni {
        Sni::Off => (None, virtualhost()),
        Sni::VirtualHost => (virtualhost(), virtualhost()),
        Sni::Name(name) => (Some(name.clone()), Some(name.clone())),
    };
    Wish {
        address: check.connection.destination,
        sni,
        verification: check.verification.clone(),
        identity: identity.map(|name| without_port(&name).to_owned()),
    }
}

/// A virtualhost may have a port, a certificate's name has none.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') && port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

async fn judge(answer: Answer, url: &Url, context: &Context) -> Outcome {
    let test = match answer.judge(url) {
        Ok(test) => test,
        Err(wrong) => return rejected(wrong, url),
    };
    let Some(regex) = &url.regex else {
        return Outcome::Passed { test: Some(test) };
    };
    let Some(pattern) = context.pattern(regex).cloned() else {
        let reason = format!("Checker can't use regex '{}': it does not compile", regex.pattern);
        return Outcome::CannotRun { reason };
    };
    // An expression may backtrack for seconds over a page made for that, so it has a thread of its own.
    let subject = answer.into_subject();
    match tokio::task::spawn_blocking(move || pattern.passes(&subject)).await {
        Ok(true) => Outcome::Passed { test: Some(HttpTest::Regex) },
        Ok(false) => rejected(Wrong::Regex, url),
        Err(error) => {
            Outcome::CannotRun { reason: format!("Checker can't match a regular expression: {error}") }
        }
    }
}

/// What is wrong with a certificate is worth a line of the log, which the original has no words for.
fn refusal(outcome: &Outcome) -> Option<Remark> {
    match outcome {
        Outcome::Failed(failure) if failure.reason == transport::HANDSHAKE => {
            failure.detail.clone().map(|error| Remark::NotVerified { error })
        }
        _ => None,
    }
}

/// In the original's words.
fn rejected(wrong: Wrong, url: &Url) -> Outcome {
    match wrong {
        Wrong::Empty => failed("Read, no data received from ", None),
        Wrong::Status(None) => failed("HTTP status code error to", Some("no status".to_owned())),
        Wrong::Status(Some(code)) => failed("HTTP status code error to", Some(format!("status {code}"))),
        Wrong::Digest(found) => {
            let wanted = url.digest.map_or_else(String::new, |wanted| hex(&wanted));
            failed("MD5 digest error to", Some(format!("{} instead of {wanted}", hex(&found))))
        }
        Wrong::Regex => failed("Regex match failed", None),
        Wrong::TooLong => {
            let detail = format!("more than {} bytes", limits::HTTP_BODY);
            failed("Answer too long from", Some(detail))
        }
    }
}

/// Two lower-case digits for each byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
