//! What a failed change did is taken back.

use std::net::IpAddr;

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use super::{Done, Transaction};
use crate::error::Error;
use crate::plan::{Change, Link, Said, Step};
use crate::request::{Answer, Outcome};
use crate::route;

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
                    for (link, change) in changes {
                        // Its bridge was deleted, too. Making that again, which follows, makes this its port with all
                        // that it had there; until then it may be another's.
                        if self.bridge_is_gone(&change) {
                            break;
                        }
                        failures.extend(self.undo_one(link, change).err());
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
                    Change::DeleteFdb(_) => errno == Errno::ENOENT,
                    Change::AddFdb(_) => errno == Errno::EEXIST,
                    _ => false,
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
