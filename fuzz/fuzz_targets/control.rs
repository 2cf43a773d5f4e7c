//! What comes in at the control socket, in any pieces: understood or refused, and nobody who may only look gets more.
#![no_main]

use keepalived::control::{Answer, LONGEST_REQUEST, Request, understand};
use libfuzzer_sys::fuzz_target;

/// What the supervisor makes of bytes that come in pieces of this size; it stops reading at the first result.
fn served(bytes: &[u8], size: usize, may_change: bool) -> Option<Result<Request, String>> {
    let mut inbox = Vec::new();
    for piece in bytes.chunks(size) {
        assert!(inbox.len() < LONGEST_REQUEST, "it would have been refused");
        inbox.extend_from_slice(piece);
        match understand(&inbox, may_change) {
            Ok(None) => {}
            Ok(Some(request)) => return Some(Ok(request)),
            Err(error) => return Some(Err(error)),
        }
    }
    None
}

fuzz_target!(|input: (u16, &[u8])| {
    let (size, bytes) = input;
    let size = usize::from(size).clamp(1, LONGEST_REQUEST);
    let looked = served(bytes, size, false);
    if let Some(Ok(request)) = &looked {
        assert!(!request.needs_privilege());
    }
    let changed = served(bytes, size, true);
    if let Some(Ok(request)) = &changed {
        let mut line = serde_json::to_vec(request).expect("a request is JSON");
        line.push(b'\n');
        assert_eq!(understand(&line, true).as_ref(), Ok(&Some(request.clone())), "it survives a round trip");
        if bytes.len() < LONGEST_REQUEST {
            assert_eq!(served(bytes, 1, true), changed, "pieces do not matter");
        }
    }
    // A client reads what a daemon says, whoever that is.
    let _ = serde_json::from_slice::<Answer>(bytes);
});
