//! TLS as `SSL_GET` needs it: any server that speaks it at all, certificates unchecked unless asked for.

mod ready;

use crate::attempt::words;
use keepalived_lvs::config::{TlsMaterial, Verification};
use keepalived_tls::Resuming;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode, SslStream,
    SslVerifyMode, SslVersion,
};
use ready::Ready;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::net::TcpStream;
use tokio::task::coop::consume_budget;

/// OpenSSL's number for "unexpected eof while reading": the peer has closed without a close alert.
const UNEXPECTED_EOF: i32 = 294;
/// `SSL_OP_LEGACY_SERVER_CONNECT`: talk to servers without secure renegotiation (RFC 5746), too.
const LEGACY_SERVER_CONNECT: u64 = 0x4;

/// Contexts for all `SSL_GET` checks of a configuration.
pub(crate) struct Tls {
    lenient: Resuming<Peer>,
    /// Connections show a certificate of ours.
    is_authenticated: bool,
    verifying: HashMap<Verification, SslContext>,
}

/// A peer whose session can be resumed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Peer {
    address: SocketAddr,
    name: Option<String>,
}

/// What a connection asks of its peer.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// Where it goes.
    pub(crate) address: SocketAddr,
    /// Server Name Indication.
    pub(crate) sni: Option<String>,
    /// Whether the certificate has to be good.
    pub(crate) verification: Verification,
    /// The name that a certificate has to be for; the address when there is none.
    pub(crate) identity: Option<String>,
}

/// A file or a setting that no TLS can be made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError {
    file: Option<PathBuf>,
    error: String,
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "cannot use {}: {}", file.display(), self.error),
            None => write!(f, "cannot set up TLS: {}", self.error),
        }
    }
}

impl std::error::Error for TlsError {}

impl From<ErrorStack> for TlsError {
    fn from(error: ErrorStack) -> Self {
        Self { file: None, error: error.to_string() }
    }
}

fn at<E: fmt::Display>(file: &Path) -> impl FnOnce(E) -> TlsError {
    let file = file.to_owned();
    move |error| TlsError { file: Some(file), error: error.to_string() }
}

impl Tls {
    /// # Errors
    /// When a file of the `SSL` block cannot be loaded.
    pub(crate) fn new(material: &TlsMaterial) -> Result<Self, TlsError> {
        let lenient = builder(material)?.build();
        let is_authenticated = material.certificate.is_some() || material.key.is_some();
        Ok(Self { lenient: Resuming::new(lenient), is_authenticated, verifying: HashMap::new() })
    }

    /// Goes on with the sessions of another one. Not where certificates are shown: peers would go on seeing the old one.
    pub(crate) fn inherit(&self, predecessor: &Self) {
        if !self.is_authenticated && !predecessor.is_authenticated {
            self.lenient.inherit(&predecessor.lenient);
        }
    }

    /// Gets ready for checks with this verification.
    ///
    /// # Errors
    /// When the file of authorities cannot be loaded.
    pub(crate) fn prepare(
        &mut self,
        verification: &Verification,
        material: &TlsMaterial,
    ) -> Result<(), TlsError> {
        if *verification == Verification::Off || self.verifying.contains_key(verification) {
            return Ok(());
        }
        let mut builder = builder(material)?;
        builder.set_verify(SslVerifyMode::PEER);
        match verification {
            Verification::CaFile(file) => builder.set_ca_file(file).map_err(at(file))?,
            Verification::Off | Verification::System => builder.set_default_verify_paths()?,
        }
        self.verifying.insert(verification.clone(), builder.build());
        Ok(())
    }

    /// A connection to be. A verifying one never resumes: a resumed session shows no certificate, and one that has
    /// expired in the meantime would go unnoticed.
    fn begin(&self, wish: &Wish) -> Result<Ssl, TlsError> {
        if wish.verification == Verification::Off {
            let mut ssl = self.lenient.begin(&Peer::of(wish))?;
            name(&mut ssl, wish)?;
            return Ok(ssl);
        }
        let Some(verifying) = self.verifying.get(&wish.verification) else {
            return Err(TlsError { file: None, error: "no authorities to verify with".to_owned() });
        };
        let mut ssl = Ssl::new(verifying)?;
        name(&mut ssl, wish)?;
        match wish.identity.as_deref().map(|name| (name, name.parse::<IpAddr>())) {
            Some((name, Err(_))) => ssl.param_mut().set_host(name)?,
            Some((_, Ok(address))) => ssl.param_mut().set_ip(address)?,
            None => ssl.param_mut().set_ip(wish.address.ip())?,
        }
        Ok(ssl)
    }

    /// Shakes hands over a connection. It takes as long as the peer does; the caller bounds it.
    ///
    /// # Errors
    /// In the words of OpenSSL.
    pub(crate) async fn connect(&self, stream: TcpStream, wish: &Wish) -> Result<TlsStream, String> {
        let ssl = self.begin(wish).map_err(|error| error.to_string())?;
        let stream = SslStream::new(ssl, Ready::new(stream)).map_err(|error| error.to_string())?;
        let mut stream = TlsStream { stream };
        let shaken = stream.when_ready(SslStream::connect).await;
        match shaken {
            Ok(()) => Ok(stream),
            Err(error) => {
                // The peer may be told why.
                drop(stream.stream.get_mut().send());
                self.lenient.forget(&Peer::of(wish));
                let verdict = stream.stream.ssl().verify_result();
                let refused =
                    wish.verification != Verification::Off && verdict != openssl::x509::X509VerifyResult::OK;
                Err(if refused { verdict.error_string().to_owned() } else { text(&error) })
            }
        }
    }

