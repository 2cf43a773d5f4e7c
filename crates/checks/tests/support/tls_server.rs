//! TLS servers with certificates made for the test.
#![allow(dead_code, reason = "each test file uses its own part")]

use crate::support::server;
use openssl::asn1::Asn1Time;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};
use std::io::{Read, Write};
use std::net::SocketAddr;

/// A page.
pub(crate) const OK: &[u8] = b"HTTP/1.0 200 OK\r\n\r\nhello\n";

/// When a certificate was made and ends, seconds from now.
pub(crate) type Life = (i64, i64);
pub(crate) const GOOD: Life = (-3600, 3600);
pub(crate) const EXPIRED: Life = (-7200, -3600);

/// A self-signed certificate for `www.example.org`.
pub(crate) fn certificate(life: Life) -> (X509, PKey<Private>) {
    let curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("a curve");
    signed(life, PKey::from_ec_key(EcKey::generate(&curve).expect("a key")).expect("a key"))
}

/// One with a short RSA key, as old servers have.
pub(crate) fn old_certificate() -> (X509, PKey<Private>) {
    signed(GOOD, PKey::from_rsa(Rsa::generate(1024).expect("a key")).expect("a key"))
}

fn signed(life: Life, key: PKey<Private>) -> (X509, PKey<Private>) {
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "www.example.org").expect("a name");
    let name = name.build();
    let mut made = X509::builder().expect("a certificate");
    made.set_version(2).expect("version 3");
    made.set_subject_name(&name).expect("a name");
    made.set_issuer_name(&name).expect("a name");
    made.set_pubkey(&key).expect("a key");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let at = |offset: i64| {
        let seconds = i64::try_from(now.as_secs()).expect("before the year 292 billion") + offset;
        Asn1Time::from_unix(seconds).expect("a time")
    };
    made.set_not_before(&at(life.0)).expect("a time");
    made.set_not_after(&at(life.1)).expect("a time");
    let alternative = SubjectAlternativeName::new()
        .dns("www.example.org")
        .build(&made.x509v3_context(None, None))
        .expect("an extension");
    made.append_extension(alternative).expect("an extension");
    made.sign(&key, MessageDigest::sha256()).expect("a signature");
    (made.build(), key)
}

/// A server with this certificate that does `script` with each connection after the handshake.
pub(crate) fn tls_server(
    (certificate, key): &(X509, PKey<Private>),
    change: impl FnOnce(&mut SslAcceptorBuilder),
    script: impl Fn(openssl::ssl::SslStream<std::net::TcpStream>) + Send + 'static,
) -> SocketAddr {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).expect("a context");
    builder.set_security_level(0);
    builder.set_certificate(certificate).expect("a certificate");
    builder.set_private_key(key).expect("its key");
    change(&mut builder);
    let acceptor = builder.build();
    server(move |stream| {
        if let Ok(stream) = acceptor.accept(stream) {
            script(stream);
        }
    })
}

pub(crate) fn answer(mut stream: openssl::ssl::SslStream<std::net::TcpStream>) {
    read_tls_request(&mut stream);
    stream.write_all(OK).expect("an answer");
    let _they_may_be_gone = stream.shutdown();
}

pub(crate) fn read_tls_request(stream: &mut openssl::ssl::SslStream<std::net::TcpStream>) {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        request.push(byte[0]);
    }
}
