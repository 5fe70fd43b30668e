//! Carries out steps: one send for each run of steps of one place, the result read back in the same send, and everything
//! undone, last first, when anything fails.
//!
//! The thread that carries out a step inside a namespace stays there, so this must run on one that ends afterwards, as
//! [`crate::wait::in_thread`] gives.

mod requests;
mod together;
mod undo;

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;

use netlink_packet_route::route::RouteMessage;
use nix::errno::Errno;

use crate::error::Error;
use crate::hint::hint;
use crate::interface::Interface;
use crate::kernel::Kernel;
use crate::link::{LinkSettings, Shown};
use crate::netns::NetNs;
use crate::plan::{Change, Inverse, Link, Name, Place, Refused, Step};
use crate::request::{Answer, Channel, Outcome, Request};
use crate::snapshot::Message;
use crate::tc::Clock;
use crate::wait::Cancel;
use crate::wire::Wire;
use crate::{link, route, verify};

pub use together::{Part, carry_out_together};

/// A step that failed, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The step.
    pub step: Step,
    /// The error.
    pub error: Error,
}

/// Why a change was not made. Nothing of it is left, save what `undo` names.
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

/// What the kernel said about a step that is done, or that it refused without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The error number, if it refused the step.
    pub refused: Option<Errno>,
    /// The kernel's words, or empty.
    pub detail: String,
}

/// A socket of the host's namespace that several changes take turns with.
pub type SharedChannel = Rc<RefCell<Channel>>;

/// Told of default routes before they are replaced.
pub type Replacing<'a> = dyn Fn(Vec<Message>) -> Result<(), Error> + 'a;

/// An ongoing change of the host. It must end in [`Transaction::undo`], or it stays as far as it came.
pub struct Transaction<'a> {
    kernel: &'a dyn Kernel,
    cancel: &'a Cancel,
    netns: Option<&'a NetNs>,
    host: SharedChannel,
    /// Once this is there, the thread is inside the namespace.
    inside: Option<Channel>,
    /// The host's namespace, where undoing needs to be there again.
    outside: Option<NetNs>,
    known: Vec<(Link, u32)>,
    shown: Vec<Shown>,
    done: Vec<Done>,
    remarks: Vec<Remark>,
    clock: Option<Clock>,
    kept: Vec<Box<dyn Any>>,
    replacing: Option<&'a Replacing<'a>>,
}

/// The messages of some steps, and how many are each one's.
#[derive(Default)]
struct Prepared {
    requests: Vec<Request>,
    counts: Vec<usize>,
}

/// One thing to take back.
enum Done {
    Changes(Vec<(Link, Change)>),
    Default { link: u32, gateway: IpAddr, replaced: Vec<RouteMessage> },
}

fn at(step: &Step) -> impl Fn(Error) -> Box<Failed> {
    let step = step.clone();
    move |error| Box::new(Failed { step: step.clone(), error })
}

impl<'a> Transaction<'a> {
    /// Over `host`, a socket of the host's namespace. Nothing is touched yet.
    #[must_use]
    pub fn begin(
        kernel: &'a dyn Kernel,
        host: Box<dyn Wire>,
        cancel: &'a Cancel,
        netns: Option<&'a NetNs>,
    ) -> Self {
        Self::begin_on(kernel, Rc::new(RefCell::new(Channel::new(host))), cancel, netns)
    }

    /// The same over a socket that other changes use, too. Nothing of them may depend on another's.
    #[must_use]
    pub fn begin_on(
        kernel: &'a dyn Kernel,
        host: SharedChannel,
        cancel: &'a Cancel,
        netns: Option<&'a NetNs>,
    ) -> Self {
        Self {
            kernel,
            cancel,
            netns,
            host,
            inside: None,
            outside: None,
            known: Vec::new(),
            shown: Vec::new(),
            done: Vec::new(),
            remarks: Vec::new(),
            clock: None,
            kept: Vec::new(),
            replacing: None,
        }
    }

    /// One of the host's interfaces, by name, without a send.
    ///
    /// # Errors
    /// As [`Kernel::interface`].
    pub fn interface(&self, name: &str) -> Result<Option<Interface>, Error> {
        self.kernel.interface(self.host.borrow().wire(), name)
    }

    /// Read something of the host.
    ///
    /// # Errors
    /// As [`Channel::exchange`].
    pub fn read(&mut self, requests: Vec<Request>) -> Result<Vec<Answer>, Error> {
        self.host.borrow_mut().exchange(requests)
    }