    /// Ends a connection whose answer was read to its end; with a close alert if the check is `compliant`. Its session
    /// is kept for the next one.
    pub(crate) fn end(&self, mut connection: TlsStream, wish: &Wish, compliant: bool) {
        if compliant {
            // One attempt without waiting: whether the peer answers is of no interest.
            drop(connection.stream.shutdown());
            drop(connection.stream.get_mut().send());
        }
        if wish.verification == Verification::Off {
            self.lenient.remember(Peer::of(wish), connection.stream.ssl());
        }
    }
}

impl Peer {
    fn of(wish: &Wish) -> Self {
        Self { address: wish.address, name: wish.sni.clone() }
    }
}

fn name(ssl: &mut Ssl, wish: &Wish) -> Result<(), ErrorStack> {
    match wish.sni.as_deref() {
        Some(name) => ssl.set_hostname(name),
        None => Ok(()),
    }
}

/// A context that takes every version and cipher the library has: a server must not count as dead because *we* are
/// modern. Debian's own limits (`MinProtocol`, `SECLEVEL`) are lifted.
fn builder(material: &TlsMaterial) -> Result<SslContextBuilder, TlsError> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(SslVersion::TLS1))?;
    builder.set_cipher_list("ALL:@SECLEVEL=0")?;
    builder.set_options(SslOptions::from_bits_retain(LEGACY_SERVER_CONNECT));
    builder.set_session_cache_mode(SslSessionCacheMode::OFF);
    // One system call brings all records that are there, instead of two for each.
    builder.set_read_ahead(true);
    builder.set_verify(SslVerifyMode::NONE);
    if let Some(file) = &material.ca {
        builder.set_ca_file(file).map_err(at(file))?;
    }
    if let Some(file) = &material.certificate {
        builder.set_certificate_chain_file(file).map_err(at(file))?;
    }
    if let Some(file) = &material.key {
        private_key(&mut builder, file, material.password.as_deref())?;
    }
    Ok(builder)
}

fn private_key(builder: &mut SslContextBuilder, file: &Path, password: Option<&str>) -> Result<(), TlsError> {
    let pem = std::fs::read(file).map_err(at(file))?;
    let password = password.unwrap_or_default().as_bytes();
    let key = PKey::private_key_from_pem_passphrase(&pem, password).map_err(at(file))?;
    builder.set_private_key(&key).map_err(at(file))
}

/// A connection over TLS.
pub(crate) struct TlsStream {
    stream: SslStream<Ready>,
}

/// How a read ended.
pub(crate) enum Got {
    /// Something came.
    Piece,
    /// The peer has closed.
    End,
    /// The same, without the close alert of TLS; in the words of OpenSSL.
    EndWithoutAlert(String),
}

impl TlsStream {
    /// Calls `act` until it no longer wants the socket to be readable or writable first.
    async fn when_ready<T>(
        &mut self,
        mut act: impl FnMut(&mut SslStream<Ready>) -> Result<T, openssl::ssl::Error>,
    ) -> Result<T, openssl::ssl::Error> {
        loop {
            let error = match act(&mut self.stream) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            let ready = self.stream.get_ref();
            // An error of the socket itself comes out of the next turn.
            let _next_turn_tells = match error.code() {
                ErrorCode::WANT_READ if !ready.holds() => ready.socket().readable().await,
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => ready.socket().writable().await,
                _ => return Err(error),
            };
        }
    }

    /// Waits until something comes, and hands it to `take`; at the end, nothing.
    ///
    /// # Errors
    /// In the words of OpenSSL.
    pub(crate) async fn read(
        &mut self,
        scratch: &RefCell<Vec<u8>>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<Got, String> {
        let read = |stream: &mut SslStream<Ready>| {
            let mut scratch = scratch.borrow_mut();
            let length = stream.ssl_read(&mut scratch)?;
            take(scratch.get(..length).unwrap_or_default());
            Ok(length)
        };
        // A peer that always has more does not keep the thread.
        consume_budget().await;
        match self.when_ready(read).await {
            Ok(0) => Ok(Got::End),
            Ok(_) => Ok(Got::Piece),
            Err(error) if error.code() == ErrorCode::ZERO_RETURN => Ok(Got::End),
            Err(error) if ends_without_alert(&error) => Ok(Got::EndWithoutAlert(text(&error))),
            Err(error) => Err(text(&error)),
        }
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// In the words of OpenSSL.
    pub(crate) async fn write_all(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while !bytes.is_empty() {
            let written = self.when_ready(|stream| stream.ssl_write(bytes)).await;
            let written = written.map_err(|error| text(&error))?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        loop {
            match self.stream.get_mut().send() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let ready = self.stream.get_ref().socket().writable().await;
                    ready.map_err(|error| words(&error))?;
                }
                sent => return sent.map_err(|error| words(&error)),
            }
        }
    }
}

fn ends_without_alert(error: &openssl::ssl::Error) -> bool {
    error.ssl_error().is_some_and(|stack| {
        stack.errors().first().is_some_and(|first| first.reason_code() == UNEXPECTED_EOF)
    }) || (error.code() == ErrorCode::SYSCALL && error.io_error().is_none())
}

/// The first line of OpenSSL's, or the system's, words.
fn text(error: &openssl::ssl::Error) -> String {
    if let Some(error) = error.io_error() {
        return words(error);
    }
    match error.ssl_error().and_then(|stack| stack.errors().first()) {
        Some(first) => format!(
            "error:{:08X}:{}::{}",
            first.code(),
            first.library().unwrap_or_default(),
            first.reason().unwrap_or("unknown reason")
        ),
        None => "unexpected eof while reading".to_owned(),
    }
}
