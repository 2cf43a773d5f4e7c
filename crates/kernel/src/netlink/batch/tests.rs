//! Acknowledgements matched to operations.

use super::super::address::{AddressOp, AddressSpec};
use super::*;
use keepalived_types::{IfIndex, Prefix};

const AMPLE: Room = Room { answers: usize::MAX, bytes: usize::MAX };

fn running(adds: usize) -> Running<AddressOp> {
    let prefix = Prefix::host("192.0.2.1".parse().expect("literal"));
    let spec = AddressSpec::new(IfIndex::new(1).expect("not 0"), prefix);
    let mut operations = vec![AddressOp::Add(spec.clone()); adds];
    operations.push(AddressOp::Remove(spec));
    Running::new(Ticket(1), operations)
}

#[test]
fn failures_before_the_acknowledgement_are_matched_by_sequence_number() {
    let (mut sequence, mut encoder) = (u32::MAX - 1, Encoder::default());
    let mut batch = running(3);
    batch.encode_chunk(AMPLE, &mut sequence, &mut encoder);
    assert_eq!(sequence, 3, "the numbers wrap");
    batch.acknowledge(77, 1, None);
    batch.acknowledge(u32::MAX, libc::EEXIST, None);
    batch.acknowledge(0, libc::ENODEV, Some("no device".to_owned()));
    assert!(batch.is_waiting() && !batch.is_complete());
    batch.acknowledge(1, libc::EADDRNOTAVAIL, None);
    assert!(batch.is_waiting() && !batch.is_complete());
    batch.acknowledge(2, 0, None);
    assert!(batch.is_complete());
    let refused = NetlinkError { errno: libc::ENODEV, message: Some("no device".to_owned()) };
    assert_eq!(refused.to_string(), "No such device (os error 19): no device");
    assert_eq!(batch.finish().outcomes, [Ok(Done::Done), Ok(Done::Already), Err(refused), Ok(Done::Gone)]);
}

#[test]
fn a_lost_chunk_fails_alone_and_late_answers_to_it_are_ignored() {
    let (mut sequence, mut encoder) = (1, Encoder::default());
    let mut batch = running(AddressOp::CHUNK);
    batch.encode_chunk(AMPLE, &mut sequence, &mut encoder);
    batch.fail_chunk(&io::Error::from_raw_os_error(libc::ENOBUFS));
    assert!(!batch.is_waiting() && !batch.is_complete());
    encoder.clear();
    batch.encode_chunk(AMPLE, &mut sequence, &mut encoder);
    batch.acknowledge(1, 0, None);
    assert!(batch.is_waiting());
    batch.acknowledge(sequence - 1, 0, None);
    let outcomes = batch.finish().outcomes;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), AddressOp::CHUNK);
    assert_eq!(outcomes[AddressOp::CHUNK], Ok(Done::Done));
}

#[test]
fn a_socket_with_little_room_gets_smaller_chunks() {
    for (room, expected) in [
        (Room { answers: 3, bytes: usize::MAX }, 3),
        (Room { answers: usize::MAX, bytes: 1 }, 1),
        (Room { answers: 0, bytes: 0 }, 1),
        (AMPLE, 8),
    ] {
        let (mut sequence, mut encoder) = (0, Encoder::default());
        running(7).encode_chunk(room, &mut sequence, &mut encoder);
        assert_eq!(sequence, expected + 1, "{room:?}: operations and the message behind them");
    }
}

#[test]
fn an_empty_batch_is_complete_at_once() {
    assert!(Running::<AddressOp>::new(Ticket(1), Vec::new()).is_complete());
}