    /// The host's interfaces of these names, read in one send.
    ///
    /// # Errors
    /// What the kernel gives, except that there is no such interface.
    pub fn look<N: AsRef<str>>(&mut self, names: &[N]) -> Result<Vec<Option<Shown>>, Error> {
        let valid = |name: &&N| crate::interface::valid_name(name.as_ref());
        let asked: Vec<_> = names.iter().filter(valid).collect();
        let requests: Vec<_> = asked.iter().map(|name| link::show_named(name.as_ref())).collect();
        if requests.is_empty() {
            return Ok(vec![None; names.len()]);
        }
        let answers = self.read(requests)?;
        let mut found = Vec::new();
        for (name, answer) in asked.into_iter().zip(answers) {
            let shown = match answer.outcome {
                Outcome::Refused { errno: Errno::ENODEV, .. } => None,
                _ => {
                    let tried = format!("look at '{}'", name.as_ref());
                    answer.check(&tried, |_| String::new())?;
                    link::shown(&answer.messages)
                }
            };
            // An alternative name leads to the link, too, but it is not what /sys/class/net has.
            let shown = shown.filter(|shown| shown.name == name.as_ref());
            if let Some(shown) = &shown {
                self.knows(&Link::Host(shown.name.as_str().into()), shown.index);
            }
            found.push((name.as_ref(), shown));
        }
        let of = |name: &N| {
            found.iter().find(|(asked, _)| *asked == name.as_ref()).and_then(|(_, it)| it.clone())
        };
        Ok(names.iter().map(of).collect())
    }

    /// A link's index that was found out otherwise.
    pub fn knows(&mut self, link: &Link, index: u32) {
        self.known.retain(|(known, _)| known != link);
        self.known.push((link.clone(), index));
    }

    /// Keep something, such as a lock, until this ends.
    pub fn keep(&mut self, what: Box<dyn Any>) {
        self.kept.push(what);
    }

    /// Tell of default routes before they are replaced; an error fails the step.
    pub fn tell_replaced(&mut self, replacing: &'a Replacing<'a>) {
        self.replacing = Some(replacing);
    }

