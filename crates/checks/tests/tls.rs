//! `SSL_GET` against servers with good, bad and no certificates.

mod support;
#[path = "support/tls_server.rs"]
mod tls_server;

use keepalived_checks::{Context, NoPrograms, run};
use keepalived_lvs::config::{HttpCheck, Probe, Sni, TlsMaterial, Verification};
use keepalived_lvs::{HttpTest, Outcome, Remark};
use openssl::ssl::{NameType, SslAcceptorBuilder, SslVersion};
use openssl::x509::X509;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Instant;
use support::*;
use tls_server::*;

const PASSED: Outcome = Outcome::Passed { test: Some(HttpTest::Status) };

fn check(server: SocketAddr) -> HttpCheck {
    http(server, page("/"))
}

#[test]
fn c58_self_signed_and_expired_certificates_pass() {
    for life in [GOOD, EXPIRED] {
        let server = tls_server(&certificate(life), |_| {}, answer);
        let attempt = attempt(&Probe::Ssl(check(server)));
        assert_eq!(attempt.outcome, PASSED);
        assert_eq!(attempt.remarks, [], "it said goodbye");
    }
}

#[test]
fn old_servers_with_short_keys_pass() {
    for version in [SslVersion::TLS1, SslVersion::TLS1_2] {
        let old = |builder: &mut SslAcceptorBuilder| {
            builder.set_min_proto_version(Some(SslVersion::TLS1)).expect("a version");
            builder.set_max_proto_version(Some(version)).expect("a version");
            builder.set_cipher_list("AES128-SHA:AES256-SHA:@SECLEVEL=0").expect("ciphers");
            builder.clear_options(openssl::ssl::SslOptions::all());
        };
        let server = tls_server(&old_certificate(), old, answer);
        assert_eq!(outcome(&Probe::Ssl(check(server))), PASSED, "{version:?}");
    }
}

#[test]
fn c58_a_plain_server_fails_with_the_originals_reason_or_in_time() {
    let plain = web(&[OK]);
    let slow = HttpCheck { connection: quick(plain, milliseconds(400)), ..check(plain) };
    let begun = Instant::now();
    assert_eq!(slowness(&Probe::Ssl(slow)), "Timeout connecting", "it waits for a request that never ends");
    assert!(begun.elapsed() < milliseconds(2000));
    let talking = server(|mut stream| {
        stream.write_all(b"220 mail.example.org\r\n").expect("a greeting");
        std::thread::sleep(milliseconds(300));
    });
    let handshake = "SSL handshake/communication error connecting to";
    assert_eq!(reason(&Probe::Ssl(check(talking))), handshake);
    assert_eq!(reason(&Probe::Ssl(check(server(drop)))), handshake);
    assert_eq!(reason(&Probe::Ssl(check(nobody()))), "Connection failed");
}

#[test]
fn an_alert_of_the_server_is_named() {
    let only_13 = |builder: &mut SslAcceptorBuilder| {
        builder.set_min_proto_version(Some(SslVersion::TLS1_3)).expect("a version");
        builder.set_ciphersuites("TLS_CHACHA20_POLY1305_SHA256").expect("a suite");
        builder.set_servername_callback(|_, alert| {
            *alert = openssl::ssl::SslAlert::UNRECOGNIZED_NAME;
            Err(openssl::ssl::SniError::ALERT_FATAL)
        });
    };
    let server = tls_server(&certificate(GOOD), only_13, answer);
    let named = HttpCheck { sni: Sni::Name("www.example.org".to_owned()), ..check(server) };
    let (failure, _) = failure(&Probe::Ssl(named));
    assert!(
        failure.detail.as_deref().is_some_and(|detail| detail.contains("unrecognized name")),
        "{failure:?}"
    );
}

#[test]
fn c59_the_virtualhost_or_sni_name_is_in_the_client_hello() {
    let (tell, told) = mpsc::channel();
    let server = tls_server(
        &certificate(GOOD),
        |_| {},
        move |stream| {
            let name = stream.ssl().servername(NameType::HOST_NAME).map(str::to_owned);
            tell.send(name).expect("the test waits");
            answer(stream);
        },
    );
    let virtualhost = Some("sni.example.org".to_owned());
    let table = [
        (Sni::Off, None),
        (Sni::VirtualHost, Some("sni.example.org")),
        (Sni::Name("other.example.org".to_owned()), Some("other.example.org")),
    ];
    for (sni, expected) in table {
        let probe = Probe::Ssl(HttpCheck { virtualhost: virtualhost.clone(), sni, ..check(server) });
        assert_eq!(outcome(&probe), PASSED);
        assert_eq!(told.recv_timeout(PATIENT).expect("a name or none").as_deref(), expected);
    }
}

