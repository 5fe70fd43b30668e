//! Many links deleted at once.
//!
//! The kernel waits some 15 ms for each deletion, but only once for all links of a group (`ip link delete group`). So the
//! links are put into a group that no other link is in, and this group is deleted.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use nix::errno::Errno;

use crate::error::Error;
use crate::link::{self, Shown};
use crate::request::{Answer, Channel, Outcome, Request};
use crate::wait::Cancel;

/// How often another group is tried where a link of somebody else's is in the one that was chosen.
const TRIES: u32 = 3;

/// How many messages without an answer besides their acknowledgement go out in one send.
const MESSAGES: usize = 64;

/// Delete links, all of the namespace of `channel`, at once: each as it was shown. One that went away by itself is
/// deleted, too. Until the last moment, `cancel` may end it.
///
/// # Errors
/// The kernel refuses a part of it, or other links come into the group each time. No link is deleted then, and those that
/// are there are in the groups that they were in. Only after [`Error::NoAnswer`] it is not known which are there.
pub fn delete_together(
    channel: &mut Channel,
    links: &[Shown],
    cancel: &Cancel,
) -> Result<(), Error> {
    delete_in(channel, links, cancel, &mut private_group)
}

fn delete_in(
    channel: &mut Channel,
    links: &[Shown],
    cancel: &Cancel,
    choose: &mut dyn FnMut() -> u32,
) -> Result<(), Error> {
    let mut others = String::new();
    for _ in 0..TRIES {
        let group = choose();
        let alone = mark(channel, links, group).and_then(|()| {
            others = others_in(channel, links, group)?.join("', '");
            Ok(others.is_empty())
        });
        let going_on = match alone {
            Ok(true) => cancel.commit(),
            Ok(false) => {
                give_back(channel, links);
                continue;
            }
            Err(error) => Err(error),
        };
        let deleted = going_on.and_then(|()| {
            let mut answers = channel.exchange(vec![link::delete_group(group)])?;
            let answer = answers.pop();
            let answer = answer.ok_or_else(|| Error::Internal("a request unanswered".into()))?;
            // All of them went away by themselves.
            fine_if(&answer, Errno::ENODEV, &format!("delete the links of group {group}"))
        });
        if deleted.is_err() {
            give_back(channel, links);
        }
        return deleted;
    }
    Err(Error::NotAsWanted {
        tried: "put links into a group of their own".into(),
        wanted: "no other link".into(),
        found: format!("'{others}'"),
    })
}

/// A number that nobody who numbers groups from below comes to, and nobody who chooses at random, either: from 2³⁰ to
/// 2³¹, which is where the numbers end that ip(8) takes.
fn private_group() -> u32 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 34) as u32 | 1 << 30
}

fn mark(channel: &mut Channel, links: &[Shown], group: u32) -> Result<(), Error> {
    for some in links.chunks(MESSAGES) {
        let requests = some.iter().map(|link| link::set_group(link.index, group)).collect();
        for (link, answer) in some.iter().zip(channel.exchange(requests)?) {
            let tried = format!("put '{}' into group {group}", link.name);
            fine_if(&answer, Errno::ENODEV, &tried)?;
        }
    }
    Ok(())
}

/// The names of links in the group that are not among those that were put there.
fn others_in(channel: &mut Channel, links: &[Shown], group: u32) -> Result<Vec<String>, Error> {
    let answers = channel.exchange(vec![link::show_all()])?;
    let mut others = Vec::new();
    for answer in &answers {
        answer.check("look at all links", |_| String::new())?;
        for shown in link::all_shown(&answer.messages).filter(|shown| shown.group == group) {
            // A link that was deleted may have left its index to another.
            let is_same = |link: &&Shown| {
                (link.index, &link.name, &link.kind) == (shown.index, &shown.name, &shown.kind)
            };
            if !links.iter().any(|link| is_same(&link)) {
                others.push(shown.name);
            }
        }
    }
    Ok(others)
}

/// Put links back into their groups. One that this fails for is in a group of its own, which harms nobody.
fn give_back(channel: &mut Channel, links: &[Shown]) {
    for some in links.chunks(MESSAGES) {
        let back = |link: &Shown| link::set_group(link.index, link.group);
        let requests: Vec<Request> = some.iter().map(back).collect();
        let _ = channel.exchange(requests);
    }
}

fn fine_if(answer: &Answer, fine: Errno, tried: &str) -> Result<(), Error> {
    match &answer.outcome {
        Outcome::Refused { errno, .. } if *errno == fine => Ok(()),
        _ => answer.check(tried, |_| String::new()),
    }
}
