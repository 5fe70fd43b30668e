//! Writing and reading the journal, whatever happened to its files.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Root, id, ids, large, lost, publish, started};
use pve_events::record::{Found, find};
use pve_events::{EventsError, Follower, Journal, Reader, Start};
use pve_files::lock::Interrupted;
use pve_types::{AnyEvent, Time};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

#[test]
fn what_is_published_is_read_in_order() {
    let root = Root::new();
    let mut reader = Reader::below(root.path(), Start::Oldest).unwrap();
    assert!(reader.read(10).unwrap().events.is_empty(), "there is no journal yet");
    let journal = root.journal();
    assert_eq!(publish(&journal, [1, 2]).unwrap(), 2);
    assert_eq!(publish(&journal, [3]).unwrap(), 3);
    let batch = reader.read(2).unwrap();
    assert_eq!((ids(&batch.events), batch.more), (vec![1, 2], true));
    let last = reader.read(10).unwrap();
    assert_eq!((ids(&last.events), last.more), (vec![3], false));
    let event = &last.events[0];
    assert_eq!((event.version, event.sequence, event.node.as_str()), (1, 3, "node"));
    assert!(event.time >= batch.events[0].time && event.time > Time(1_700_000_000_000));
    assert!(reader.read(10).unwrap().events.is_empty());
    for folder in ["", "segments", "subscribers"] {
        let mode = fs::metadata(root.events().join(folder)).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o700, "{folder}");
    }
    assert_eq!(fs::metadata(&root.segments()[0]).unwrap().mode() & 0o7777, 0o600);
}

#[test]
fn readers_begin_where_they_want() {
    let root = Root::new();
    let journal = root.small(300, 1 << 20);
    publish(&journal, 1..=10).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    let middle = journal.append(vec![started(11)], &mut || Ok(())).unwrap().envelopes[0].time;
    std::thread::sleep(Duration::from_millis(5));
    publish(&journal, 12..=20).unwrap();
    assert!(root.segments().len() > 3, "more than one file: {:?}", root.segments());
    let all = (1..=20).collect::<Vec<u32>>();
    assert_eq!(root.read(Start::Oldest).0, all);
    assert_eq!(root.read(Start::Sequence(0)).0, all);
    assert_eq!(root.read(Start::Sequence(7)).0, all[6..]);
    assert_eq!(root.read(Start::Sequence(21)).0, [] as [u32; 0]);
    assert_eq!(root.read(Start::Time(middle)).0, all[10..]);
    assert_eq!(root.read(Start::Time(Time(middle.0 + 1))).0, all[11..]);
    assert_eq!(root.read(Start::Time(Time(0))).0, all);
    assert_eq!(root.read(Start::Time(Time(u64::MAX))).0, [] as [u32; 0]);
    for without_state in [false, true] {
        if without_state {
            fs::remove_file(root.events().join("state")).unwrap();
        }
        let mut new = Reader::below(root.path(), Start::New).unwrap();
        assert!(new.read(100).unwrap().events.is_empty());
        let last = publish(&journal, [99]).unwrap();
        let batch = new.read(100).unwrap();
        assert_eq!(batch.events[0].sequence, last);
        assert_eq!((ids(&batch.events), batch.lost), (vec![99], vec![]));
    }
}

#[test]
fn the_journal_has_a_bound() {
    let root = Root::new();
    let journal = root.small(10_000, 50_000);
    for id in 1..=2000 {
        publish(&journal, [id]).unwrap();
    }
    let size: u64 = root.segments().iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(size <= 50_000, "{size}");
    let (left, told) = root.read(Start::Sequence(1));
    assert_eq!(left, (2001 - left.len() as u32..=2000).collect::<Vec<_>>());
    assert!(left.len() > 200, "{}", left.len());
    assert_eq!(told, [(1, 2000 - left.len() as u64)], "what was removed is told");
    assert_eq!(root.read(Start::Oldest), (left, vec![]));
}

#[test]
fn a_large_event_is_one_and_a_larger_one_is_refused() {
    let root = Root::new();
    let journal = root.small(10_000, 5_000_000);
    journal.append(vec![started(1), large(900_000), started(2)], &mut || Ok(())).unwrap();
    let batch = Reader::below(root.path(), Start::Oldest).unwrap().read(10).unwrap();
    assert_eq!(ids(&batch.events), [1, 0, 2]);
    let error = journal.append(vec![large(1 << 20)], &mut || Ok(())).unwrap_err();
    assert!(matches!(error, EventsError::TooLarge { .. }), "{error}");
    assert_eq!(publish(&journal, [3]).unwrap(), 4, "it took no number");
}

