//! Mails about virtual and real servers (lvs reference 6.4).

use super::Alert;
use keepalived_lvs::{CheckLabel, Event, EventKind, Failure, QuorumSum};

/// The mail about `event`, if there is one. With `no_checker_emails` a checker is only heard when the server went into
/// service or out of it.
#[must_use]
pub fn lvs_alert(event: &Event, no_checker_emails: bool) -> Option<Alert> {
    let vs = &event.virtual_server;
    let rs = event.real_server.as_deref().unwrap_or_default();
    match &event.kind {
        EventKind::CheckerReported { mail: true, decisive, .. } if no_checker_emails && !decisive => None,
        EventKind::CheckerReported { check, up, failure, alive, mail: true, .. } => {
            // The subject is about the server, the text about the check: they need not agree.
            Some(real_server(rs, vs, *alive, verdict(check, *up, failure.as_ref())))
        }
        EventKind::RealServerAnnounced { up, stopping, mail: true, .. } => {
            let body = if *stopping { "=> Shutting down <=" } else { "=> Removing <=" };
            Some(real_server(rs, vs, *up, body.to_owned()))
        }
        EventKind::VirtualServerAnnounced { up, stopping, initial, sum, mail: true, .. } => {
            let body = match (up, initial) {
                _ if *stopping => "=> Shutting down <=".to_owned(),
                (true, true) => quorum("Starting with quorum up", *sum),
                (false, true) => quorum("Starting with quorum down", *sum),
                (true, false) => quorum("Gained quorum", *sum),
                (false, false) => quorum("Lost quorum", *sum),
            };
            Some(Alert { subject: format!("Virtualserver {vs} - {}", state(*up)), body })
        }
        _ => None,
    }
}

fn real_server(rs: &str, vs: &str, up: bool, body: String) -> Alert {
    Alert { subject: format!("Realserver {rs} of virtual server {vs} - {}", state(up)), body }
}

fn state(up: bool) -> &'static str {
    if up { "UP" } else { "DOWN" }
}

/// The numbers always read as those of a quorum that is gained.
fn quorum(what: &str, sum: QuorumSum) -> String {
    let QuorumSum { quorum, hysteresis, weight, .. } = sum;
    let total = u64::from(quorum) + u64::from(hysteresis);
    format!("=> {what} {quorum}+{hysteresis}={total} <= {weight} <=")
}

