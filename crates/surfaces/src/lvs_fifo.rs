//! Lines for FIFOs about virtual and real servers (lvs reference 6.2).

use keepalived_lvs::{Event, EventKind};

/// The line that readers of `notify_fifo` and `lvs_notify_fifo` get, with its line feed; `None` for most events.
#[must_use]
pub fn lvs_fifo_line(event: &Event) -> Option<String> {
    let state = |up: bool| if up { "UP" } else { "DOWN" };
    let vs = &event.virtual_server;
    match &event.kind {
        EventKind::RealServerAnnounced { up, quiet: false, .. } => {
            let rs = event.real_server.as_deref().unwrap_or_default();
            Some(format!("RS {rs} {vs} {}\n", state(*up)))
        }
        EventKind::VirtualServerAnnounced { up, quiet: false, .. } => {
            Some(format!("VS {vs} {}\n", state(*up)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_in_a_line_feed_and_nothing_else() {
        let event = Event {
            virtual_server: "[10.10.10.2]:tcp:80".to_owned(),
            real_server: Some("[192.168.200.2]:tcp:80".to_owned()),
            kind: EventKind::RealServerAnnounced {
                up: false,
                stopping: false,
                quiet: false,
                script: None,
                mail: false,
            },
        };
        let line = lvs_fifo_line(&event);
        assert_eq!(line.as_deref(), Some("RS [192.168.200.2]:tcp:80 [10.10.10.2]:tcp:80 DOWN\n"));
    }
}
