//! Takes back what a failed change did, in reverse.

use std::net::IpAddr;

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::error::Error;
use crate::request::{Answer, Channel, Outcome};
use crate::{link, route};

/// One thing to take back. What lives on the pair goes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undo {
    DeleteVeth { name: String, index: Option<u32> },
    RestoreDefault { link: u32, gateway: IpAddr, replaced: Vec<RouteMessage> },
}

/// Take everything back, last first, going on after a failure; what could not be taken back.
pub(crate) fn undo(
    host: &mut Channel,
    mut inside: Option<&mut Channel>,
    done: Vec<Undo>,
) -> Vec<Error> {
    let mut failures = Vec::new();
    for one in done.into_iter().rev() {
        let result = match one {
            Undo::DeleteVeth { name, index } => delete_veth(host, &name, index),
            Undo::RestoreDefault { link, gateway, replaced } => match inside.as_deref_mut() {
                Some(inside) => restore_default(inside, link, gateway, replaced),
                None => Ok(()),
            },
        };
        failures.extend(result.err());
    }
    failures
}

fn delete_veth(host: &mut Channel, name: &str, index: Option<u32>) -> Result<(), Error> {
    let request = index.map_or_else(|| link::delete_named(name), link::delete);
    let answers = host.exchange(vec![request])?;
    accept(&answers, Errno::ENODEV, &format!("delete the link '{name}' again"))
}

fn restore_default(
    inside: &mut Channel,
    link: u32,
    gateway: IpAddr,
    replaced: Vec<RouteMessage>,
) -> Result<(), Error> {
    let mut requests = vec![route::delete_default(link, gateway)];
    requests.extend(replaced.into_iter().map(route::restore));
    let mut answers = inside.exchange(requests)?;
    let restored = answers.split_off(1.min(answers.len()));
    let deleted =
        accept(&answers, Errno::ESRCH, &format!("delete the default route via {gateway}"));
    let restored = accept(&restored, Errno::EEXIST, "put back the default route that was there");
    deleted.and(restored)
}

/// Like [`Answer::check`] for all, but content with `fine`, which says that there is nothing left to do.
fn accept(answers: &[Answer], fine: Errno, tried: &str) -> Result<(), Error> {
    answers.iter().try_for_each(|answer| match &answer.outcome {
        Outcome::Refused { errno, .. } if *errno == fine => Ok(()),
        _ => answer.check(tried, |_| String::new()),
    })
}