/// Whether the answer was there and what was remarked, when the server does not say goodbye.
#[test]
fn an_end_without_close_alert_is_remarked_and_decides_nothing() {
    let rude = |mut stream: openssl::ssl::SslStream<std::net::TcpStream>| {
        read_tls_request(&mut stream);
        stream.write_all(OK).expect("an answer");
    };
    let server = tls_server(&certificate(GOOD), |_| {}, rude);
    let attempt = attempt(&Probe::Ssl(check(server)));
    assert_eq!(attempt.outcome, PASSED);
    let [Remark::NoCloseAlert { error }] = attempt.remarks.as_slice() else { panic!("{attempt:?}") };
    assert!(error.contains("unexpected eof while reading"), "{error}");
}

/// The server sees whether a connection resumes the session of the one before.
fn resumed(version: SslVersion, rude: bool, verification: &Verification) -> Vec<bool> {
    let (tell, told) = mpsc::channel();
    let of = |builder: &mut SslAcceptorBuilder| {
        builder.set_max_proto_version(Some(version)).expect("a version");
        builder.set_session_id_context(b"test").expect("a context");
    };
    let certificate = certificate(GOOD);
    let server = tls_server(&certificate, of, move |mut stream| {
        tell.send(stream.ssl().session_reused()).expect("the test waits");
        if rude {
            read_tls_request(&mut stream);
            stream.write_all(OK).expect("an answer");
        } else {
            answer(stream);
        }
    });
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ca.pem");
    std::fs::write(&file, certificate.0.to_pem().expect("PEM")).expect("a file");
    let verification = match verification {
        Verification::CaFile(_) => Verification::CaFile(file),
        other => other.clone(),
    };
    let virtualhost = Some("www.example.org".to_owned());
    let probe = Probe::Ssl(HttpCheck { verification, virtualhost, ..check(server) });
    let context = context_of(&probe);
    block_on(async {
        for _ in 0..3 {
            let attempt = run(&probe, 0, &context).await;
            assert_eq!(attempt.outcome, PASSED);
        }
    });
    told.try_iter().collect()
}

#[test]
fn sessions_are_resumed_unless_the_certificate_is_to_be_verified() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        for rude in [false, true] {
            let again = resumed(version, rude, &Verification::Off);
            assert_eq!(again, [false, true, true], "{version:?}, rude: {rude}");
        }
        let verified = resumed(version, false, &Verification::CaFile(std::path::PathBuf::new()));
        assert_eq!(verified, [false, false, false], "{version:?}");
    }
}

/// Whether the second context, which inherits from the first, resumes; `material` is what both show.
fn resumed_by_successor(version: SslVersion, material: &TlsMaterial) -> Vec<bool> {
    let (tell, told) = mpsc::channel();
    let of = |builder: &mut SslAcceptorBuilder| {
        builder.set_max_proto_version(Some(version)).expect("a version");
        builder.set_session_id_context(b"test").expect("a context");
    };
    let server = tls_server(&certificate(GOOD), of, move |stream| {
        tell.send(stream.ssl().session_reused()).expect("the test waits");
        answer(stream);
    });
    let probe = Probe::Ssl(check(server));
    let context = || Context::of([&probe], Some(material), Box::new(NoPrograms)).expect("usable files").0;
    let (before, after) = (context(), context());
    block_on(async {
        assert_eq!(run(&probe, 0, &before).await.outcome, PASSED);
        after.inherit(&before);
        assert_eq!(run(&probe, 0, &after).await.outcome, PASSED);
    });
    told.try_iter().collect()
}

#[test]
fn sessions_outlive_a_reload_unless_they_show_a_certificate_of_ours() {
    let directory = tempfile::tempdir().expect("a directory");
    let (chain, key) = (directory.path().join("chain.pem"), directory.path().join("key.pem"));
    let own = certificate(GOOD);
    std::fs::write(&chain, own.0.to_pem().expect("PEM")).expect("a file");
    std::fs::write(&key, own.1.private_key_to_pem_pkcs8().expect("PEM")).expect("a file");
    let shown = TlsMaterial { certificate: Some(chain), key: Some(key), ..TlsMaterial::default() };
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        assert_eq!(resumed_by_successor(version, &TlsMaterial::default()), [false, true], "{version:?}");
        assert_eq!(resumed_by_successor(version, &shown), [false, false], "{version:?}");
    }
}

