//! Against captured messages, and against the kernel of the machine.

use super::*;
use std::process::Command;
use std::time::{Duration, Instant};

/// A message as a 6.18 kernel sends it on a little-endian machine.
fn message(kind: u32, data: &[u32]) -> Vec<u8> {
    let mut words = vec![76, 3, 0, 0, 1, 1, 0, 1, 40, kind, 0, 0x5e0d_1183, 0xb7];
    words.extend(data);
    words.resize(19, 0);
    words.iter().flat_map(|word: &u32| word.to_ne_bytes()).collect()
}

fn decoded(bytes: &[u8]) -> Vec<Happening> {
    let mut happenings = Vec::new();
    decode(bytes, &mut happenings);
    happenings
}

#[test]
fn each_event_is_understood_and_those_of_threads_are_left_out() {
    assert_eq!(decoded(&message(0, &[0])), [Happening::Accepted]);
    assert_eq!(decoded(&message(0, &[1])), [Happening::Refused(1)]);
    assert_eq!(decoded(&message(1, &[12, 11, 30, 30])), [Happening::Forked { parent: 11, child: 30 }]);
    assert_eq!(decoded(&message(1, &[11, 11, 31, 11])), [], "a new thread");
    assert_eq!(decoded(&message(2, &[30, 30])), [Happening::Executed(30)]);
    assert_eq!(decoded(&message(0x200, &[30, 30, 0x0061_6161])), [Happening::Renamed(30)]);
    assert_eq!(decoded(&message(0x200, &[31, 30])), [], "the name of a thread");
    assert_eq!(decoded(&message(0x8000_0000, &[30, 30, 0, 17, 11, 11])), [Happening::Exited(30)]);
    assert_eq!(decoded(&message(0x8000_0000, &[31, 30])), [], "the end of a thread");
    assert_eq!(decoded(&message(4, &[30, 30, 0, 0])), [], "a change of user");
}

#[test]
fn bytes_that_make_no_sense_are_left_out() {
    let whole = message(2, &[30, 30]);
    for length in 0..whole.len() {
        decoded(&whole[..length]);
    }
    assert_eq!(decoded(&whole[..60]), []);
    assert_eq!(decoded(&[0; 64]), [], "a length of nothing must not go on for ever");
    assert_eq!(decoded(&[0xff; 64]), []);
    assert_eq!(decoded(&[whole.clone(), whole].concat()).len(), 2);
}

/// The life of a child, as the kernel tells it. Without a connector (a container, another namespace) the kernel says
/// nothing at all, which is what callers have to be ready for.
#[test]
fn the_kernel_tells_of_a_child_or_refuses() {
    let Ok(mut events) = ProcessEvents::open(None, 1 << 20) else { return };
    let mut child = Command::new("/bin/true").spawn().expect("true exists");
    let pid = child.id();
    child.wait().expect("ours");
    let started = Instant::now();
    let mut happenings = Vec::new();
    while !happenings.contains(&Happening::Exited(pid)) && started.elapsed() < Duration::from_secs(5) {
        events.read(&mut happenings, 100).expect("readable");
        std::thread::sleep(Duration::from_millis(5));
    }
    if !happenings.contains(&Happening::Accepted) {
        return;
    }
    let of_child = happenings.iter().filter(|happening| match happening {
        Happening::Forked { child, .. } => *child == pid,
        Happening::Executed(one) | Happening::Exited(one) => *one == pid,
        _ => false,
    });
    let parent = std::process::id();
    let life = [Happening::Forked { parent, child: pid }, Happening::Executed(pid), Happening::Exited(pid)];
    assert_eq!(of_child.copied().collect::<Vec<_>>(), life);
    events.enlarge(1 << 22);
}

#[test]
fn in_another_network_namespace_it_is_opened_in_the_one_we_came_from() {
    let here = ProcessEvents::open(None, 1 << 16).is_ok();
    let origin = namespace::current().expect("procfs");
    crate::testing::in_network_namespace(move || {
        assert!(ProcessEvents::open(None, 1 << 16).is_err(), "there is none in here");
        assert_eq!(ProcessEvents::open(Some(origin.as_fd()), 1 << 16).is_ok(), here);
    });
}

/// The kernel doubles what it is asked for (socket(7)).
#[test]
fn the_room_for_events_can_be_changed_while_the_socket_is_open() {
    // Not everywhere is there a connector; see the test above.
    let Ok(mut events) = ProcessEvents::open(None, 1 << 16) else { return };
    let granted = |events: &ProcessEvents| {
        rustix::net::sockopt::socket_recv_buffer_size(events.as_fd()).expect("it is a socket")
    };
    assert_eq!(granted(&events), 2 << 16);
    events.set_room(ReceiveBuffer::Bytes(5000), 1 << 16).expect("no reason to refuse");
    assert_eq!(granted(&events), 10_000);
    events.set_room(ReceiveBuffer::Forced(1 << 24), 1 << 16).expect("needs root");
    assert_eq!(granted(&events), 2 << 24);
    events.set_room(ReceiveBuffer::Usual, 1 << 16).expect("no reason to refuse");
    assert_eq!(granted(&events), 2 << 16);
}
