//! Durable subscribers: each event is delivered until it is acknowledged or given up.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use common::{Root, id, lost, publish};
use pve_events::{Delivery, EventsError, Retries, Start, Subscriber};

const SOON: Retries =
    Retries { attempts: 3, first: Duration::from_millis(5), longest: Duration::from_millis(8) };

fn subscribe(root: &Root, start: Start) -> Subscriber {
    Subscriber::below(root.path(), "s", start, SOON).unwrap()
}

fn next(subscriber: &mut Subscriber) -> Vec<(u32, u32)> {
    let deliveries = subscriber.next(100).unwrap();
    deliveries.iter().map(|Delivery { event, attempt }| (id(event), *attempt)).collect()
}

fn wait() {
    std::thread::sleep(Duration::from_millis(12));
}

#[test]
fn it_goes_on_where_it_was() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, 1..=2).unwrap();
    let mut subscriber = subscribe(&root, Start::New);
    assert_eq!(next(&mut subscriber), []);
    publish(&journal, 3..=7).unwrap();
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::New);
    let all = [(3, 1), (4, 1), (5, 1), (6, 1), (7, 1)];
    assert_eq!(next(&mut subscriber), all, "also what came while it was away");
    assert_eq!(next(&mut subscriber), [], "once");
    subscriber.acknowledge(&[3, 4, 6]).unwrap();
    assert_eq!(subscriber.acknowledged(), 4);
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), [(5, 1), (7, 1)], "what was not acknowledged");
    subscriber.acknowledge(&[7]).unwrap();
    assert_eq!(subscriber.acknowledged(), 4);
    subscriber.acknowledge(&[5]).unwrap();
    assert_eq!(subscriber.acknowledged(), 7);
    for sequence in [5, 3, 8] {
        let error = subscriber.acknowledge(&[sequence]).unwrap_err();
        assert!(matches!(error, EventsError::NotDelivered { .. }), "{error}");
    }
    let state = fs::read_to_string(root.events().join("subscribers/s.json")).unwrap();
    assert!(state.contains(r#""acknowledged":7,"beyond":[],"failed":{}"#), "{state}");
    subscriber.forget().unwrap();
    let mut subscriber = subscribe(&root, Start::Sequence(6));
    assert_eq!(next(&mut subscriber), [(6, 1), (7, 1)], "a new one");
}

#[test]
fn one_at_a_time_has_a_name() {
    let root = Root::new();
    let first = subscribe(&root, Start::New);
    let second = Subscriber::below(root.path(), "s", Start::New, SOON).unwrap_err();
    assert!(matches!(second, EventsError::InUse { .. }), "{second}");
    Subscriber::below(root.path(), "other", Start::New, SOON).unwrap();
    drop(first);
    subscribe(&root, Start::New);
    let long = "x".repeat(65);
    for name in ["", "../s", ".s", "a/b", "a b", "é", "a\0", long.as_str()] {
        let error = Subscriber::below(root.path(), name, Start::New, SOON).unwrap_err();
        assert!(matches!(error, EventsError::BadName { .. }), "{name}");
    }
    assert!(Subscriber::below(root.path(), "a.b-C_9.json", Start::New, SOON).is_ok());
}

#[test]
fn what_fails_is_tried_again_and_given_up() {
    let root = Root::new();
    let journal = root.journal();
    let mut subscriber = subscribe(&root, Start::Oldest);
    publish(&journal, 1..=3).unwrap();
    assert_eq!(next(&mut subscriber).len(), 3);
    assert!(!subscriber.refuse(2, "first").unwrap());
    assert!(matches!(subscriber.refuse(2, "twice"), Err(EventsError::NotDelivered { .. })));
    subscriber.acknowledge(&[1, 3]).unwrap();
    drop(subscriber);
    wait();
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), [(2, 2)], "remembered");
    subscriber.refuse(2, "second").unwrap();
    wait();
    assert_eq!(next(&mut subscriber), [(2, 3)]);
    assert!(subscriber.refuse(2, "third").unwrap(), "given up");
    assert_eq!(subscriber.acknowledged(), 3);
    wait();
    assert_eq!(next(&mut subscriber), []);
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), []);
    let (letters, dropped) = subscriber.dead_letters();
    let letter = &letters[0];
    assert_eq!((letters.len(), dropped), (1, 0));
    assert_eq!((id(&letter.event), letter.attempts, letter.error.as_str()), (2, 3, "third"));

    // The journal may be gone by now.
    root.segments().iter().for_each(|path| fs::remove_file(path).unwrap());
    subscriber.redeliver(2).unwrap();
    assert!(matches!(subscriber.redeliver(2), Err(EventsError::NoDeadLetter { .. })));
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), [(2, 1)], "as if it had never failed");
    subscriber.refuse(2, "again").unwrap();
    drop(subscriber);
    wait();
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), [(2, 2)]);
    subscriber.acknowledge(&[2]).unwrap();
    assert_eq!((subscriber.acknowledged(), subscriber.dead_letters().0.len()), (3, 0));
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), []);
    publish(&journal, [4]).unwrap();
    assert_eq!(next(&mut subscriber), [(4, 1)]);
}

