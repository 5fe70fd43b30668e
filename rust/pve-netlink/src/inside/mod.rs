//! What the commands do that the reference runs in a container's network namespace, where each is a
//! `lxc-attach -n VMID -s NETWORK -- COMMAND`: the same messages to the kernel, through one socket inside.
//!
//! The thread that makes an [`Inside`] stays in the namespace, so that must be one that ends afterwards.

mod command;
mod device;

pub use command::Ip;
pub use device::add_device;

use std::fs;
use std::io::{self, Write};
use std::net::IpAddr;

use nix::errno::Errno;

use crate::addr::{self, Cidr};
use crate::error::Error;
use crate::host::words;
use crate::interface::valid_name;
use crate::kernel::Kernel;
use crate::link::{self, LinkSettings};
use crate::netns::NetNs;
use crate::request::{Answer, Channel, Outcome, Request};
use crate::route;
use crate::transaction::Remark;

/// What ip(8) exits with.
const IP_UNKNOWN: u8 = 1;
const IP_REFUSED: u8 = 2;

/// What a command that failed left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What it wrote to its standard error.
    pub said: String,
    /// What the reference dies with: a text that ends in a newline.
    pub text: String,
}

/// A container's network namespace, seen from inside.
pub struct Inside {
    vmid: String,
    /// None where the container does not run.
    channel: Option<Channel>,
}

impl Inside {
    /// Enter the namespace of container `vmid`. Without one, all commands fail as they do in a container that does not
    /// run.
    ///
    /// # Errors
    /// What entering it gives.
    pub fn enter(kernel: &dyn Kernel, vmid: &str, netns: Option<&NetNs>) -> Result<Self, Error> {
        let channel = match netns {
            Some(netns) => Some(Channel::new(kernel.wire_in(netns)?)),
            None => None,
        };
        Ok(Self { vmid: vmid.into(), channel })
    }

    /// `ip link set NAME up`
    ///
    /// # Errors
    /// [`Failed`]
    pub fn link_up(&mut self, name: &str) -> Result<(), Failed> {
        let words = ["/sbin/ip", "link", "set", name, "up"];
        self.run(&words, |inside| {
            let index = inside.index(name)?;
            inside
                .ask_again(
                    vec![link::set(index, &LinkSettings::UP)],
                    Errno::UnknownErrno,
                    &mut false,
                )
                .map(drop)
        })
    }

    /// One of the commands on addresses and routes of the interface `name`.
    ///
    /// # Errors
    /// [`Failed`]
    pub fn ip(&mut self, command: &Ip<'_>, name: &str) -> Result<(), Failed> {
        self.run(&command.words(name), |inside| inside.carry_out(command, name))
    }

    fn carry_out(&mut self, command: &Ip<'_>, name: &str) -> Result<(), Refusal> {
        match *command {
            Ip::AddAddress { version, cidr } => {
                let cidr = prefix(version, cidr)?;
                let index = self.index(name)?;
                let mut added = false;
                let done = self.ask_again(addr::add(index, cidr), Errno::EEXIST, &mut added);
                let done = done.and_then(|answers| {
                    // Nothing is shown of one that turned out to be there.
                    let shown =
                        answers.iter().find_map(|answer| addr::shown(&answer.messages, index));
                    as_wanted(&cidr, shown.as_ref().or(answers.is_empty().then_some(&cidr)))
                });
                if done.is_err() && added {
                    let _ = self.exchange(vec![addr::delete(index, cidr)]);
                }
                done
            }
            Ip::DeleteAddress { version, cidr } => {
                let cidr = prefix(version, cidr)?;
                let index = self.index(name)?;
                self.ask_again(vec![addr::delete(index, cidr)], Errno::EADDRNOTAVAIL, &mut false)
                    .map(drop)
            }
            Ip::AddRoute { version, to } => {
                let to = prefix(version, to)?.address;
                let index = self.index(name)?;
                let add = vec![route::add_on_link(index, to)];
                let answers = self.ask_again(add, Errno::EEXIST, &mut false)?;
                let shown = answers.iter().find_map(|answer| route::shown(&answer.messages));
                let (wanted, link) = (Some(index), shown.map(|route| route.link));
                as_wanted(&wanted, link.as_ref().or(answers.is_empty().then_some(&wanted)))
            }
            Ip::DeleteRoute { version, to } => {
                let to = prefix(version, to)?.address;
                let index = self.index(name)?;
                self.ask_again(vec![route::delete_on_link(index, to)], Errno::ESRCH, &mut false)
                    .map(drop)
            }
            Ip::ReplaceDefault { version, via } => {
                let gateway = address(version, via)?;
                let replace = vec![route::replace_default_anywhere(gateway)];
                let answers = self.ask_again(replace, Errno::UnknownErrno, &mut false)?;
                let shown = answers.iter().find_map(|answer| route::shown(&answer.messages));
                let shown = shown.map(|route| route.gateway);
                let wanted = Some(gateway.into());
                as_wanted(&wanted, shown.as_ref().or(answers.is_empty().then_some(&wanted)))
            }
            Ip::DeleteDefault { version } => {
                self.ask(vec![route::delete_any_default(unspecified(version))]).map(drop)
            }
        }
    }

