//! Processes that are killed at random moments: nothing that was acknowledged to a publisher is lost, nothing torn is
//! delivered, and a subscriber gets everything that it has not acknowledged.
//!
//! Run without arguments, this program starts itself as the processes to kill. `EVENTS_KILLS` says how often.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{Root, id, publish, started};
use pve_events::{Journal, Limits, Reader, Retries, Start, Subscriber};

const KILLS: u32 = 1000;

/// Files of a few dozen events each, and all of them kept: rotation is killed, too.
const LIMITS: Limits = Limits { segment: 4000, total: 1 << 30 };

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("--publish") => publish_on(Path::new(&arguments[2]), arguments[3].parse().unwrap()),
        Some("--subscribe") => subscribe_on(Path::new(&arguments[2])),
        // cargo-nextest asks for the tests by name before it runs them.
        _ if arguments.iter().any(|argument| argument == "--list") => {
            if !arguments.iter().any(|argument| argument == "--ignored") {
                println!("killed_at_random: test");
            }
        }
        _ => killed_at_random(),
    }
}

/// Tells its parent in one write; what is written to a pipe so is whole or not there.
fn tell(text: &str) {
    let written = std::io::stdout().write(format!("{text}\n").as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
    assert_eq!(written, text.len() + 1);
}

/// Publishes one number after the other, sometimes several at once, and tells which are journalled.
fn publish_on(root: &Path, first: u32) {
    let journal = Journal::with_limits(root, "node", LIMITS);
    let mut number = first;
    loop {
        let count = 1 + number % 3;
        let events = (number..number + count).map(started).collect();
        let appended = journal.append(events, &mut || Ok(())).unwrap();
        appended.sync().unwrap();
        number += count;
        tell(&number.to_string());
    }
}

/// Takes events, and acknowledges some of them after telling which.
fn subscribe_on(root: &Path) {
    let retries = Retries { attempts: u32::MAX, ..Retries::default() };
    let mut subscriber = Subscriber::below(root, "s", Start::Oldest, retries).unwrap();
    loop {
        let deliveries = subscriber.next(7).unwrap();
        if deliveries.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        let numbers: Vec<_> = deliveries.iter().map(|delivery| delivery.event.sequence).collect();
        let text: Vec<_> = numbers.iter().map(u64::to_string).collect();
        tell(&text.join(" "));
        subscriber.acknowledge(&numbers).unwrap();
        tell(&format!("acknowledged {}", text.join(" ")));
    }
}

fn start(arguments: &[&str]) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What it had told when it was killed.
fn kill(mut child: Child) -> String {
    child.kill().unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    child.wait().unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text
}

/// The same numbers in each run: xorshift.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn killed_at_random() {
    let kills = std::env::var("EVENTS_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let root = Root::new();
    let path = root.path().to_str().unwrap();
    let mut seed = 0x9E37_79B9_7F4A_7C15;
    let mut next = 1;
    // Those that are journalled for certain, those that a subscriber was shown, and those that it has acknowledged.
    let (mut journalled, mut shown) = (BTreeSet::new(), BTreeSet::new());
    let mut acknowledged = BTreeSet::new();
    let mut reader = Reader::below(root.path(), Start::Oldest).unwrap();
    let mut read = Vec::new();
    for _ in 0..kills {
        let publisher = start(&["--publish", path, &next.to_string()]);
        let subscriber = start(&["--subscribe", path]);
        std::thread::sleep(Duration::from_micros(1500 + random(&mut seed) % 12_000));
        let (publisher, subscriber) = (kill(publisher), kill(subscriber));
        if let Some(last) = publisher.lines().last() {
            let until = last.parse().unwrap();
            journalled.extend(next..until);
            next = until;
        }
        // Of what it published and did not tell, some may be there: it tells at most three at once.
        next += 3;
        for line in subscriber.lines() {
            let is_done = line.starts_with("acknowledged ");
            let numbers = line.split(' ').filter_map(|word| word.parse::<u64>().ok());
            for number in numbers {
                if is_done {
                    acknowledged.insert(number);
                } else {
                    assert!(!acknowledged.contains(&number), "{number} was acknowledged");
                    shown.insert(number);
                }
            }
        }
        let batch = reader.read(usize::MAX).unwrap();
        assert_eq!(batch.lost, []);
        read.extend(batch.events);
    }
    let journal = Journal::with_limits(root.path(), "node", LIMITS);
    publish(&journal, [next]).unwrap();
    read.extend(reader.read(usize::MAX).unwrap().events);

    // Those who followed and those who come later read the same: each number once, in order, none torn.
    let again = Reader::below(root.path(), Start::Oldest).unwrap().read(usize::MAX).unwrap();
    assert_eq!((again.events.len(), again.lost), (read.len(), vec![]));
    assert!(again.events == read);
    let sequences: Vec<u64> = read.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=read.len() as u64).collect::<Vec<_>>());
    let ids: Vec<u32> = read.iter().map(id).collect();
    assert!(ids.is_sorted_by(|one, other| one < other), "no event twice");
    let ids: BTreeSet<u32> = ids.into_iter().collect();
    let missing: Vec<_> = journalled.difference(&ids).collect();
    assert!(missing.is_empty(), "journalled and lost: {missing:?}");

    // What the subscriber has not acknowledged, it gets now; what it has, it does not.
    let mut subscriber =
        Subscriber::below(root.path(), "s", Start::Oldest, Retries::default()).unwrap();
    let mut left = BTreeSet::new();
    loop {
        let deliveries = subscriber.next(1000).unwrap();
        if deliveries.is_empty() {
            break;
        }
        let numbers: Vec<_> = deliveries.iter().map(|delivery| delivery.event.sequence).collect();
        subscriber.acknowledge(&numbers).unwrap();
        left.extend(numbers);
    }
    assert_eq!(subscriber.take_lost(), []);
    let both: Vec<_> = left.intersection(&acknowledged).collect();
    assert!(both.is_empty(), "acknowledged and delivered again: {both:?}");
    let never: Vec<_> =
        sequences.iter().filter(|s| !left.contains(s) && !shown.contains(s)).collect();
    assert!(never.is_empty(), "never delivered: {never:?}");
    println!(
        "{kills} kills: {} journalled, {} told to be, {} acknowledged, {} in {} files",
        read.len(),
        journalled.len(),
        acknowledged.len(),
        left.len(),
        root.segments().len()
    );
    assert!(read.len() > kills as usize && acknowledged.len() > kills as usize / 4);
}
