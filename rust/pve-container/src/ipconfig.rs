//! The addresses and gateways of a running container's interface change (the reference: `PVE::LXC::update_ipconfig`).
//!
//! One family at a time, and in this order: the new address is added, the default route replaced, the old address deleted.
//! What fails before the default route is replaced leaves the old address in place.

use pve_netlink::Kernel;
use pve_netlink::addr::Cidr;
use pve_netlink::host::plug::is_true;
use pve_netlink::host::{Died, Done};
use pve_netlink::inside::{Failed, Inside, Ip};
use pve_netlink::netns::NetNs;
use pve_netlink::wait::{Cancel, Poll, in_thread};

/// What is to change, with the texts of the container's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Family {
    /// 4 or 6.
    pub version: u8,
    /// `ip` or `ip6` as it was.
    pub old_ip: Option<String>,
    /// `gw` or `gw6` as it was.
    pub old_gw: Option<String>,
    /// `ip` or `ip6` as it is to be.
    pub new_ip: Option<String>,
    /// `gw` or `gw6` as it is to be.
    pub new_gw: Option<String>,
}

impl Family {
    fn changes_ip(&self) -> bool {
        self.old_ip != self.new_ip
    }

    fn changes_gw(&self) -> bool {
        self.old_gw != self.new_gw
    }

    /// The new address, unless the container gets its own.
    fn new_address(&self) -> Option<&str> {
        given(&self.new_ip).filter(|ip| !matches!(*ip, "auto" | "dhcp" | "manual"))
    }
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| is_true(text))
}

/// Whether an address is in the network of another with its prefix (the reference: `PVE::Network::is_ip_in_cidr`).
fn is_ip_in_cidr(ip: &str, cidr: &str) -> bool {
    let Some((address, prefix)) = cidr.split_once('/') else { return false };
    match (address.parse(), prefix.parse(), ip.parse()) {
        (Ok(address), Ok(prefix), Ok(ip)) => Cidr { address, prefix }.contains(ip),
        _ => false,
    }
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// Whether the container's configuration is to have the new values.
    pub save: bool,
    /// What the reference's commands write to their standard output.
    pub printed: Vec<String>,
}

/// The commands that run in the container; a test puts its own in their place.
trait Commands {
    fn ip(&mut self, command: &Ip<'_>, name: &str) -> Result<(), Failed>;
    fn promotes_secondaries(&mut self, name: &str) -> Result<i64, Failed>;
    fn promote_secondaries(&mut self, name: &str, value: i64) -> Result<String, Failed>;
}

impl Commands for Inside {
    fn ip(&mut self, command: &Ip<'_>, name: &str) -> Result<(), Failed> {
        self.ip(command, name)
    }
    fn promotes_secondaries(&mut self, name: &str) -> Result<i64, Failed> {
        self.promotes_secondaries(name)
    }
    fn promote_secondaries(&mut self, name: &str, value: i64) -> Result<String, Failed> {
        self.promote_secondaries(name, value)
    }
}

/// Change the addresses of the interface `name` of container `vmid`, whose namespace is `netns` if it runs.
pub fn change_ipconfig(
    kernel: &dyn Kernel,
    vmid: &str,
    netns: Option<&NetNs>,
    name: &str,
    family: &Family,
    poll: &mut Poll<'_>,
) -> Done<Changed> {
    let ran = in_thread(poll, |cancel| {
        let mut inside = match Inside::enter(kernel, vmid, netns) {
            Ok(inside) => inside,
            Err(error) => return Done { result: Err(error.into()), warnings: Vec::new() },
        };
        let mut change =
            Change { commands: &mut inside, name, family, cancel, warnings: Vec::new() };
        let result = change.run();
        Done { result, warnings: change.warnings }
    });
    ran.unwrap_or_else(|error| Done { result: Err(error.into()), warnings: Vec::new() })
}

struct Change<'c> {
    commands: &'c mut dyn Commands,
    name: &'c str,
    family: &'c Family,
    cancel: &'c Cancel,
    warnings: Vec<String>,
}