    /// `cat /proc/sys/net/ipv4/conf/NAME/promote_secondaries`, as a number.
    ///
    /// # Errors
    /// [`Failed`]
    pub fn promotes_secondaries(&mut self, name: &str) -> Result<i64, Failed> {
        let path = format!("/proc/sys/net/ipv4/conf/{name}/promote_secondaries");
        self.run(&["cat", &path], |_| {
            let text = read_setting(name, &path)
                .map_err(|error| Refusal::of(1, format!("cat: {path}: {}\n", why(&error))))?;
            Ok(text.trim().parse().unwrap_or(0))
        })
    }

    /// `sysctl net.ipv4.conf.NAME.promote_secondaries=VALUE`. Gives what it writes to its standard output.
    ///
    /// # Errors
    /// [`Failed`]
    pub fn promote_secondaries(&mut self, name: &str, value: i64) -> Result<String, Failed> {
        let key = format!("net.ipv4.conf.{name}.promote_secondaries");
        self.run(&["sysctl", &format!("{key}={value}")], |_| {
            // sysctl(8) takes each dot for a separator, also those of an interface's name.
            let path = format!("/proc/sys/{}", key.replace('.', "/"));
            let written = write_setting(name, &path, value);
            written.map_err(|error| {
                let what = if error.kind() == io::ErrorKind::NotFound {
                    format!("sysctl: cannot stat {path}: {}\n", why(&error))
                } else {
                    format!("sysctl: setting key \"{key}\": {}\n", why(&error))
                };
                Refusal::of(1, what)
            })?;
            Ok(format!("{key} = {value}\n"))
        })
    }

    fn run<T>(
        &mut self,
        command: &[&str],
        work: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Failed> {
        let done = if self.channel.is_some() { work(self) } else { Err(not_running(&self.vmid)) };
        done.map_err(|Refusal { code, said }| {
            let mut words = vec!["lxc-attach", "-n", &self.vmid, "-s", "NETWORK", "--"];
            words.extend(command);
            Failed { said, text: words::failed(&words, code) }
        })
    }

    fn ask(&mut self, requests: Vec<Request>) -> Result<Vec<Answer>, Refusal> {
        let answers = self.exchange(requests)?;
        accepted(&answers).map(|()| answers)
    }

    /// The same for a change: one whose answer was lost may have been made, so it is asked for again, and `made` says that it
    /// was. There are no answers then, since what is there already is not shown.
    /// `done` is set when the first request may have been carried out.
    fn ask_again(
        &mut self,
        requests: Vec<Request>,
        made: Errno,
        done: &mut bool,
    ) -> Result<Vec<Answer>, Refusal> {
        let answers = self.exchange(requests.clone())?;
        let refused = |answers: &[Answer]| match answers.first().map(|first| &first.outcome) {
            Some(Outcome::Refused { errno, .. }) => Some(*errno),
            _ => None,
        };
        *done = refused(&answers).is_none();
        if answers.first().is_none_or(|first| first.outcome != Outcome::Unanswered) {
            return accepted(&answers).map(|()| answers);
        }
        let answers = self.exchange(requests)?;
        if refused(&answers) == Some(made) {
            return Ok(Vec::new());
        }
        *done = refused(&answers).is_none();
        accepted(&answers).map(|()| Vec::new())
    }

    fn exchange(&mut self, requests: Vec<Request>) -> Result<Vec<Answer>, Refusal> {
        let Some(channel) = &mut self.channel else { return Err(not_running(&self.vmid)) };
        channel.exchange(requests).map_err(|error| Refusal::of(IP_REFUSED, format!("{error}\n")))
    }
    fn index(&mut self, name: &str) -> Result<u32, Refusal> {
        let not_found = || Refusal::of(IP_UNKNOWN, words::not_found(name));
        if !valid_name(name) {
            return Err(not_found());
        }
        let answers = self.ask(vec![link::show_named(name)]).map_err(|_| not_found())?;
        let shown = answers.iter().find_map(|answer| link::shown(&answer.messages));
        shown.map(|shown| shown.index).ok_or_else(not_found)
    }
}

/// Why a command did not do what it was to do.
struct Refusal {
    code: u8,
    said: String,
}

impl Refusal {
    fn of(code: u8, said: String) -> Self {
        Self { code, said }
    }
}

fn accepted(answers: &[Answer]) -> Result<(), Refusal> {
    for answer in answers {
        match &answer.outcome {
            Outcome::Done => {}
            Outcome::Refused { errno, detail } => {
                let remark = Remark { refused: Some(*errno), detail: detail.clone() };
                return Err(Refusal::of(IP_REFUSED, words::remark(&remark)));
            }
            Outcome::Unanswered => {
                return Err(Refusal::of(IP_REFUSED, "no answer from the kernel\n".into()));
            }
            Outcome::Malformed(why) => {
                return Err(Refusal::of(IP_REFUSED, format!("{why}\n")));
            }
        }
    }
    Ok(())
}

/// LXC's own lines, without the places in its source that they name.
fn not_running(vmid: &str) -> Refusal {
    let said = format!(
        "lxc-attach: {vmid}: Connection refused - Failed to get init pid\n\
         lxc-attach: {vmid}: Connection refused - Failed to get attach context\n"
    );
    Refusal::of(1, said)
}

fn as_wanted<T: PartialEq>(wanted: &T, shown: Option<&T>) -> Result<(), Refusal> {
    if shown == Some(wanted) {
        return Ok(());
    }
    Err(Refusal::of(IP_REFUSED, "the kernel accepted it, but shows something else\n".into()))
}

fn family(version: u8) -> &'static str {
    if version == 4 { "inet" } else { "inet6" }
}