#[test]
fn an_event_of_a_later_version_is_kept() {
    let root = Root::new();
    let event = serde_json::json!({ "event": "container_frozen", "id": 1, "why": ["a"] });
    let event: AnyEvent = serde_json::from_value(event).unwrap();
    root.journal().append(vec![event.clone()], &mut || Ok(())).unwrap();
    let batch = Reader::below(root.path(), Start::Oldest).unwrap().read(10).unwrap();
    assert_eq!(batch.events[0].event, event);
}

#[test]
fn many_write_at_once() {
    let root = Root::new();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let journal = root.small(20_000, 1 << 20);
            std::thread::spawn(move || {
                (0..200).map(|n| publish(&journal, [thread * 1000 + n]).unwrap()).collect()
            })
        })
        .collect();
    let numbers: Vec<Vec<u64>> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    let batch = Reader::below(root.path(), Start::Oldest).unwrap().read(usize::MAX).unwrap();
    assert_eq!(batch.lost, []);
    let sequences: Vec<u64> = batch.events.iter().map(|event| event.sequence).collect();
    assert_eq!(sequences, (1..=1600).collect::<Vec<_>>());
    for (thread, numbers) in numbers.iter().enumerate() {
        assert!(numbers.is_sorted());
        for (n, number) in numbers.iter().enumerate() {
            let event = &batch.events[usize::try_from(*number).unwrap() - 1];
            assert_eq!(id(event) as usize, thread * 1000 + n, "each got its own number");
        }
    }
}

/// Where records end, of which none is damaged.
fn ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![];
    while let Found::Record { end, .. } = find(bytes, ends.last().copied().unwrap_or(0)) {
        ends.push(end);
    }
    ends
}

#[test]
fn a_torn_tail_is_cut_and_never_delivered() {
    let whole = {
        let root = Root::new();
        publish(&root.journal(), [1, 2, 3]).unwrap();
        fs::read(&root.segments()[0]).unwrap()
    };
    let whole_ends = ends(&whole);
    for left in [1, 4, 8, 20, whole.len() - whole_ends[1] - 1] {
        for with_state in [false, true] {
            let root = Root::new();
            let journal = root.journal();
            publish(&journal, [1, 2]).unwrap();
            if !with_state {
                fs::remove_file(root.events().join("state")).unwrap();
            }
            let mut reader = Reader::below(root.path(), Start::Oldest).unwrap();
            let segment = &root.segments()[0];
            let mut file = OpenOptions::new().append(true).open(segment).unwrap();
            file.write_all(&whole[whole_ends[1]..whole_ends[1] + left]).unwrap();
            assert_eq!(ids(&reader.read(10).unwrap().events), [1, 2]);
            assert_eq!(publish(&journal, [3]).unwrap(), 3, "{left} {with_state}");
            let batch = reader.read(10).unwrap();
            assert_eq!((ids(&batch.events), batch.lost), (vec![3], vec![]));
            let bytes = fs::read(segment).unwrap();
            assert_eq!(ends(&bytes).last(), Some(&bytes.len()), "nothing is left of it");
        }
    }
}

/// Its process was killed between writing it and telling the next one.
#[test]
fn a_whole_record_that_nobody_was_told_of_counts() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, [1]).unwrap();
    let state = fs::read(root.events().join("state")).unwrap();
    publish(&journal, [2, 3]).unwrap();
    fs::write(root.events().join("state"), state).unwrap();
    assert_eq!(publish(&journal, [4]).unwrap(), 4);
    assert_eq!(root.read(Start::Oldest), (vec![1, 2, 3, 4], vec![]));
}

