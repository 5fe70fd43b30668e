//! What LXC's command socket answers to the question for a container's first process.
#![no_main]

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::thread;

use libfuzzer_sys::fuzz_target;
use pve_container::lxc_pid::LxcPath;

fuzz_target!(|answer: &[u8]| {
    let root = format!("/fuzz-{}", std::process::id());
    let name = format!("{root}/var/lib/lxc/100/command");
    let address = SocketAddr::from_abstract_name(name).expect("a name");
    let listener = UnixListener::bind_addr(&address).expect("a socket");
    let path = LxcPath::below(OsStr::new(&root));
    let found = thread::scope(|scope| {
        let server = scope.spawn(|| {
            let Ok((mut client, _)) = listener.accept() else { return };
            let mut request = [0; 16];
            // Either side may hang up.
            let _ = client.read_exact(&mut request);
            let _ = client.write_all(answer);
        });
        let found = path.init_pid("100", &mut || Ok(()));
        server.join().expect("the server ends");
        found
    });
    if let Ok(pid) = found {
        assert!(answer.len() >= 16 && pid > 0 && i32::try_from(pid).is_ok());
    }
});
