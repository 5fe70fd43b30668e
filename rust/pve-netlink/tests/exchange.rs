//! Requests and answers on a wire that records and replays.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::VecDeque;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pve_netlink::request::{Channel, Outcome, Request};
use pve_netlink::wire::Wire;
use pve_netlink::{Errno, link};

/// Answers with what the test has put in, and keeps what was sent.
#[derive(Default)]
struct Recorded {
    sent: Arc<Mutex<Vec<Vec<u8>>>>,
    answers: VecDeque<io::Result<Vec<u8>>>,
    last: Vec<u8>,
    /// How long the kernel takes for each.
    takes: Duration,
}

impl Wire for Recorded {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sent.lock().unwrap().push(bytes.to_vec());
        Ok(())
    }
    fn receive(&mut self, _: Duration) -> io::Result<Option<&[u8]>> {
        std::thread::sleep(self.takes);
        match self.answers.pop_front() {
            Some(answer) => {
                self.last = answer?;
                Ok(Some(&self.last))
            }
            None => Ok(None),
        }
    }
    fn socket(&self) -> BorrowedFd<'_> {
        unreachable!("nothing here looks up an interface")
    }
}

fn message(kind: u16, flags: u16, sequence: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + payload.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(7_u32.to_ne_bytes());
    bytes.extend(payload);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// NLMSG_ERROR, with the kernel's words if there are some.
fn answer(sequence: u32, errno: i32, words: &str) -> Vec<u8> {
    let mut payload = (-errno).to_ne_bytes().to_vec();
    payload.extend([0; 16]);
    if words.is_empty() {
        return message(2, 0x100, sequence, &payload);
    }
    let length = u16::try_from(4 + words.len() + 1).unwrap();
    payload.extend(length.to_ne_bytes());
    payload.extend(1_u16.to_ne_bytes());
    payload.extend(words.bytes().chain([0]));
    message(2, 0x300, sequence, &payload)
}

fn outcomes(requests: Vec<Request>, answers: Vec<io::Result<Vec<u8>>>) -> Vec<Outcome> {
    let wire = Recorded { answers: answers.into(), ..Recorded::default() };
    let mut channel = Channel::new(Box::new(wire)).with_deadline(Duration::from_millis(20));
    let answers = channel.exchange(requests).unwrap();
    answers.into_iter().map(|answer| answer.outcome).collect()
}

/// As when it waits for its own lock before it goes on with a dump: the next part is there when the deadline is over.
#[test]
fn the_deadline_is_for_each_part_of_an_answer() {
    let answers = [Ok(answer(1, 0, "")), Ok(answer(2, 0, ""))].into();
    let takes = Duration::from_millis(30);
    let wire = Recorded { answers, takes, ..Recorded::default() };
    let mut channel = Channel::new(Box::new(wire)).with_deadline(Duration::from_millis(20));
    let outcomes = channel.exchange(two()).unwrap().into_iter().map(|answer| answer.outcome);
    assert!(outcomes.eq([Outcome::Done, Outcome::Done]));
}

fn two() -> Vec<Request> {
    vec![link::set_up(5), link::delete(5)]
}

#[test]
fn one_send_carries_all_messages_with_numbers_and_lengths() {
    let wire = Recorded::default();
    let sent = wire.sent.clone();
    let mut channel = Channel::new(Box::new(wire)).with_deadline(Duration::ZERO);
    channel.exchange(two()).unwrap();
    channel.exchange(two()).unwrap();
    let sent = sent.lock().unwrap();
    assert_eq!(sent.len(), 2);
    let head = |bytes: &[u8]| {
        let word = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
        let half = |at: usize| u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap());
        (word(0), half(4), half(6), word(8))
    };
    // RTM_SETLINK and RTM_DELLINK of 32 bytes, NLM_F_REQUEST | NLM_F_ACK.
    assert_eq!(head(&sent[0]), (32, 19, 5, 1));
    assert_eq!(head(&sent[0][32..]), (32, 17, 5, 2));
    assert_eq!(head(&sent[1]), (32, 19, 5, 3), "numbers go on");
    // struct ifinfomsg of RTM_SETLINK: index 5, flags and change mask IFF_UP.
    assert_eq!(&sent[0][20..32], [5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn answers_find_their_requests_in_any_order_and_datagram() {
    let both = [answer(2, 19, "no such thing"), answer(1, 0, "")].concat();
    let refused = Outcome::Refused { errno: Errno::ENODEV, detail: "no such thing".into() };
    assert_eq!(outcomes(two(), vec![Ok(both)]), [Outcome::Done, refused.clone()]);
    let apart = vec![Ok(answer(2, 19, "no such thing")), Ok(answer(1, 0, ""))];
    assert_eq!(outcomes(two(), apart), [Outcome::Done, refused]);
}

#[test]
fn a_late_answer_to_something_else_counts_for_nothing() {
    let answers = vec![Ok(answer(9, 1, "")), Ok(answer(0, 1, "")), Ok(answer(1, 0, ""))];
    assert_eq!(outcomes(two(), answers), [Outcome::Done, Outcome::Unanswered]);
}

#[test]
fn lost_answers_are_unanswered() {
    let lost = vec![Ok(answer(1, 0, "")), Err(Errno::ENOBUFS.into())];
    assert_eq!(outcomes(two(), lost), [Outcome::Done, Outcome::Unanswered]);
    assert_eq!(outcomes(two(), vec![]), [Outcome::Unanswered, Outcome::Unanswered]);
}

#[test]
fn a_dump_is_answered_by_its_end() {
    let end = message(3, 2, 1, &0_i32.to_ne_bytes());
    let request = || vec![pve_netlink::route::show("0.0.0.0".parse().unwrap())];
    assert_eq!(outcomes(request(), vec![Ok(end)]), [Outcome::Done]);
    assert_eq!(outcomes(request(), vec![]), [Outcome::Unanswered]);
}

#[test]
fn nonsense_is_no_panic_and_no_success() {
    let good = answer(1, 0, "");
    for length in 0..good.len() {
        let found = outcomes(two(), vec![Ok(good[..length].to_vec())]);
        assert_ne!(found[0], Outcome::Done, "{length} bytes");
    }
    // Every byte in turn, every value: whatever the kernel says, it is taken for an answer or not.
    for position in 0..good.len() {
        for value in 0..=255 {
            let mut bytes = good.clone();
            bytes[position] = value;
            outcomes(two(), vec![Ok(bytes), Ok(good.clone()), Ok(answer(2, 0, ""))]);
        }
    }
    let link = message(16, 0, 1, &[0, 0, 0]);
    let found = outcomes(two(), vec![Ok(link), Ok(good)]);
    assert!(matches!(found[0], Outcome::Malformed(_)), "{found:?}");
}
