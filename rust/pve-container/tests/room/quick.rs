//! The state as the library itself reads it, without starting a process: for tests that compare it hundreds of times.
//! [`super::state`] tells what this does not.

use pve_netlink::host::before::{Before, Traffic};
use pve_netlink::request::{Channel, Raw};
use pve_netlink::snapshot::{Inside, Links};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::{Host, Kernel, tc};

use super::{HOST_END, Room};

const NAMES: &[&str] =
    &["vmbr0", "vmbr1", "nic0", "nic1", HOST_END, "fwbr101i0", "fwln101i0", "fwpr101p0"];

/// A limit without what counts.
type Limit = Vec<Option<(String, u32, Option<u64>)>>;

/// Both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quick {
    links: Vec<(Option<Before>, Limit)>,
    inside: Option<Inside>,
    others: Option<Inside>,
}

pub fn quick(room: &Room) -> Quick {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(&Host, Host.wire().unwrap(), &cancel, None);
    let names: Vec<_> = NAMES.iter().map(|name| (*name).into()).collect();
    let links = Links::read(&mut tx, &names).unwrap();
    let peer = links.get(HOST_END).and_then(|own| own.shown.peer);
    let part = |part: Option<Raw>| {
        part.map(|part| (tc::kind(&part).to_owned(), tc::handle(&part), tc::rate(&part)))
    };
    let one = |link: Option<Before>| match link {
        None => (None, Vec::new()),
        Some(mut link) => {
            let Traffic { root, class, ingress, filter } = std::mem::take(&mut link.traffic);
            (Some(link), [root, class, ingress, filter].map(part).to_vec())
        }
    };
    let (inside, others) = room.inside(|| {
        let mut channel = Channel::new(Host.wire().unwrap());
        let mut read = |index| Inside::read(&mut channel, index).unwrap();
        // Loopback's routes are all default routes.
        (peer.and_then(&mut read), read(1))
    });
    Quick { links: links.0.into_iter().map(|(_, link)| one(link)).collect(), inside, others }
}
