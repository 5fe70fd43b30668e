//! What a failed change did is taken back.

use std::net::IpAddr;

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use super::{Done, Transaction, refused_with};
use crate::error::Error;
use crate::plan::{Change, Link, Said, Step};
use crate::request::{Answer, Outcome};
use crate::{link, route};

impl Transaction<'_> {
    /// Take everything back, last first, going on after a failure; what could not be taken back.
    pub fn undo(mut self) -> Vec<Error> {
        let mut failures = Vec::new();
        if let (Some(_), Some(outside)) = (&self.inside, &self.outside) {
            failures.extend(self.kernel.wire_in(outside).err());
        }
        for done in std::mem::take(&mut self.done).into_iter().rev() {
            match done {
                Done::Changes(changes) => {
                    let mut lost: Option<Link> = None;
                    for (link, change) in changes {
                        // Its bridge was deleted, too. Making that again, which follows, makes this its port with all
                        // that it had there; until then it may be another's.
                        let gone = self.bridge_is_gone(&change);
                        if gone || (change.is_of_port() && lost.as_ref() == Some(&link)) {
                            lost = Some(link);
                            continue;
                        }
                        let undone = self.undo_one(link.clone(), change.clone());
                        if undone.is_err() && self.lost_bridge(&change) {
                            lost = Some(link);
                            continue;
                        }
                        failures.extend(undone.err());
                    }
                }
                Done::Default { link, gateway, replaced } => {
                    failures.extend(self.undo_default(link, gateway, replaced).err());
                }
            }
        }
        failures
    }

    fn bridge_is_gone(&self, change: &Change) -> bool {
        match change {
            Change::SetMaster(Some(bridge)) => self.index(&Link::Host(bridge.clone())).is_none(),
            _ => false,
        }
    }

    /// Whether the bridge that a port was to be of again went away by itself, with all that the port had there.
    fn lost_bridge(&mut self, change: &Change) -> bool {
        let Change::SetMaster(Some(bridge)) = change else { return false };
        let bridge = Link::Host(bridge.clone());
        let Some(index) = self.index(&bridge) else { return true };
        let gone = |answer: &Answer| refused_with(answer, Errno::ENODEV);
        self.read(vec![link::show(index)]).is_ok_and(|answers| answers.iter().all(gone))
    }

    fn undo_one(&mut self, link: Link, change: Change) -> Result<(), Error> {
        if let Change::DisableIpv6(disable) = change {
            return self.write_ipv6(link.name(), disable);
        }
        let tried = format!("{} again", Said(&link, &change));
        let requests = match self.requests(&link, &change) {
            Ok(mut requests) => {
                if !change.makes() {
                    requests.truncate(1);
                }
                requests
            }
            // It went away by itself, or was never made.
            Err(_) => return Ok(()),
        };
        let answers = self.exchange(&link, requests)?;
        let fine = |errno: Errno| {
            errno == Errno::ENODEV
                || match change {
                    Change::DeleteTraffic(_) => true,
                    Change::DeleteFdb(_) if errno == Errno::ENOENT => true,
                    Change::AddFdb(_) if errno == Errno::EEXIST => true,
                    // What is no port has nothing of this; as one it gets all of it again.
                    _ => change.is_of_port() && errno == Errno::EOPNOTSUPP,
                }
        };
        let accepted = answers.iter().try_for_each(|answer| match &answer.outcome {
            Outcome::Refused { errno, .. } if fine(*errno) => Ok(()),
            _ => answer.check(&tried, |_| String::new()),
        });
        self.learn(&Step::new(&link, change), &answers);
        accepted
    }

    fn undo_default(
        &mut self,
        link: u32,
        gateway: IpAddr,
        replaced: Vec<RouteMessage>,
    ) -> Result<(), Error> {
        let Some(inside) = &mut self.inside else { return Ok(()) };
        let mut requests = vec![route::delete_default(link, gateway)];
        requests.extend(replaced.into_iter().map(route::restore));
        let mut answers = inside.exchange(requests)?;
        let restored = answers.split_off(1.min(answers.len()));
        let deleted =
            accept_or(&answers, Errno::ESRCH, &format!("delete the default route via {gateway}"));
        let restored =
            accept_or(&restored, Errno::EEXIST, "put back the default route that was there");
        deleted.and(restored)
    }
}

/// Content with `fine`, too, which says that there is nothing left to do.
fn accept_or(answers: &[Answer], fine: Errno, tried: &str) -> Result<(), Error> {
    answers.iter().try_for_each(|answer| match &answer.outcome {
        Outcome::Refused { errno, .. } if *errno == fine => Ok(()),
        _ => answer.check(tried, |_| String::new()),
    })
}