#[test]
fn a_damaged_record_is_passed_over_and_told() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, 1..=5).unwrap();
    let segment = &root.segments()[0];
    let length = fs::metadata(segment).unwrap().len();
    let file = OpenOptions::new().write(true).open(segment).unwrap();
    file.write_all_at(b"\xff", length / 5 * 2 + 30).unwrap();
    assert_eq!(root.read(Start::Oldest), (vec![1, 2, 4, 5], vec![(3, 3)]));
    assert_eq!(publish(&journal, [6]).unwrap(), 6);
    // The length of a record, and the last one.
    file.write_all_at(b"\xff\xff", 0).unwrap();
    file.write_all_at(b"\xff\xff", length - 2).unwrap();
    assert_eq!(root.read(Start::Sequence(1)), (vec![2, 4, 6], vec![(1, 1), (3, 3), (5, 5)]));
    // Whoever does not know where it ends, finds out.
    fs::remove_file(root.events().join("state")).unwrap();
    assert_eq!(publish(&journal, [7]).unwrap(), 7);
}

#[test]
fn the_last_record_damaged_is_told_when_the_next_comes() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, 1..=3).unwrap();
    let segment = &root.segments()[0];
    let file = OpenOptions::new().write(true).open(segment).unwrap();
    file.write_all_at(b"\xff", fs::metadata(segment).unwrap().len() - 1).unwrap();
    assert_eq!(root.read(Start::Oldest), (vec![1, 2], vec![]));
    publish(&journal, [4]).unwrap();
    // The writer trusts the length that it was left; the damage is in the middle now.
    assert_eq!(root.read(Start::Oldest), (vec![1, 2, 4], vec![(3, 3)]));
}

#[test]
fn segments_that_are_removed_are_told() {
    let root = Root::new();
    let journal = root.small(300, 1 << 20);
    publish(&journal, 1..=12).unwrap();
    let segments = root.segments();
    let mut reader = Reader::below(root.path(), Start::Oldest).unwrap();
    assert_eq!(reader.read(1).unwrap().events.len(), 1);
    let first = |path: &std::path::Path| -> u64 {
        path.file_stem().unwrap().to_str().unwrap().parse().unwrap()
    };
    let (gone, next) = (first(&segments[2]), first(&segments[3]));
    fs::remove_file(&segments[2]).unwrap();
    let rest = reader.read(100).unwrap();
    assert_eq!(lost(&rest.lost), [(gone, next - 1)]);
    assert_eq!(rest.events.last().unwrap().sequence, 12);
    // The newest, and then all.
    fs::remove_file(root.segments().last().unwrap()).unwrap();
    assert_eq!(publish(&journal, [13]).unwrap(), 13, "no number comes twice");
    let batch = reader.read(100).unwrap();
    assert_eq!((ids(&batch.events), batch.lost), (vec![13], vec![]));
    root.segments().iter().for_each(|path| fs::remove_file(path).unwrap());
    assert_eq!(publish(&journal, [14]).unwrap(), 14);
    let batch = reader.read(100).unwrap();
    assert_eq!((ids(&batch.events), batch.lost), (vec![14], vec![]));
    fs::remove_dir_all(root.events().join("segments")).unwrap();
    assert_eq!(publish(&journal, [15]).unwrap(), 15);
    fs::remove_dir_all(root.events()).unwrap();
    assert_eq!(publish(&journal, [16]).unwrap(), 1, "another journal");
}

#[test]
fn a_segment_that_cannot_be_read_costs_its_events_only() {
    let root = Root::new();
    let journal = root.small(300, 1 << 20);
    publish(&journal, 1..=12).unwrap();
    let segments = root.segments();
    fs::remove_file(&segments[1]).unwrap();
    fs::create_dir(&segments[1]).unwrap();
    let (read, told) = root.read(Start::Sequence(1));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(read.len() as u64, 12 - (told[0].1 - told[0].0 + 1));
    assert_eq!(publish(&journal, [13]).unwrap(), 13);
    // The one that is written to: the error says which file.
    let newest = root.segments().pop().unwrap();
    fs::remove_file(&newest).unwrap();
    fs::create_dir(&newest).unwrap();
    let error = publish(&journal, [14]).unwrap_err().to_string();
    assert!(error.contains(newest.to_str().unwrap()), "{error}");
}