fn verdict(check: &CheckLabel, up: bool, failure: Option<&Failure>) -> String {
    let plain =
        |name: &str| format!("=> {name} CHECK {} on service <=", if up { "succeed" } else { "failed" });
    let followed = |name: &str, what: &str| {
        format!("=> {name} CHECK {what} {} on service <=", if up { "succeeded" } else { "failed" })
    };
    let reason = failure.map_or("", |failure| failure.reason.trim_end());
    match check {
        CheckLabel::Tcp => plain("TCP"),
        CheckLabel::Udp => plain("UDP"),
        CheckLabel::Ping => plain("ICMP"),
        CheckLabel::Http | CheckLabel::Ssl | CheckLabel::Smtp(_) if up => {
            "=> CHECK succeed on service <=".to_owned()
        }
        CheckLabel::Http | CheckLabel::Ssl => {
            "=> CHECK failed on service : HTTP request failed <=".to_owned()
        }
        CheckLabel::Smtp(to) => {
            format!("=> CHECK failed on service : {reason} server [{}]:{} <=", to.ip(), to.port())
        }
        CheckLabel::Dns if up => "=> DNS_CHECK: succeed on service <=".to_owned(),
        CheckLabel::Dns => "=> DNS_CHECK: failed on service <=".to_owned(),
        CheckLabel::Misc(_) => {
            let how = match (up, failure) {
                (true, _) => "succeeded",
                (false, Some(failure)) if failure.timed_out => "timed out",
                (false, _) => "failed",
            };
            format!("=> MISC CHECK {how} on service <=")
        }
        CheckLabel::File(name) => followed("FILE", name),
        CheckLabel::Bfd(name) => followed("BFD", name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(check: CheckLabel, up: bool, failure: Option<Failure>, decisive: bool) -> Event {
        Event {
            virtual_server: "[10.90.0.1]:tcp:80".to_owned(),
            real_server: Some("[127.0.0.2]:tcp:80".to_owned()),
            kind: EventKind::CheckerReported {
                check,
                up,
                failure,
                alive: up && decisive,
                decisive,
                mail: true,
            },
        }
    }

    fn failure(reason: &str, timed_out: bool) -> Failure {
        Failure { timed_out, reason: reason.to_owned(), detail: None }
    }

    #[test]
    fn bodies_name_the_check_in_its_own_way() {
        let mail = |check: CheckLabel, up: bool, failure: Option<Failure>| {
            lvs_alert(&reported(check, up, failure, true), false).expect("a mail").body
        };
        let late = || Some(failure("timeout", true));
        assert_eq!(mail(CheckLabel::Tcp, true, None), "=> TCP CHECK succeed on service <=");
        assert_eq!(mail(CheckLabel::Tcp, false, late()), "=> TCP CHECK failed on service <=");
        assert_eq!(mail(CheckLabel::Http, true, None), "=> CHECK succeed on service <=");
        assert_eq!(
            mail(CheckLabel::Ssl, false, late()),
            "=> CHECK failed on service : HTTP request failed <="
        );
        let script = || CheckLabel::Misc("/bin/x".to_owned());
        assert_eq!(mail(script(), true, None), "=> MISC CHECK succeeded on service <=");
        assert_eq!(mail(script(), false, late()), "=> MISC CHECK timed out on service <=");
        assert_eq!(mail(script(), false, None), "=> MISC CHECK failed on service <=");
        assert_eq!(mail(CheckLabel::Dns, false, late()), "=> DNS_CHECK: failed on service <=");
        let smtp = CheckLabel::Smtp("192.0.2.1:25".parse().expect("an address"));
        let banner = Some(failure("Bad greeting banner from", false));
        assert_eq!(
            mail(smtp, false, banner),
            "=> CHECK failed on service : Bad greeting banner from server [192.0.2.1]:25 <="
        );
    }

    #[test]
    fn a_checker_that_decides_nothing_is_silent_with_no_checker_emails() {
        let event = reported(CheckLabel::Tcp, true, None, false);
        assert_eq!(lvs_alert(&event, true), None);
        let alert = lvs_alert(&event, false).expect("a mail");
        assert_eq!(
            alert.subject,
            "Realserver [127.0.0.2]:tcp:80 of virtual server [10.90.0.1]:tcp:80 - DOWN"
        );
        assert_eq!(alert.body, "=> TCP CHECK succeed on service <=", "another check keeps the server down");
        assert!(lvs_alert(&reported(CheckLabel::Tcp, true, None, true), true).is_some());
    }

    #[test]
    fn quorums_are_told_with_their_numbers() {
        let announced = |up: bool, initial: bool, stopping: bool| {
            let sum = QuorumSum { quorum: 2, hysteresis: 1, weight: 5, threshold: 1 };
            let kind = EventKind::VirtualServerAnnounced {
                up,
                stopping,
                quiet: false,
                script: None,
                initial,
                sum,
                mail: true,
            };
            let event = Event { virtual_server: "FWM 7".to_owned(), real_server: None, kind };
            let alert = lvs_alert(&event, true).expect("a mail");
            (alert.subject, alert.body)
        };
        let pair = |subject: &str, body: &str| (subject.to_owned(), body.to_owned());
        let (up, down) = ("Virtualserver FWM 7 - UP", "Virtualserver FWM 7 - DOWN");
        assert_eq!(announced(true, false, false), pair(up, "=> Gained quorum 2+1=3 <= 5 <="));
        assert_eq!(announced(false, false, false), pair(down, "=> Lost quorum 2+1=3 <= 5 <="));
        assert_eq!(announced(true, true, false), pair(up, "=> Starting with quorum up 2+1=3 <= 5 <="));
        assert_eq!(announced(false, true, false), pair(down, "=> Starting with quorum down 2+1=3 <= 5 <="));
        assert_eq!(announced(false, false, true), pair(down, "=> Shutting down <="));
    }
}
