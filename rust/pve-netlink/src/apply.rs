//! Carries out a [`Plan`]: one send for each run of steps of one place, the result read back in the same send, and
//! everything undone when anything fails.

use std::fmt;
use std::net::IpAddr;
use std::os::fd::AsFd;

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::error::Error;
use crate::hint::hint;
use crate::kernel::Kernel;
use crate::link::VethPair;
use crate::netns::NetNs;
use crate::plan::{Place, Plan, Step};
use crate::request::{Answer, Channel, Outcome, Request};
use crate::undo::{Undo, undo};
use crate::wait::Cancel;
use crate::wire::Wire;
use crate::{addr, bridge, link, route, verify};

/// The pair that a plan made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pair {
    /// The index of the host's end.
    pub host: u32,
    /// The index of the other end, in its namespace.
    pub peer: u32,
    /// Whether the host's end is a port of a bridge that filters VLANs.
    pub vlan_filtering: bool,
}

/// Why a plan was not carried out. Nothing of it is left, save what `undo` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The step that failed.
    pub step: Step,
    /// The first error.
    pub error: Error,
    /// What could not be undone.
    pub undo: Vec<Error>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named_by_error = matches!(
            self.error,
            Error::Refused { .. }
                | Error::NoAnswer { .. }
                | Error::Malformed { .. }
                | Error::NotAsWanted { .. }
        );
        if !named_by_error {
            write!(f, "at the step to {}: ", self.step)?;
        }
        self.error.fmt(f)?;
        self.undo.iter().try_for_each(|error| write!(f, "; undoing failed too: {error}"))
    }
}

/// Carry out a plan over `host`, a socket of the host's namespace, with the other end of the pair inside `netns`. The calling thread enters that and stays there, so
/// this must run on one that ends afterwards, as [`crate::wait::in_thread`] gives.
///
/// # Errors
/// [`Failure`], with the host and the namespace as they were.
pub fn apply(
    kernel: &dyn Kernel,
    host: Box<dyn Wire>,
    plan: &Plan,
    netns: &NetNs,
    cancel: &Cancel,
) -> Result<Pair, Box<Failure>> {
    let host = Channel::new(host);
    let mut run = Run { kernel, plan, netns, cancel, host, inside: None, done: Vec::new() };
    run.all().map_err(|failed| {
        let Failed { step, error } = *failed;
        let undo = undo(&mut run.host, run.inside.as_mut(), run.done);
        Box::new(Failure { step, error, undo })
    })
}

/// A step with what went wrong in it.
struct Failed {
    step: Step,
    error: Error,
}

fn at(step: &Step) -> impl Fn(Error) -> Box<Failed> {
    let step = step.clone();
    move |error| Box::new(Failed { step: step.clone(), error })
}

struct Run<'a> {
    kernel: &'a dyn Kernel,
    plan: &'a Plan,
    netns: &'a NetNs,
    cancel: &'a Cancel,
    host: Channel,
    /// Once this is there, the thread is inside the namespace, and has nothing more to do outside.
    inside: Option<Channel>,
    done: Vec<Undo>,
}

