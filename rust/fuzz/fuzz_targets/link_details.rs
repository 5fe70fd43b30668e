//! What the kernel says of links: a dump as it comes over the socket, and messages of the dump.
#![no_main]

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use pve_netlink::inventory::Links;
use pve_netlink::wire::Wire;

/// `struct nlmsghdr` (netlink(7)) and the type of a message about a link (rtnetlink(7)).
const HEADER: usize = 16;
const RTM_NEWLINK: u16 = 16;
const NLMSG_DONE: u16 = 3;

/// A kernel that answers any request for a dump with this, with the request's sequence number.
struct Kernel<'a> {
    data: &'a [u8],
    sequence: [u8; 4],
    sent: Vec<Vec<u8>>,
    current: Vec<u8>,
    stdin: io::Stdin,
}

impl Wire for Kernel<'_> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sequence = bytes[8..12].try_into().expect("four bytes");
        // At the end the kernel is done, whatever it has said before.
        self.sent = vec![message(NLMSG_DONE, self.sequence, &[0; 4]), self.data.to_vec()];
        Ok(())
    }
    fn receive(&mut self, _: Duration) -> io::Result<Option<&[u8]>> {
        let Some(mut next) = self.sent.pop() else { return Ok(None) };
        if next.len() >= HEADER {
            next[8..12].copy_from_slice(&self.sequence);
        }
        self.current = next;
        Ok(Some(&self.current))
    }
    fn socket(&self) -> BorrowedFd<'_> {
        // Nobody asks a device for anything here.
        self.stdin.as_fd()
    }
}

fn message(kind: u16, sequence: [u8; 4], body: &[u8]) -> Vec<u8> {
    let length = (HEADER + body.len()) as u32;
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend([2, 0]);
    bytes.extend(sequence);
    bytes.extend([0; 4]);
    bytes.extend(body);
    bytes
}

fuzz_target!(|data: &[u8]| {
    // The body of one message, and bytes that need not be messages at all.
    let one = message(RTM_NEWLINK, [1, 0, 0, 0], data);
    for messages in [one, data.to_vec()] {
        // JSON has no place for a name that is no text, which Perl has.
        let _ = serde_json::to_value(Links::from_messages(messages));
    }
    let (sent, current) = (Vec::new(), Vec::new());
    let mut kernel = Kernel { data, sequence: [0; 4], sent, current, stdin: io::stdin() };
    let _ = Links::read(&mut kernel, || Ok(()));
});