    /// What it is carried out on.
    #[must_use]
    pub fn kernel(&self) -> &'a dyn Kernel {
        self.kernel
    }

    /// The index of a link, if it is known.
    #[must_use]
    pub fn index(&self, link: &Link) -> Option<u32> {
        self.known.iter().find(|(known, _)| known == link).map(|(_, index)| *index)
    }

    /// What a step last showed of one of the host's links.
    #[must_use]
    pub fn shown(&self, name: &str) -> Option<&Shown> {
        self.shown.iter().rev().find(|shown| shown.name == name)
    }

    /// What the kernel remarked so far.
    pub fn take_remarks(&mut self) -> Vec<Remark> {
        std::mem::take(&mut self.remarks)
    }

    /// Carry out steps, in their order.
    ///
    /// # Errors
    /// The first step that failed. Whatever was done is left for [`Transaction::undo`].
    pub fn carry_out(&mut self, steps: &[Step]) -> Result<(), Box<Failed>> {
        let mut rest = steps;
        while let Some(first) = rest.first() {
            let (group, later) = rest.split_at(self.group(rest));
            self.cancel.check().map_err(at(first))?;
            match first.place() {
                Place::Sysctl => {
                    for step in group {
                        self.sysctl(step).map_err(at(step))?;
                    }
                }
                Place::Host => self.send(first, group)?,
                Place::Namespace => {
                    self.enter().map_err(at(first))?;
                    self.send(first, group)?;
                }
            }
            rest = later;
        }
        Ok(())
    }

    /// Everything is done: from here on an end that the caller asks for comes too late. `last` is the step that is
    /// named otherwise.
    ///
    /// # Errors
    /// The namespace went away, or the caller asked for an end before.
    pub fn commit(&mut self, last: &Step) -> Result<(), Box<Failed>> {
        // A container that ended meanwhile took its end with it, and success would be a lie.
        let there = self.netns.map_or(Ok(()), |netns| self.kernel.check_still_there(netns));
        there.and_then(|()| self.cancel.commit()).map_err(at(last))
    }

    /// How many of the steps, one at least, go out together.
    fn group(&self, steps: &[Step]) -> usize {
        let place = steps.first().map(Step::place);
        // The index of a link that goes out deleted is not that of one that is made by its name after it.
        let mut gone: Vec<&Name> = Vec::new();
        for (count, step) in steps.iter().enumerate() {
            if Some(step.place()) != place || !self.can_go(step, &gone) {
                return count.max(1);
            }
            if step.change == Change::Delete {
                gone.push(step.link.name());
            }
        }
        steps.len()
    }

    /// Whether all indexes that a step needs are known.
    fn can_go(&self, step: &Step, gone: &[&Name]) -> bool {
        let other = match &step.change {
            Change::AddVlan { parent: other, .. } | Change::SetMaster(Some(other)) => Some(other),
            _ => None,
        };
        let by_name = step.change.makes()
            || matches!(step.change, Change::DisableIpv6(_) | Change::Delete | Change::Look(_));
        let known = |link: &Link| self.index(link).is_some() && !gone.contains(&link.name());
        (by_name || known(&step.link))
            && other.is_none_or(|other| known(&Link::Host(other.clone())))
    }

    fn sysctl(&mut self, step: &Step) -> Result<(), Error> {
        if self.inside.is_some() {
            return Err(Error::Internal("a step outside the namespace after one inside".into()));
        }
        self.write_ipv6(step.link.name(), step.change == Change::DisableIpv6(true))?;
        self.remember(step);
        Ok(())
    }

    fn write_ipv6(&self, name: &Name, disable: bool) -> Result<(), Error> {
        if disable { self.kernel.disable_ipv6(name) } else { self.kernel.enable_ipv6(name) }
    }

    fn remember(&mut self, step: &Step) {
        if let Inverse::Changes(changes) = &step.inverse {
            self.done.push(Done::Changes(changes.clone()));
        }
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.inside.is_some() {
            return Ok(());
        }
        let Some(netns) = self.netns else {
            return Err(Error::Internal("a step inside a namespace without one".into()));
        };
        let needs_host = |done: &Done| match done {
            Done::Changes(changes) => {
                changes.iter().any(|(_, change)| matches!(change, Change::DisableIpv6(_)))
            }
            Done::Default { .. } => false,
        };
        if self.done.iter().any(needs_host) {
            self.outside = Some(NetNs::open(Path::new("/proc/thread-self/ns/net"))?);
        }
        self.inside = Some(Channel::new(self.kernel.wire_in(netns)?));
        Ok(())
    }

    /// Send to the socket of the place where a link is.
    fn exchange(&mut self, link: &Link, requests: Vec<Request>) -> Result<Vec<Answer>, Error> {
        match (link, &mut self.inside) {
            (Link::Inside(_), Some(inside)) => inside.exchange(requests),
            _ => self.host.borrow_mut().exchange(requests),
        }
    }

    fn send(&mut self, first: &Step, group: &[Step]) -> Result<(), Box<Failed>> {
        let prepared = self.prepare(group)?;
        let answers = self.exchange(&first.link, prepared.requests).map_err(at(first))?;
        self.take_in(group, &prepared.counts, &answers)
    }

    /// The messages of steps that go out together.
    fn prepare(&mut self, group: &[Step]) -> Result<Prepared, Box<Failed>> {
        let mut prepared = Prepared::default();
        for (place, step) in group.iter().enumerate() {
            let mut own = self.requests(&step.link, &step.change).map_err(at(step))?;
            let later = group.get(place + 1..).unwrap_or_default();
            if reader(step, later).is_some() {
                own.truncate(1);
            }
            prepared.counts.push(own.len());
            prepared.requests.extend(own);
        }
        Ok(prepared)
    }

    /// What became of steps that went out together; `counts` is how many of the answers are each one's.
    fn take_in(
        &mut self,
        group: &[Step],
        counts: &[usize],
        answers: &[Answer],
    ) -> Result<(), Box<Failed>> {
        // The kernel went on after a step that failed, so first of all comes what there is to undo of any of them.
        let mut rest = answers;
        let mut of_steps = Vec::new();
        for (step, count) in group.iter().zip(counts) {
            let (own, others) = rest.split_at((*count).min(rest.len()));
            self.learn(step, own);
            of_steps.push(own);
            rest = others;
        }
        for (place, step) in group.iter().enumerate() {
            let own = of_steps.get(place).copied().unwrap_or_default();
            let later = group.get(place + 1..).unwrap_or_default();
            let read = match reader(step, later) {
                Some(reader) => of_steps.get(place + 1 + reader).copied().unwrap_or_default(),
                None => own,
            };
            self.accept(step, own, read).map_err(at(step))?;
        }
        Ok(())
    }

    /// What is to be undone of a step, and what its answers tell of links.
    fn learn(&mut self, step: &Step, answers: &[Answer]) {
        let happened = answers.first().is_some_and(may_have_happened);
        if happened || step.change.has_parts() {
            match (&step.change, answers.first()) {
                (Change::ReplaceDefault(gateway), Some(answer)) => {
                    let restore = self.restore_default(step, *gateway, answer, Vec::new());
                    self.done.push(restore);
                }
                _ => self.remember(step),
            }
        }
        if step.change == Change::Delete && happened {
            self.known.retain(|(known, _)| *known != step.link);
        }
        let made = step.change.makes();
        let looked = made || matches!(step.change, Change::Look(_));
        if !looked || (made && !happened) {
            return;
        }
        let Some(shown) = answers.iter().find_map(|answer| link::shown(&answer.messages)) else {
            return;
        };
        self.knows(&step.link, shown.index);
        if let (Change::AddVeth { pair, inside }, Some(peer)) = (&step.change, shown.peer) {
            let name = pair.peer_name.as_str().into();
            self.knows(&if *inside { Link::Inside(name) } else { Link::Host(name) }, peer);
        }
        self.shown.push(shown);
    }

    fn accept(&mut self, step: &Step, own: &[Answer], read: &[Answer]) -> Result<(), Error> {
        if let (Change::ReplaceDefault(gateway), [answer]) = (&step.change, own) {
            if refused_with(answer, Errno::EEXIST) {
                return self.replace_default(step, *gateway);
            }
        }
        if let Some(Answer { outcome: Outcome::Refused { errno, detail }, .. }) = own.first() {
            if step.refused == Refused::IsSaid {
                self.remarks.push(Remark { refused: Some(*errno), detail: detail.clone() });
            }
            if step.refused != Refused::Fails {
                return Ok(());
            }
        }
        for answer in own {
            answer.check(&step.to_string(), |errno| hint(step, errno))?;
            if !answer.remark.is_empty() {
                self.remarks.push(Remark { refused: None, detail: answer.remark.clone() });
            }
        }
        let index = self.index(&step.link).unwrap_or(0);
        let master = match &step.change {
            Change::SetMaster(Some(bridge)) => self.index(&Link::Host(bridge.clone())),
            _ => None,
        };
        verify::step(step, read, index, master)
    }

    /// A default route is there already: remember it, then take its place. This is the one case that needs more sends.
    fn replace_default(&mut self, step: &Step, gateway: IpAddr) -> Result<(), Error> {
        let tried = step.to_string();
        let mut old = self.exchange(&step.link, vec![route::show(gateway)])?;
        let old = old.pop().ok_or_else(|| Error::Internal("a request without an answer".into()))?;
        let reading = format!("read the container's routes, in order to {tried}");
        old.check(&reading, |errno| hint(step, errno))?;
        let replaced = route::replaced_by_default(old.messages);
        if let Some(replacing) = self.replacing {
            replacing(replaced.iter().cloned().map(Message::route).collect())?;
        }

        let index = self.of(&step.link)?;
        let request = route::replace_default(index, gateway);
        let answers = self.exchange(&step.link, vec![request])?;
        for answer in &answers {
            if may_have_happened(answer) {
                let restore = self.restore_default(step, gateway, answer, replaced.clone());
                self.done.push(restore);
            }
            answer.check(&tried, |errno| hint(step, errno))?;
        }
        verify::step(step, &answers, index, None)
    }

    fn restore_default(
        &self,
        step: &Step,
        gateway: IpAddr,
        answer: &Answer,
        replaced: Vec<RouteMessage>,
    ) -> Done {
        // The kernel chose the link by the gateway and says which; unless it does, no other link's route may be taken
        // away.
        let shown = route::shown(&answer.messages).and_then(|route| route.link);
        let link = shown.or_else(|| self.index(&step.link)).unwrap_or(0);
        Done::Default { link, gateway, replaced }
    }
}