impl Run<'_> {
    fn all(&mut self) -> Result<Pair, Box<Failed>> {
        let first = Step::AddVeth(self.plan.pair.clone());
        let pair = self.cancel.check().and_then(|()| self.add_veth(&first));
        let pair = pair.map_err(at(&first))?;

        let plan = self.plan;
        // Without VLAN filtering there are no VLANs to set, and the kernel may not even know how.
        let left_out = |step: &Step| *step == Step::SetUntaggedPort && !pair.vlan_filtering;
        let steps: Vec<_> = plan.then.iter().filter(|step| !left_out(step)).collect();
        if !steps.is_sorted_by_key(|step| step.place() == Place::Namespace) {
            let error = Error::Internal("a step outside the namespace after one inside".into());
            return Err(at(&first)(error));
        }
        for group in steps.chunk_by(|one, next| one.place() == next.place()) {
            let Some(step) = group.first() else { continue };
            self.cancel.check().map_err(at(step))?;
            match step.place() {
                Place::Sysctl => {
                    self.kernel.disable_ipv6(&plan.pair.name).map_err(at(step))?;
                }
                Place::Host => self.send(step, group, pair)?,
                Place::Namespace => {
                    self.enter().map_err(at(step))?;
                    self.send(step, group, pair)?;
                }
            }
        }
        // A container that ended meanwhile took its end with it, and success would be a lie.
        let still_there = self.kernel.check_still_there(self.netns);
        let last = plan.then.last().unwrap_or(&first);
        still_there.and_then(|()| self.cancel.commit()).map_err(at(last))?;
        Ok(pair)
    }

    fn add_veth(&mut self, step: &Step) -> Result<Pair, Error> {
        let wanted: &VethPair = &self.plan.pair;
        let mut requests =
            vec![link::add_veth(wanted, self.netns.as_fd()), link::show_named(&wanted.name)];
        requests.extend(wanted.master.map(link::show));
        let answers = self.host.exchange(requests)?;
        let [added, shown, ..] = answers.as_slice() else {
            return Err(Error::Internal("a request without an answer".into()));
        };
        let made = link::shown(&shown.messages);
        if may_have_happened(added) {
            let index = made.as_ref().map(|made| made.index);
            self.done.push(Undo::DeleteVeth { name: wanted.name.clone(), index });
        }
        added.check(&step.to_string(), |errno| hint(step, errno))?;
        shown.check(&step.to_string(), |errno| hint(step, errno))?;
        let bridge = answers.get(2).and_then(|answer| link::shown(&answer.messages));
        verify::host_end(step, wanted, made, bridge)
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.inside.is_none() {
            self.inside = Some(Channel::new(self.kernel.wire_in(self.netns)?));
        }
        Ok(())
    }

    /// The socket where the thread is now: the namespace's once it was entered.
    fn here(&mut self) -> &mut Channel {
        self.inside.as_mut().unwrap_or(&mut self.host)
    }

    fn send(&mut self, first: &Step, group: &[&Step], pair: Pair) -> Result<(), Box<Failed>> {
        let lists: Vec<_> = group.iter().map(|step| requests(step, pair)).collect();
        let counts: Vec<_> = lists.iter().map(Vec::len).collect();
        let answers = self.here().exchange(lists.into_iter().flatten().collect());
        let answers = answers.map_err(at(first))?;

        // The kernel went on after a step that failed, so first of all comes what there is to undo of any of them.
        let mut rest = answers.as_slice();
        let mut of_steps = Vec::new();
        for (step, count) in group.iter().zip(counts) {
            let (own, others) = rest.split_at(count.min(rest.len()));
            if let (Step::ReplaceDefault(gateway), Some(answer)) = (step, own.first()) {
                if may_have_happened(answer) {
                    self.done.push(restore_default(*gateway, answer, pair, Vec::new()));
                }
            }
            of_steps.push((step, own));
            rest = others;
        }
        for (step, answers) in of_steps {
            self.accept(step, answers, pair).map_err(at(step))?;
        }
        Ok(())
    }

    fn accept(&mut self, step: &Step, answers: &[Answer], pair: Pair) -> Result<(), Error> {
        if let (Step::ReplaceDefault(gateway), [answer]) = (step, answers) {
            if refused_with(answer, Errno::EEXIST) {
                return self.replace_default(step, *gateway, pair);
            }
        }
        for answer in answers {
            answer.check(&step.to_string(), |errno| hint(step, errno))?;
        }
        verify::step(step, &self.plan.pair, pair, answers)
    }

    /// A default route is there already: remember it, then take its place. This is the one case that needs more sends.
    fn replace_default(&mut self, step: &Step, gateway: IpAddr, pair: Pair) -> Result<(), Error> {
        let tried = step.to_string();
        let mut old = self.here().exchange(vec![route::show(gateway)])?;
        let old = old.pop().ok_or_else(|| Error::Internal("a request without an answer".into()))?;
        let reading = format!("read the container's routes, in order to {tried}");
        old.check(&reading, |errno| hint(step, errno))?;
        let replaced = route::replaced_by_default(old.messages);

        let answers = self.here().exchange(vec![route::replace_default(pair.peer, gateway)])?;
        for answer in &answers {
            if may_have_happened(answer) {
                self.done.push(restore_default(gateway, answer, pair, replaced.clone()));
            }
            answer.check(&tried, |errno| hint(step, errno))?;
        }
        verify::step(step, &self.plan.pair, pair, &answers)
    }
}

fn requests(step: &Step, pair: Pair) -> Vec<Request> {
    match step {
        Step::AddVeth(_) | Step::DisableIpv6 => Vec::new(),
        Step::SetUntaggedPort => bridge::set_untagged_port(pair.host),
        Step::SetHostUp => vec![link::set_up(pair.host), link::show(pair.host)],
        Step::SetHostDown => vec![link::set_down(pair.host), link::show(pair.host)],
        Step::SetPeerUp => vec![link::set_up(pair.peer), link::show(pair.peer)],
        Step::AddAddress(cidr) => addr::add(pair.peer, *cidr),
        Step::AddRoute(address) => vec![route::add_on_link(pair.peer, *address)],
        Step::ReplaceDefault(gateway) => vec![route::add_default(pair.peer, *gateway)],
    }
}

fn restore_default(
    gateway: IpAddr,
    answer: &Answer,
    pair: Pair,
    replaced: Vec<RouteMessage>,
) -> Undo {
    // The kernel chose the link by the gateway and says which; unless it does, no other link's route may be taken away.
    let link = route::shown(&answer.messages).and_then(|route| route.link).unwrap_or(pair.peer);
    Undo::RestoreDefault { link, gateway, replaced }
}

fn may_have_happened(answer: &Answer) -> bool {
    !matches!(answer.outcome, Outcome::Refused { .. })
}

fn refused_with(answer: &Answer, wanted: Errno) -> bool {
    matches!(&answer.outcome, Outcome::Refused { errno, .. } if *errno == wanted)
}