#[test]
fn the_descriptor_tells_when_there_is_more() {
    let root = Root::new();
    let mut follower = Follower::below(root.path(), Start::New).unwrap();
    let is_readable = |follower: &mut Follower| {
        follower.fd().unwrap();
        follower
            .with_fd(|fd| {
                let mut fds = [PollFd::new(&fd, PollFlags::IN)];
                // A timer that is due takes effect a moment later.
                let soon = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
                poll(&mut fds, Some(&soon)).unwrap() == 1
            })
            .unwrap()
    };
    assert!(is_readable(&mut follower), "at first");
    assert!(follower.read(10).unwrap().events.is_empty());
    assert!(!is_readable(&mut follower));
    let journal = root.small(200, 1 << 20);
    publish(&journal, [1, 2]).unwrap();
    assert!(is_readable(&mut follower));
    assert_eq!(ids(&follower.read(1).unwrap().events), [1]);
    assert!(is_readable(&mut follower), "there is another one");
    assert_eq!(ids(&follower.read(10).unwrap().events), [2]);
    assert!(!is_readable(&mut follower));
    // Into new files.
    for id in 3..10 {
        publish(&journal, [id]).unwrap();
        assert!(is_readable(&mut follower));
        assert_eq!(ids(&follower.read(10).unwrap().events), [id]);
    }
    assert!(!is_readable(&mut follower));
    // A folder that was removed and made anew: its removal is told, and then what is written to it.
    fs::remove_dir_all(root.events().join("segments")).unwrap();
    publish(&journal, [10]).unwrap();
    assert!(is_readable(&mut follower));
    assert_eq!(ids(&follower.read(10).unwrap().events), [10]);
    // The old folder went when the last file of it was closed, which is told once more.
    assert!(follower.read(10).unwrap().events.is_empty());
    assert!(!is_readable(&mut follower));
    publish(&journal, [11]).unwrap();
    assert!(is_readable(&mut follower));
    assert_eq!(ids(&follower.read(10).unwrap().events), [11]);
    publish(&journal, [12, 13]).unwrap();
    follower.read(10).unwrap();
    follower.seek(Start::Sequence(13)).unwrap();
    assert!(is_readable(&mut follower));
    assert_eq!(ids(&follower.read(10).unwrap().events), [13]);
}

#[test]
fn waiting_can_be_ended() {
    let root = Root::new();
    let journal = root.journal();
    publish(&journal, [1]).unwrap();
    let state = fs::File::open(root.events().join("state")).unwrap();
    rustix::fs::flock(&state, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let start = Instant::now();
    let mut calls = 0;
    let result = journal.append(vec![started(2)], &mut || {
        calls += 1;
        if calls < 20 { Ok(()) } else { Err(Interrupted) }
    });
    assert!(result.is_err());
    assert!(start.elapsed() < Duration::from_secs(5), "often enough");
    drop(state);
    assert_eq!(publish(&journal, [2]).unwrap(), 2, "it was not written");
}

#[test]
fn a_full_disk_loses_nothing_that_was_there() {
    let root = Root::new();
    let is_root = nix::unistd::geteuid().is_root();
    let namespaces: &[&str] = if is_root { &["-m"] } else { &["-U", "-r", "-m"] };
    let output = Command::new("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "on_a_full_disk", "--nocapture"])
        .env("FULL_DISK", root.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("went on"), "{text}");
}

#[test]
fn on_a_full_disk() {
    let Some(path) = std::env::var_os("FULL_DISK") else { return };
    let path = std::path::Path::new(&path);
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=128k", "none"]).arg(path).status();
    assert!(mount.unwrap().success());
    let journal = Journal::below(path, "node");
    let mut last = 0;
    let error = loop {
        match journal.append(vec![started(last + 1), large(3000)], &mut || Ok(())) {
            Ok(_) => last += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.starts_with("unable to write '"), "{error}");
    assert!(error.ends_with(".log' - No space left on device"), "{error}");
    let read = || {
        let batch = Reader::below(path, Start::Oldest).unwrap().read(usize::MAX).unwrap();
        assert_eq!(batch.lost, []);
        ids(&batch.events).into_iter().filter(|id| *id > 0).collect::<Vec<_>>()
    };
    assert_eq!(read(), (1..=last).collect::<Vec<_>>());
    assert!(publish(&journal, [0; 500]).is_err(), "still");
    fs::write(path.join("var/filler"), "").unwrap();
    // Room again: it goes on with the next number.
    let smaller =
        std::process::Command::new("mount").args(["-o", "remount,size=1m"]).arg(path).status();
    assert!(smaller.unwrap().success());
    assert_eq!(publish(&journal, [last + 1]).unwrap(), u64::from(last) * 2 + 1);
    assert_eq!(read(), (1..=last + 1).collect::<Vec<_>>());
    println!("went on");
}