impl Change<'_> {
    fn run(&mut self) -> Result<Changed, Died> {
        let family = self.family;
        let mut changed = Changed::default();
        if !family.changes_ip() && !family.changes_gw() {
            return Ok(changed);
        }
        self.cancel.check()?;
        if !self.add_new() {
            return Ok(changed);
        }
        if family.changes_gw() && !self.change_gateway()? {
            return Ok(changed);
        }
        // From here on the caller's wish to stop comes too late: the container has the new address.
        let _ = self.cancel.commit();
        if family.changes_gw() {
            self.forget_old_gateway();
        }
        let old = given(&family.old_ip).filter(|ip| !matches!(*ip, "auto" | "dhcp"));
        if let (true, Some(old)) = (family.changes_ip(), old) {
            self.delete_old(old, &mut changed.printed)?;
        }
        changed.save = true;
        Ok(changed)
    }

    fn version(&self) -> u8 {
        self.family.version
    }

    /// False where nothing can come of it.
    fn add_new(&mut self) -> bool {
        match self.family.new_address().filter(|_| self.family.changes_ip()) {
            Some(cidr) => self.ip(&Ip::AddAddress { version: self.version(), cidr }),
            None => true,
        }
    }

    /// False where it failed; the old address still is in place then, and the new one gone again.
    fn change_gateway(&mut self) -> Result<bool, Died> {
        let (family, version) = (self.family, self.version());
        let interrupted = self.cancel.check();
        let Some(gateway) = given(&family.new_gw) else {
            if interrupted.is_ok() {
                // The container may have deleted it itself.
                self.ip(&Ip::DeleteDefault { version });
                return Ok(true);
            }
            self.take_back();
            return interrupted.map(|()| true).map_err(Died::from);
        };
        let outside = family.new_address().is_some_and(|cidr| !is_ip_in_cidr(gateway, cidr));
        let reached = interrupted.is_ok()
            && (!outside || self.ip(&Ip::AddRoute { version, to: gateway }))
            && self.ip(&Ip::ReplaceDefault { version, via: gateway });
        if !reached {
            self.take_back();
        }
        interrupted?;
        Ok(reached)
    }

    fn take_back(&mut self) {
        if self.family.changes_ip() {
            let cidr = self.family.new_ip.as_deref().unwrap_or_default();
            self.ip(&Ip::DeleteAddress { version: self.version(), cidr });
        }
    }

    fn forget_old_gateway(&mut self) {
        let family = self.family;
        if let (Some(gateway), Some(ip)) = (given(&family.old_gw), given(&family.old_ip)) {
            if !is_ip_in_cidr(gateway, ip) {
                self.ip(&Ip::DeleteRoute { version: self.version(), to: gateway });
            }
        }
    }

    /// Without `promote_secondaries` a new address of the same network would go together with the old one.
    fn delete_old(&mut self, cidr: &str, printed: &mut Vec<String>) -> Result<(), Died> {
        let delete = Ip::DeleteAddress { version: self.version(), cidr };
        if self.version() != 4 {
            self.ip(&delete);
            return Ok(());
        }
        let mut promote = 0;
        let promoted = self.commands.promotes_secondaries(self.name).and_then(|value| {
            promote = value;
            self.commands.promote_secondaries(self.name, 1)
        });
        match promoted {
            Ok(line) => {
                printed.push(line);
                self.ip(&delete);
            }
            Err(failed) => self.warn(failed),
        }
        match self.commands.promote_secondaries(self.name, promote) {
            Ok(line) => {
                printed.push(line);
                Ok(())
            }
            Err(Failed { said, text }) => {
                self.warnings.push(said);
                Err(Died::Text(text))
            }
        }
    }

    /// Run a command; where it fails, warn.
    fn ip(&mut self, command: &Ip<'_>) -> bool {
        let done = self.commands.ip(command, self.name);
        done.map_err(|failed| self.warn(failed)).is_ok()
    }

    fn warn(&mut self, failed: Failed) {
        self.warnings.extend([failed.said, failed.text]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes the commands, and fails where it is told to.
    struct Noted<'c> {
        commands: Vec<String>,
        fails: &'c str,
    }

    impl Noted<'_> {
        fn note(&mut self, command: String) -> Result<(), Failed> {
            let fails = !self.fails.is_empty() && command.starts_with(self.fails);
            self.commands.push(command.clone());
            if fails { Err(Failed { said: "said".into(), text: command }) } else { Ok(()) }
        }
    }

    impl Commands for Noted<'_> {
        fn ip(&mut self, command: &Ip<'_>, name: &str) -> Result<(), Failed> {
            self.note(command.words(name)[2..].join(" "))
        }
        fn promotes_secondaries(&mut self, _: &str) -> Result<i64, Failed> {
            self.note("cat".into()).map(|()| 0)
        }
        fn promote_secondaries(&mut self, _: &str, value: i64) -> Result<String, Failed> {
            self.note(format!("sysctl {value}")).map(|()| format!("{value}\n"))
        }
    }

    fn family(version: u8, [old_ip, old_gw, new_ip, new_gw]: [&str; 4]) -> Family {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Family {
            version,
            old_ip: text(old_ip),
            old_gw: text(old_gw),
            new_ip: text(new_ip),
            new_gw: text(new_gw),
        }
    }

    fn run(family: &Family, fails: &str) -> (Vec<String>, bool, usize, Option<Died>) {
        let mut noted = Noted { commands: Vec::new(), fails };
        let cancel = Cancel::new();
        let mut change = Change {
            commands: &mut noted,
            name: "eth0",
            family,
            cancel: &cancel,
            warnings: Vec::new(),
        };
        let result = change.run();
        let warnings = change.warnings.len();
        let save = result.as_ref().is_ok_and(|changed| changed.save);
        (noted.commands, save, warnings, result.err())
    }

    const MOVE: [&str; 4] = ["10.0.0.2/24", "10.0.0.1", "10.0.1.2/24", "10.0.2.1"];

    #[test]
    fn add_new_then_replace_the_route_then_delete_the_old() {
        let (commands, save, warnings, _) = run(&family(4, MOVE), "");
        assert_eq!(
            commands,
            [
                "addr add 10.0.1.2/24 dev eth0",
                "route add 10.0.2.1 dev eth0",
                "route replace default via 10.0.2.1",
                "cat",
                "sysctl 1",
                "addr del 10.0.0.2/24 dev eth0",
                "sysctl 0",
            ]
        );
        assert!(save && warnings == 0);
    }

    #[test]
    fn ipv6_promotes_nothing() {
        let move6 = ["fd00::2/64", "fd01::1", "fd00::3/64", "fd00::1"];
        let (commands, save, ..) = run(&family(6, move6), "");
        let wanted = [
            "addr add fd00::3/64 dev eth0",
            "route replace default via fd00::1",
            "route del fd01::1 dev eth0",
            "addr del fd00::2/64 dev eth0",
        ];
        assert_eq!(commands, wanted);
        assert!(save);
    }

    #[test]
    fn it_gives_up_before_the_route_is_replaced_and_goes_on_after() {
        let (commands, save, warnings, _) = run(&family(4, MOVE), "addr add");
        assert_eq!((commands.len(), save, warnings), (1, false, 2));
        let (commands, save, warnings, _) = run(&family(4, MOVE), "route replace");
        assert_eq!(commands.last().unwrap(), "addr del 10.0.1.2/24 dev eth0");
        assert_eq!((commands.len(), save, warnings), (4, false, 2));
        let (commands, save, warnings, _) = run(&family(4, MOVE), "addr del");
        assert_eq!((commands.len(), save, warnings), (7, true, 2));
    }

    #[test]
    fn settings_that_cannot_be_put_back_are_an_error() {
        let (commands, save, warnings, died) = run(&family(4, MOVE), "sysctl 0");
        assert_eq!((commands.len(), save, warnings), (7, false, 1));
        assert_eq!(died, Some(Died::Text("sysctl 0".into())));
        let (commands, ..) = run(&family(4, MOVE), "cat");
        assert_eq!(commands[3..], ["cat", "sysctl 0"]);
    }

    #[test]
    fn what_the_container_gets_itself_is_neither_added_nor_deleted() {
        let dhcp = ["dhcp", "", "10.0.0.2/24", ""];
        assert_eq!(run(&family(4, dhcp), "").0, ["addr add 10.0.0.2/24 dev eth0"]);
        let manual = ["manual", "", "dhcp", ""];
        let (commands, save, ..) = run(&family(4, manual), "");
        assert_eq!(commands, ["cat", "sysctl 1", "addr del manual dev eth0", "sysctl 0"]);
        assert!(save);
        assert_eq!(run(&family(4, ["10.0.0.2/24", "", "10.0.0.2/24", ""]), "").0, [""; 0]);
    }

    #[test]
    fn a_gateway_that_is_no_more_takes_its_routes_along() {
        let gone = ["10.0.0.2/24", "10.9.0.1", "10.0.0.2/24", ""];
        let (commands, save, ..) = run(&family(4, gone), "route del default");
        assert_eq!(commands, ["route del default", "route del 10.9.0.1 dev eth0"]);
        assert!(save);
    }
}
