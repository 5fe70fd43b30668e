//! usage: `nic_bench NETNS`
//!
//! Plugs an interface into the namespace at NETNS from a bridge `vmbr0` through the crate rtnetlink, with one request an
//! operation, on a tokio runtime made for the call, and takes it out again as the library does. Prints the microseconds
//! of both. bench/hotplug runs this.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use pve_container::hotplug::hotplug_remove;

const VMID: u32 = 101;

/// The kernel does part of its work on a link afterwards, which must not count for the next.
const PAUSE: Duration = Duration::from_millis(20);

fn main() {
    let netns = std::env::args().nth(1).unwrap();
    let add = timed(|| through_rtnetlink::add(Path::new(&netns)));
    thread::sleep(PAUSE);
    let remove = timed(|| hotplug_remove(VMID, 0, &mut || Ok(())).unwrap());
    thread::sleep(PAUSE);
    println!("{} {}", add.as_micros(), remove.as_micros());
}

fn timed(what: impl FnOnce()) -> Duration {
    let start = Instant::now();
    what();
    start.elapsed()
}

mod through_rtnetlink {
    use std::fs::File;
    use std::net::Ipv4Addr;
    use std::os::fd::AsFd;
    use std::path::Path;
    use std::{fs, thread};

    use netlink_packet_route::RouteNetlinkMessage;
    use nix::sched::{CloneFlags, setns};
    use pve_netlink::link::{VethPair, add_veth};
    use rtnetlink::{Handle, LinkUnspec, RouteMessageBuilder, new_connection};

    pub fn add(netns: &Path) {
        let netns = File::open(netns).unwrap();
        with_handle(async |handle| {
            let bridge = index(&handle, "vmbr0").await;
            let pair = VethPair {
                name: "veth101i0".into(),
                mtu: 1500,
                master: Some(bridge),
                peer_name: "eth0".into(),
                peer_mtu: 1500,
                peer_address: Some([0xbc, 0x24, 0x11, 0, 0, 1]),
                queues: 1,
                ..VethPair::default()
            };
            let request = add_veth(&pair, Some(netns.as_fd()));
            let Some(RouteNetlinkMessage::NewLink(message)) = request.into_route() else {
                return;
            };
            handle.link().add(message).execute().await.unwrap();
            fs::write("/proc/sys/net/ipv6/conf/veth101i0/disable_ipv6", "1").unwrap();
            let link = index(&handle, "veth101i0").await;
            let up = LinkUnspec::new_with_index(link).up().build();
            handle.link().set(up).execute().await.unwrap();
        });
        let inside = move || {
            setns(netns, CloneFlags::CLONE_NEWNET).unwrap();
            with_handle(async |handle| {
                let link = index(&handle, "eth0").await;
                let up = LinkUnspec::new_with_index(link).up().build();
                handle.link().set(up).execute().await.unwrap();
                let address = Ipv4Addr::new(10, 20, 0, 5).into();
                handle.address().add(link, address, 24).execute().await.unwrap();
                let route = RouteMessageBuilder::<Ipv4Addr>::new()
                    .gateway(Ipv4Addr::new(10, 20, 0, 1))
                    .build();
                handle.route().add(route).execute().await.unwrap();
            });
        };
        thread::spawn(inside).join().unwrap();
    }

    fn with_handle(work: impl AsyncFnOnce(Handle)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            let (connection, handle, _) = new_connection().unwrap();
            tokio::spawn(connection);
            work(handle).await;
        });
    }

    async fn index(handle: &Handle, name: &str) -> u32 {
        let mut links = handle.link().get().match_name(name).execute();
        futures_util::TryStreamExt::try_next(&mut links).await.unwrap().unwrap().header.index
    }
}
