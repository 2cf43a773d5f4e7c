//! Deliveries to mail servers that behave, and to those that do not.

use super::*;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// What a server does when it should answer.
#[derive(Clone, Copy)]
enum Habit {
    /// Says this.
    Says(&'static str),
    /// Nothing, until the client is gone.
    Silent,
    /// Hangs up.
    HangsUp,
    /// Sends without end, and without a line's end.
    Endless,
    /// A line after the other that says that there is more.
    EndlessLines,
    /// A byte now and then.
    Drips,
}

/// A server with these habits, one for each of its turns. Ends with what the client said.
fn server(habits: &[Habit]) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let habits = habits.to_vec();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        serve(stream, &habits)
    });
    (address, thread)
}

fn serve(mut stream: TcpStream, habits: &[Habit]) -> String {
    let mut said = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a descriptor"));
    let mut in_letter = false;
    for habit in habits {
        let mut ignore = |bytes: &[u8]| stream.write_all(bytes).is_ok();
        match habit {
            Habit::Says(text) => {
                assert!(ignore(text.as_bytes()));
                in_letter = text.starts_with("354");
            }
            Habit::Silent => {}
            Habit::HangsUp => return said,
            Habit::Endless => while ignore(&[b'x'; 1000]) {},
            Habit::EndlessLines => while ignore(b"220-more\r\n") {},
            Habit::Drips => {
                ignore(b"220 ");
                while ignore(b"x") {
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
            let ends = !in_letter || line == ".\r\n";
            said.push_str(&line);
            line.clear();
            if ends {
                break;
            }
        }
    }
    said
}

fn setup(server: SocketAddr) -> MailSetup {
    MailSetup {
        host: server.ip().to_string(),
        port: server.port(),
        timeout: Duration::from_millis(300),
        helo_name: Some("node.example".to_owned()),
        from: Some("Live <ka@example.net>".to_owned()),
        recipients: vec!["ops@example.com".to_owned()],
        router_id: Some("RTR".to_owned()),
        no_faults: false,
        no_checker_emails: false,
    }
}

fn alert() -> Alert {
    Alert { subject: "s".to_owned(), body: "b".to_owned() }
}

fn ourselves() -> Ourselves {
    Ourselves { machine: "box.example".to_owned(), address: "root@box.example".to_owned() }
}

fn deliver_to(habits: &[Habit]) -> (Result<Delivered, Undelivered>, String) {
    let (address, thread) = server(habits);
    let began = Instant::now();
    let outcome = deliver(&setup(address), &ourselves(), &alert(), SystemTime::UNIX_EPOCH);
    assert!(began.elapsed() < Duration::from_secs(20), "took {:?}", began.elapsed());
    (outcome, thread.join().expect("the server"))
}

const OK: Habit = Habit::Says("250 ok\r\n");
const GREETING: Habit = Habit::Says("220 mx ESMTP\r\n");
const GO_ON: Habit = Habit::Says("354 go\r\n");

#[test]
fn a_mail_arrives_as_the_original_would_send_it() {
    let (outcome, said) = deliver_to(&[GREETING, OK, OK, OK, GO_ON, OK, Habit::Says("221 bye\r\n")]);
    assert!(outcome.is_ok_and(|delivered| delivered.refused.is_empty()));
    let (envelope, letter) = said.split_once("DATA\r\n").expect("a letter");
    let commands = "HELO node.example\r\nMAIL FROM:<ka@example.net>\r\nRCPT TO:<ops@example.com>\r\n";
    assert_eq!(envelope, commands);
    let (date, rest) = letter.split_once("\r\n").expect("a date");
    assert!(date.starts_with("Date: Thu, 01 Jan 1970 "), "{date}");
    let headers =
        "From: Live <ka@example.net>\r\nSubject: [RTR] s\r\nX-Mailer: Keepalived\r\nTo: ops@example.com\r\n";
    assert_eq!(rest, format!("{headers}\r\nb\r\n\r\n.\r\nQUIT\r\n"));
}

#[test]
fn what_is_not_configured_is_made_of_the_machines_name() {
    let address = "192.0.2.1:25".parse().expect("an address");
    let bare = MailSetup { helo_name: None, from: None, router_id: None, ..setup(address) };
    let mail = compose(&bare, &ourselves(), &alert(), SystemTime::now());
    assert_eq!((mail.helo_name.as_str(), mail.from.as_str()), ("box.example", "root@box.example"));
    assert!(
        mail.letter.contains("\r\nFrom: root@box.example\r\nSubject: [box.example] s\r\n"),
        "{}",
        mail.letter
    );
}

#[test]
fn answers_of_several_lines_and_in_pieces_are_one_answer() {
    let greeting = Habit::Says("220-mx\r\n220-no spam\r\n220 please\r\n");
    let (outcome, _) = deliver_to(&[greeting, OK, OK, OK, GO_ON, OK, OK]);
    assert!(outcome.is_ok());
}

#[test]
fn every_refused_step_is_named() {
    let good = [GREETING, OK, OK, OK, GO_ON, OK];
    for (step, name) in ["(E)SMTP", "HELO", "MAIL", "RCPT", "DATA", "BODY"].into_iter().enumerate() {
        let mut habits = good[..step].to_vec();
        habits.extend([Habit::Says("554 no\r\n"), Habit::Says("221 bye\r\n")]);
        let (outcome, said) = deliver_to(&habits);
        let error = outcome.expect_err("refused").to_string();
        assert!(
            error.starts_with(&format!("Error processing {name} cmd on SMTP server [127.0.0.1]:")),
            "{error}"
        );
        assert!(error.ends_with("SMTP status code = 554"), "{error}");
        assert!(said.ends_with("QUIT\r\n"), "{said}");
    }
}

#[test]
fn hostile_servers_are_left_in_time() {
    for (habits, expected) in [
        (&[Habit::Silent][..], "does not answer in time"),
        (&[Habit::Drips], "does not answer in time"),
        (&[Habit::HangsUp], "it closed the connection"),
        (&[Habit::Endless], "is not SMTP"),
        (&[Habit::EndlessLines], "is not SMTP"),
        (&[Habit::Says("SSH-2.0-OpenSSH\r\n")], "is not SMTP"),
        (&[Habit::Says("\u{1}\u{2}\u{3}\u{ff}\n")], "is not SMTP"),
        (&[GREETING, Habit::Silent], "does not answer in time"),
        (&[GREETING, OK, Habit::HangsUp], "it closed the connection"),
        (&[GREETING, OK, OK, OK, GO_ON, Habit::HangsUp], "it closed the connection"),
        (&[GREETING, OK, OK, OK, GO_ON, Habit::Silent], "does not answer in time"),
    ] {
        let (outcome, _) = deliver_to(habits);
        let error = outcome.expect_err("not delivered").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_server_that_hangs_up_after_it_took_the_mail_has_taken_it() {
    let (outcome, _) = deliver_to(&[GREETING, OK, OK, OK, GO_ON, OK, Habit::HangsUp]);
    assert!(outcome.is_ok());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let error =
        deliver(&setup(address), &ourselves(), &alert(), SystemTime::now()).expect_err("nobody").to_string();
    let expected = format!("no connection to SMTP server [127.0.0.1]:{}: Connection refused", address.port());
    assert!(error.contains(&expected), "{error}");
    let nowhere = MailSetup { host: "no-such-host.invalid".to_owned(), ..setup(address) };
    let error = deliver(&nowhere, &ourselves(), &alert(), SystemTime::now()).expect_err("nobody").to_string();
    assert!(error.starts_with("SMTP alert not sent: SMTP server no-such-host.invalid: "), "{error}");
}