/// Which of the later steps reads back what `step` does, too.
fn reader(step: &Step, later: &[Step]) -> Option<usize> {
    let aspect = aspect(&step.change)?;
    let same_link = later.iter().enumerate().filter(|(_, other)| other.link == step.link);
    let mut last = None;
    for (place, other) in same_link {
        match self::aspect(&other.change) {
            Some(other) if other == aspect => return None,
            Some(_) if step.refused == Refused::Fails => last = Some(place),
            _ => {}
        }
    }
    // One that may be refused reads nothing then.
    last.filter(|last| later.get(*last).is_some_and(|other| other.refused == Refused::Fails))
}

/// What of a link a change is about that reading the link tells.
fn aspect(change: &Change) -> Option<u8> {
    match change {
        Change::Set(LinkSettings { up: None, promiscuous: None, address: None, .. }) => Some(0),
        Change::Set(_) | Change::BringUp(_) => Some(1),
        Change::SetMaster(_) => Some(2),
        Change::SetPortFlags(flags) => Some(if flags.isolated.is_some() { 3 } else { 4 }),
        _ => None,
    }
}

fn may_have_happened(answer: &Answer) -> bool {
    !matches!(answer.outcome, Outcome::Refused { .. })
}

fn refused_with(answer: &Answer, wanted: Errno) -> bool {
    matches!(&answer.outcome, Outcome::Refused { errno, .. } if *errno == wanted)
}