fn unspecified(version: u8) -> IpAddr {
    match version {
        4 => std::net::Ipv4Addr::UNSPECIFIED.into(),
        _ => std::net::Ipv6Addr::UNSPECIFIED.into(),
    }
}

fn parse_address(version: u8, text: &str) -> Option<IpAddr> {
    text.parse().ok().filter(|address: &IpAddr| address.is_ipv4() == (version == 4))
}

fn address(version: u8, text: &str) -> Result<IpAddr, Refusal> {
    parse_address(version, text).ok_or_else(|| {
        let family = family(version);
        let said = format!("Error: {family} address is expected rather than \"{text}\".\n");
        Refusal::of(IP_UNKNOWN, said)
    })
}

/// An address with or without the length of its prefix.
fn prefix(version: u8, text: &str) -> Result<Cidr, Refusal> {
    let longest = if version == 4 { 32 } else { 128 };
    let (host, length) = match text.split_once('/') {
        Some((host, length)) => (host, length.parse().ok().filter(|length| *length <= longest)),
        None => (text, Some(longest)),
    };
    match (parse_address(version, host), length) {
        (Some(address), Some(prefix)) => Ok(Cidr { address, prefix }),
        _ => {
            let family = family(version);
            let said = format!("Error: {family} prefix is expected rather than \"{text}\".\n");
            Err(Refusal::of(IP_UNKNOWN, said))
        }
    }
}

/// `/proc/sys/net` shows the namespace of the thread that looks.
fn read_setting(name: &str, path: &str) -> io::Result<String> {
    if valid_name(name) { fs::read_to_string(path) } else { Err(io::ErrorKind::NotFound.into()) }
}

fn write_setting(name: &str, path: &str, value: i64) -> io::Result<()> {
    if !valid_name(name) {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut file = fs::File::options().write(true).open(path)?;
    file.write_all(format!("{value}\n").as_bytes())
}

fn why(error: &io::Error) -> &'static str {
    match error.raw_os_error() {
        Some(errno) => nix::errno::Errno::from_raw(errno).desc(),
        None => nix::errno::Errno::ENOENT.desc(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_that_does_not_run_has_lxc_s_words() {
        let mut inside = Inside { vmid: "101".into(), channel: None };
        let failed = inside.link_up("eth0").unwrap_err();
        assert_eq!(
            failed.text,
            "command 'lxc-attach -n 101 -s NETWORK -- /sbin/ip link set eth0 up' failed: exit code 1\n"
        );
        assert!(failed.said.starts_with("lxc-attach: 101: Connection refused - "));
    }

    #[test]
    fn what_is_no_prefix_has_ip_s_words() {
        let said = |version, text| prefix(version, text).err().map(|refusal| refusal.said);
        for (version, text, family) in [
            (4, "10.0.0.3/33", "inet"),
            (4, "fd00::1/64", "inet"),
            (4, "manual", "inet"),
            (6, "fd00::1/640", "inet6"),
            (6, "10.0.0.1/24", "inet6"),
        ] {
            let wanted = format!("Error: {family} prefix is expected rather than \"{text}\".\n");
            assert_eq!(said(version, text), Some(wanted));
        }
        for (version, text) in [(4, "10.0.0.3/32"), (4, "10.0.0.3"), (6, "fd00::1/64")] {
            assert_eq!(said(version, text), None, "{text}");
        }
    }
}
