//! Open vSwitch, which is changed through its own command: its database knows more of a port than the kernel does.

use std::io::ErrorKind::{ConnectionRefused, NotFound};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::Ended;
use super::{Call, Died, words};

/// How long the database may take to answer a question.
const ANSWER: Duration = Duration::from_secs(2);
/// Its place.
const PROGRAM: &str = "/usr/bin/ovs-vsctl";
/// The database's.
const SOCKET: &str = "/run/openvswitch/db.sock";

/// `ovs-vsctl`, for which a test puts a recording one.
pub trait Vsctl: Sync {
    /// Whether it is installed.
    fn is_installed(&self) -> bool;

    /// Whether the switch's database has a port of that name, as far as can be told without the command; where it cannot,
    /// it may have.
    fn may_have_port(&self, name: &str) -> bool;

    /// Run it with these arguments.
    ///
    /// # Errors
    /// Why it could not be run, or did not end in time.
    fn run(&self, arguments: &[&str]) -> Result<Ended, String>;
}

/// The one of this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    program: PathBuf,
    socket: PathBuf,
}

impl Installed {
    /// The program below `root`, which is `/` on a host.
    #[must_use]
    pub fn below(root: &Path) -> Self {
        Self {
            program: root.join(PROGRAM.trim_start_matches('/')),
            socket: root.join(SOCKET.trim_start_matches('/')),
        }
    }

    /// Ask the database over its socket (RFC 7047, section 4.1.3).
    fn ask(&self, name: &str) -> io::Result<bool> {
        let mut socket = UnixStream::connect(&self.socket)?;
        socket.set_read_timeout(Some(ANSWER))?;
        socket.set_write_timeout(Some(ANSWER))?;
        let question = format!(
            r#"{{"id":0,"method":"transact","params":["Open_vSwitch",{{"op":"select","table":"Port","where":[["name","==","{name}"]],"columns":["name"]}}]}}"#
        );
        socket.write_all(question.as_bytes())?;
        let mut answer = Vec::new();
        let mut part = [0; 4096];
        // Nothing in this answer but the name itself could hold a brace.
        while !is_whole(&answer) && answer.len() < 65536 {
            match socket.read(&mut part)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => answer.extend(part.iter().take(length)),
            }
        }
        let text = String::from_utf8_lossy(&answer);
        match text.split_once(r#""rows":["#) {
            Some((_, rows)) => Ok(!rows.trim_start().starts_with(']')),
            None => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let count = |wanted| answer.iter().filter(|byte| **byte == wanted).count();
    !answer.is_empty() && count(b'{') == count(b'}')
}

impl Vsctl for Installed {
    fn is_installed(&self) -> bool {
        self.program.exists()
    }

    fn may_have_port(&self, name: &str) -> bool {
        if name.contains(['"', '\\', '{', '}']) || name.chars().any(char::is_control) {
            return true;
        }
        match self.ask(name) {
            // Where no database runs, there is no port to take out of it.
            Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => false,
            answer => answer.unwrap_or(true),
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<Ended, String> {
        super::command::run(&self.program, arguments)
    }
}

/// A port to be added to an Open vSwitch bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port<'a> {
    /// The bridge.
    pub bridge: &'a str,
    /// The port's interface.
    pub interface: &'a str,
    /// `$tag`, as it was given.
    pub tag: Option<&'a str>,
    /// `$trunks`, as they were given: separated by semicolons.
    pub trunks: Option<&'a str>,
    /// The bridge's MTU in bytes.
    pub mtu: u32,
    /// Whether the switch makes the interface.
    pub internal: bool,
}

/// The arguments of the one transaction that adds a port (the reference: `PVE::Network`, `$ovs_bridge_add_port`).
#[must_use]
pub fn add_port(port: &Port<'_>) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["--", "add-port", port.bridge, port.interface].map(Into::into).into();
    arguments.extend(port.tag.map(|tag| format!("tag={tag}")));
    arguments.extend(port.trunks.map(|trunks| format!("trunks={}", trunks.replace(';', ","))));
    if port.tag.is_some() && port.trunks.is_some() {
        arguments.push("vlan_mode=native-untagged".into());
    }
    arguments.extend(["--", "set", "Interface", port.interface].map(Into::into));
    arguments.push(format!("mtu_request={}", port.mtu));
    if port.internal {
        arguments
            .extend(["--", "set", "Interface", port.interface, "type=internal"].map(Into::into));
    }
    arguments
}

impl Call<'_> {
    /// Run it as the reference does, standard error included.
    pub(super) fn ovs(&mut self, arguments: &[String]) -> Result<(), String> {
        let words: Vec<_> = arguments.iter().map(String::as_str).collect();
        let failed = |why: &str| {
            let mut command = vec![PROGRAM];
            command.extend(&words);
            words::failed_with(&command, why)
        };
        match self.surroundings.ovs.run(&words) {
            Err(why) => Err(failed(&why)),
            Ok(ended) => {
                if !ended.error.is_empty() {
                    self.warn(ended.error);
                }
                match ended.code {
                    Ok(0) => Ok(()),
                    Ok(code) => Err(failed(&format!("exit code {code}\n"))),
                    Err(signal) => Err(failed(&format!("got signal {signal}\n"))),
                }
            }
        }
    }

    /// Take an interface out of whatever Open vSwitch bridge it is in.
    ///
    /// The reference runs the command whenever it plugs an interface in or out. Here it runs only where the switch is
    /// installed and its database has such a port.
    pub(super) fn leave_ovs(&mut self, interface: &str) {
        let ovs = self.surroundings.ovs;
        if ovs.is_installed() && ovs.may_have_port(interface) {
            // What it says is of no interest to the reference either.
            let _ = ovs.run(&["del-port", interface]);
        }
    }

    /// Whether a bridge is one of Open vSwitch's (the reference: `PVE::Network::is_ovs_bridge`, for what is no Linux
    /// bridge).
    pub(super) fn is_ovs(&mut self, bridge: &str) -> Result<bool, Died> {
        if !self.surroundings.ovs.is_installed() {
            return Ok(false);
        }
        let code = match self.surroundings.ovs.run(&["br-exists", bridge]) {
            Ok(Ended { code: Ok(code), error }) => {
                if !error.is_empty() {
                    self.warn(error);
                }
                code
            }
            _ => -1,
        };
        match code {
            0 => Ok(true),
            2 => Ok(false),
            code => Err(Died::Text(format!(
                "failed to query OVS to determine type of '{bridge}': {code}\n"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_one_transaction() {
        let mut port = Port {
            bridge: "vmbr1",
            interface: "tap100i0",
            tag: None,
            trunks: None,
            mtu: 1500,
            internal: false,
        };
        assert_eq!(
            add_port(&port).join(" "),
            "-- add-port vmbr1 tap100i0 -- set Interface tap100i0 mtu_request=1500"
        );
        (port.tag, port.trunks, port.internal) = (Some("5"), Some("1;7-9"), true);
        assert_eq!(
            add_port(&port).join(" "),
            "-- add-port vmbr1 tap100i0 tag=5 trunks=1,7-9 vlan_mode=native-untagged \
             -- set Interface tap100i0 mtu_request=1500 -- set Interface tap100i0 type=internal"
        );
    }
}
