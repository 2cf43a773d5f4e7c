//! A thread of this process inside a node's namespace, with a socket, stopped and joined when dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::node::Node;
use crate::{Error, Result};

/// The thread.
#[derive(Debug)]
pub(crate) struct Worker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Worker {
    /// Opens something inside the namespace, reports whether that worked, and hands it to `work`, which has to look at
    /// the flag several times a second.
    pub(crate) fn start<S: Send + 'static>(
        node: &Node,
        open: impl FnOnce() -> Result<S> + Send + 'static,
        work: impl FnOnce(S, Arc<AtomicBool>) + Send + 'static,
    ) -> Result<Self> {
        let opened = node.namespace().thread(open)?.join();
        let socket = opened.map_err(|_| Error::Unexpected("opening a socket panicked".into()))???;
        let stop = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&stop);
        let thread = node.namespace().thread(move || work(socket, seen))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _its_results_are_already_shared = thread.join();
        }
    }
}
