//! A TLS client context that remembers sessions, so that the next connection to the same peer costs a fraction.
//!
//! A crate of its own because of the one call that OpenSSL's binding calls unsafe: offering a remembered session. It may
//! only be offered through the context that it came from, and [`Resuming`] is the type that can promise that. See
//! `docs/decisions/0009-tls.md` for why it is not in `kernel`.

use openssl::error::ErrorStack;
use openssl::ssl::{Ssl, SslContext, SslRef, SslSession};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// A context, and the last session with each peer. `K` names peers; there are as many sessions as names were used.
pub struct Resuming<K> {
    context: SslContext,
    /// All of them came from connections of `context`: see [`Resuming::remember`].
    sessions: RefCell<HashMap<K, SslSession>>,
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
        if let Some(session) = self.sessions.borrow().get(peer) {
            offer(&mut ssl, session)?;
        }
        Ok(ssl)
    }

    /// Keeps the session of a connection that went well. One of another context is not kept.
    pub fn remember(&self, peer: K, connection: &SslRef) {
        if !std::ptr::eq(connection.ssl_context(), &raw const *self.context) {
            return;
        }
        if let Some(session) = connection.session() {
            self.sessions.borrow_mut().insert(peer, session.to_owned());
        }
    }

    /// Drops the session with a peer, so that the next connection begins afresh.
    pub fn forget(&self, peer: &K) {
        self.sessions.borrow_mut().remove(peer);
    }
}

#[expect(unsafe_code, reason = "the one call for which this crate exists")]
fn offer(ssl: &mut Ssl, session: &SslSession) -> Result<(), ErrorStack> {
    // SAFETY: a session may only be set on a connection of the context it came from. The one caller, `begin`, makes `ssl`
    // from `self.context`, and `self.sessions` has sessions of connections of that same context only, which `remember`
    // compared by address; the context lives as long as `self`, so no other can have had its address.
    unsafe { ssl.set_session(session) }
}
