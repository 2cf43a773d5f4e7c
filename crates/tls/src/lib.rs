//! A TLS client context that remembers sessions, so that the next connection to the same peer costs a fraction.
//!
//! A crate of its own because of the one call that OpenSSL's binding calls unsafe: offering a remembered session. One
//! that belongs to a context may only be offered through that context; those that [`Resuming`] offers belong to none. See
//! `docs/decisions/0009-tls.md` for why it is not in `kernel`.

mod der;

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslRef, SslSession};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// A context, and the last session with each peer. `K` names peers; there are as many sessions as names were used.
pub struct Resuming<K> {
    context: SslContext,
    /// Encoded and without certificates, some hundred bytes instead of ten thousand. All of them came from connections of
    /// `context`, or of one that was like it: see [`Resuming::remember`] and [`Resuming::inherit`].
    sessions: RefCell<HashMap<K, Box<[u8]>>>,
}

impl<K: Eq + Hash> Resuming<K> {
    /// A context without sessions.
    #[must_use]
    pub fn new(context: SslContext) -> Self {
        Self { context, sessions: RefCell::default() }
    }

    /// A connection to be, which will offer `peer` the session it had last, if any.
    ///
    /// # Errors
    /// When OpenSSL has no memory.
    pub fn begin(&self, peer: &K) -> Result<Ssl, ErrorStack> {
        let mut ssl = Ssl::new(&self.context)?;
        // One that cannot be read is none.
        if let Some(Ok(session)) = self.sessions.borrow().get(peer).map(|kept| SslSession::from_der(kept)) {
            offer(&mut ssl, &session)?;
        }
        Ok(ssl)
    }

    /// Keeps the session of a connection that went well. One of another context is not kept.
    pub fn remember(&self, peer: K, connection: &SslRef) {
        if !std::ptr::eq(connection.ssl_context(), &raw const *self.context) {
            return;
        }
        let session = connection.session().and_then(|session| session.to_der().ok());
        if let Some(session) = session.and_then(|session| der::without_certificate(&session)) {
            self.sessions.borrow_mut().insert(peer, session.into_boxed_slice());
        }
    }

    /// Goes on with the sessions of a context that shows itself to peers in the same way as this one.
    pub fn inherit(&self, predecessor: &Self) {
        self.sessions.replace(predecessor.sessions.take());
    }

    /// Drops the session with a peer, so that the next connection begins afresh.
    pub fn forget(&self, peer: &K) {
        self.sessions.borrow_mut().remove(peer);
    }
}

#[expect(unsafe_code, reason = "the one call for which this crate exists")]
fn offer(ssl: &mut Ssl, session: &SslSession) -> Result<(), ErrorStack> {
    // SAFETY: a session that belongs to a context may only be set on a connection of that context. The one caller, `begin`,
    // has just decoded this one from bytes: d2i_SSL_SESSION(3) makes a session that belongs to no context yet, shares
    // nothing with any, and is owned by us alone. `set_session` takes a reference of its own.
    unsafe { ssl.set_session(session) }
}