#[test]
fn what_fails_has_to_wait() {
    let root = Root::new();
    let patient = Retries { first: Duration::from_secs(3600), ..Retries::default() };
    let mut subscriber = Subscriber::below(root.path(), "s", Start::Oldest, patient).unwrap();
    publish(&root.journal(), 1..=2).unwrap();
    assert_eq!(next(&mut subscriber), [(1, 1), (2, 1)]);
    subscriber.refuse(1, "no").unwrap();
    assert_eq!(next(&mut subscriber), []);
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber), [(2, 1)]);
    // Once it has become a dead letter.
    subscriber.refuse(2, "no").unwrap();
    wait();
    assert_eq!(next(&mut subscriber), [(2, 2)]);
    assert!(matches!(subscriber.discard(2), Err(EventsError::NoDeadLetter { .. })));
    subscriber.refuse(2, "no").unwrap();
    wait();
    assert_eq!(next(&mut subscriber), [(2, 3)]);
    assert!(subscriber.refuse(2, "no").unwrap());
    subscriber.discard(2).unwrap();
    assert!(subscriber.dead_letters().0.is_empty());
}

#[test]
fn what_was_removed_is_told() {
    let root = Root::new();
    let journal = root.small(300, 900);
    let mut subscriber = subscribe(&root, Start::Oldest);
    publish(&journal, [1]).unwrap();
    assert_eq!(next(&mut subscriber), [(1, 1)]);
    for id in 2..=20 {
        publish(&journal, [id]).unwrap();
    }
    let found: Vec<u64> = next(&mut subscriber).into_iter().map(|(id, _)| id.into()).collect();
    // It still has the file open that it was reading.
    let told = lost(&subscriber.take_lost());
    let &[(first, last)] = told.as_slice() else { panic!("{told:?}") };
    let all = found.iter().copied().filter(|id| *id < first);
    let all = all.chain(first..=last).chain(found.iter().copied().filter(|id| *id > last));
    assert_eq!(all.collect::<Vec<_>>(), (2..=20).collect::<Vec<_>>());
    assert_eq!(subscriber.take_lost(), []);
    let until: Vec<u64> = (1..first).collect();
    subscriber.acknowledge(&until).unwrap();
    assert_eq!(subscriber.acknowledged(), last, "nobody waits for what is lost");
}

#[test]
fn it_can_go_back_and_forth() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, 1..=5).unwrap();
    let mut subscriber = subscribe(&root, Start::Oldest);
    assert_eq!(next(&mut subscriber).len(), 5);
    subscriber.refuse(2, "no").unwrap();
    subscriber.replay(Start::Sequence(4)).unwrap();
    assert_eq!(next(&mut subscriber), [(4, 1), (5, 1)]);
    assert_eq!(subscriber.acknowledged(), 3);
    drop(subscriber);
    let mut subscriber = subscribe(&root, Start::New);
    assert_eq!(next(&mut subscriber), [(4, 1), (5, 1)]);
    subscriber.replay(Start::Oldest).unwrap();
    assert_eq!(next(&mut subscriber).len(), 5);
    subscriber.replay(Start::New).unwrap();
    publish(&journal, [6]).unwrap();
    assert_eq!(next(&mut subscriber), [(6, 1)]);
}

#[test]
fn a_state_that_cannot_be_written_keeps_the_event_waiting() {
    let root = Root::new();
    let mut subscriber = subscribe(&root, Start::Oldest);
    publish(&root.journal(), [1]).unwrap();
    assert_eq!(next(&mut subscriber), [(1, 1)]);
    let (file, away) = (root.events().join("subscribers/s.json"), root.events().join("away"));
    fs::rename(&file, &away).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(subscriber.acknowledge(&[1]).is_err());
    assert!(subscriber.refuse(1, "no").is_err());
    assert_eq!(subscriber.acknowledged(), 0);
    fs::remove_dir(&file).unwrap();
    subscriber.acknowledge(&[1]).unwrap();
    assert_eq!(subscriber.acknowledged(), 1);
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
    drop(subscriber);
    for damaged in ["", "{", r#"{"version":2}"#, r#"{"version":2,"acknowledged":1}"#] {
        fs::write(&file, damaged).unwrap();
        let error = Subscriber::below(root.path(), "s", Start::Oldest, SOON).unwrap_err();
        assert!(matches!(error, EventsError::Subscription { .. }), "{error}");
    }
}

#[test]
fn no_number_comes_twice_though_only_the_subscriber_is_left() {
    let root = Root::new();
    let journal = root.journal();
    let mut subscriber = subscribe(&root, Start::Oldest);
    publish(&journal, 1..=5).unwrap();
    next(&mut subscriber);
    subscriber.acknowledge(&[1, 2, 3, 4, 5]).unwrap();
    fs::remove_dir_all(root.events().join("segments")).unwrap();
    fs::remove_file(root.events().join("state")).unwrap();
    assert_eq!(publish(&journal, [6]).unwrap(), 6);
    assert_eq!(next(&mut subscriber), [(6, 1)]);
}