/// The reason of OpenSSL for refusing a server, or none.
fn refusal(life: Life, name: &str, ca: Option<&X509>) -> Option<String> {
    let own = certificate(life);
    let server = tls_server(&own, |_| {}, answer);
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("ca.pem");
    let pem = ca.unwrap_or(&own.0).to_pem().expect("PEM");
    std::fs::write(&file, pem).expect("a file");
    let probe = Probe::Ssl(HttpCheck {
        verification: Verification::CaFile(file),
        virtualhost: Some(name.to_owned()),
        ..check(server)
    });
    match outcome(&probe) {
        Outcome::Passed { .. } => None,
        Outcome::Failed(failure) => failure.detail,
        Outcome::CannotRun { reason } => panic!("{reason}"),
        Outcome::Weighed(_) => unreachable!("only MISC_CHECK weighs"),
    }
}

#[test]
fn a_certificate_is_verified_on_request_and_the_refusal_has_a_reason() {
    let stranger = certificate(GOOD).0;
    assert_eq!(refusal(GOOD, "www.example.org", None), None);
    assert_eq!(refusal(GOOD, "www.example.org:8443", None), None, "a port is no part of the name");
    assert_eq!(refusal(EXPIRED, "www.example.org", None).as_deref(), Some("certificate has expired"));
    let foreign = refusal(GOOD, "www.example.org", Some(&stranger)).expect("refused");
    assert!(foreign.contains("self-signed certificate") || foreign.contains("signature"), "{foreign}");
    assert_eq!(refusal(GOOD, "other.example.org", None).as_deref(), Some("hostname mismatch"));
}

#[test]
fn an_address_is_verified_when_there_is_no_name() {
    let own = certificate(GOOD);
    let server = tls_server(&own, |_| {}, answer);
    let probe = Probe::Ssl(HttpCheck { verification: Verification::System, ..check(server) });
    let (failure, _) = failure(&probe);
    let detail = failure.detail.expect("a reason");
    assert!(detail.contains("self-signed") || detail.contains("mismatch"), "{detail}");
}

#[test]
fn authorities_that_cannot_be_read_are_a_problem_at_start_and_never_a_pass() {
    let server = tls_server(&certificate(GOOD), |_| {}, answer);
    let verification = Verification::CaFile("/no/such/file.pem".into());
    let probe = Probe::Ssl(HttpCheck { verification, ..check(server) });
    let (context, problems) = Context::of([&probe], None, Box::new(NoPrograms)).expect("no SSL block");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].to_string().contains("/no/such/file.pem"), "{}", problems[0]);
    assert!(!matches!(block_on(run(&probe, 0, &context)).outcome, Outcome::Passed { .. }));
}

#[test]
fn a_file_of_the_ssl_block_that_cannot_be_read_is_an_error() {
    let material =
        keepalived_lvs::config::TlsMaterial { key: Some("/no/such/key.pem".into()), ..Default::default() };
    let probe = Probe::Ssl(check(nobody()));
    let made = Context::of([&probe], Some(&material), Box::new(NoPrograms));
    let error = made.err().expect("no such file").to_string();
    assert_eq!(error, "cannot use /no/such/key.pem: No such file or directory (os error 2)");
    let plain = Probe::Http(check(nobody()));
    assert!(Context::of([&plain], Some(&material), Box::new(NoPrograms)).is_ok(), "nobody needs it");
}

#[test]
fn a_close_alert_is_sent_when_asked_for() {
    let (tell, told) = mpsc::channel();
    let server = tls_server(
        &certificate(GOOD),
        |_| {},
        move |mut stream| {
            read_tls_request(&mut stream);
            stream.write_all(OK).expect("an answer");
            let _first_half = stream.shutdown();
            let ended = stream.ssl_read(&mut [0]).expect_err("they send no more");
            let said_goodbye = ended.code() == openssl::ssl::ErrorCode::ZERO_RETURN;
            tell.send(said_goodbye).expect("the test waits");
        },
    );
    for compliant in [false, true] {
        let mut check = check(server);
        check.urls[0].tls_compliant = compliant;
        assert_eq!(outcome(&Probe::Ssl(check)), PASSED);
        assert_eq!(told.recv_timeout(PATIENT), Ok(compliant));
    }
}

#[test]
fn a_handshake_that_hangs_is_timed_out() {
    let silent = server(|stream| {
        std::thread::sleep(PATIENT);
        drop(stream);
    });
    let check = HttpCheck { connection: quick(silent, milliseconds(300)), ..check(silent) };
    assert_eq!(slowness(&Probe::Ssl(check)), "Timeout connecting");
}
