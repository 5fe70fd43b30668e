//! Interfaces of guests on the host: the functions of `PVE::Network`.
//!
//! Each reads what there is, plans, carries the plan out in one [`Transaction`] and, when anything fails, undoes it. Errors
//! and warnings are the reference's, which runs commands: its errors name them (`words.rs`).

pub mod before;
pub mod bridge_vlan;
pub mod command;
pub mod fdb;
pub mod firewall;
pub mod interface;
pub mod interfaces_file;
pub mod link_set;
pub mod names;
pub mod ovs;
pub mod plug;
pub mod port;
pub mod query;
pub mod rate;
pub mod underlay;
pub mod unplug;
pub mod veth;
pub(crate) mod words;

use std::any::Any;

use crate::error::Error;
use crate::kernel::Kernel;
use crate::link::{Mac, Shown};
use crate::plan::{Link, Step};
use crate::request::Answer;
use crate::transaction::{Failed, Transaction};
use crate::wait::{Cancel, Poll, in_thread};

use before::Before;

/// Why a function did not do what it was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Died {
    /// A text that ends in a newline.
    Text(String),
    /// A text to which Perl adds the place.
    AtCaller(String),
    /// The caller's hook asked for an end.
    Interrupted,
}

impl From<Error> for Died {
    fn from(error: Error) -> Self {
        match error {
            Error::Interrupted => Self::Interrupted,
            other => Self::Text(format!("{other}\n")),
        }
    }
}

/// The lock that the reference holds while it makes the bridge of a VLAN (`PVE::Network::lock_network`), given by the
/// caller: processes that run the reference's code share it.
pub trait NetworkLock: Sync {
    /// Take it, asking `go_on` at least every 50 ms while waiting; it is given back when the value is dropped.
    ///
    /// # Errors
    /// The text to die with.
    fn take(&self, go_on: &mut dyn FnMut() -> bool) -> Result<Box<dyn Any>, String>;
}

/// A call of one of the functions.
pub struct Call<'a> {
    kernel: &'a dyn Kernel,
    cancel: &'a Cancel,
    surroundings: &'a Surroundings<'a>,
    /// The change that is under way.
    open: Option<Transaction<'a>>,
    /// What it has added to Open vSwitch bridges.
    ovs_ports: Vec<String>,
    /// What to warn of; where a text does not end in a newline, Perl adds the place.
    warnings: Vec<String>,
}

/// What a call needs besides the kernel.
pub struct Surroundings<'a> {
    /// See [`NetworkLock`].
    pub lock: &'a dyn NetworkLock,
    /// Open vSwitch's command.
    pub ovs: &'a dyn ovs::Vsctl,
    /// `/etc/network/interfaces`, if it can be read.
    pub interfaces: &'a (dyn Fn() -> Option<Vec<u8>> + Sync),
}

/// What a call gave, and what to warn of.
pub struct Done<T> {
    /// The result.
    pub result: Result<T, Died>,
    /// Texts; where one does not end in a newline, Perl adds the place.
    pub warnings: Vec<String>,
}

/// Run one of the functions on a thread of its own; see [`in_thread`].
pub fn call<T: Send>(
    kernel: &dyn Kernel,
    surroundings: &Surroundings<'_>,
    poll: &mut Poll<'_>,
    work: impl FnOnce(&mut Call<'_>) -> Result<T, Died> + Send,
) -> Done<T> {
    let ran = in_thread(poll, |cancel| {
        let mut call = Call::here(kernel, cancel, surroundings);
        let result = work(&mut call);
        Done { result, warnings: call.warnings }
    });
    ran.unwrap_or_else(|error| Done { result: Err(error.into()), warnings: Vec::new() })
}

impl<'a> Call<'a> {
    /// A call on the thread that this runs on, for what is part of a larger change.
    #[must_use]
    pub fn here(
        kernel: &'a dyn Kernel,
        cancel: &'a Cancel,
        surroundings: &'a Surroundings<'a>,
    ) -> Self {
        Self {
            kernel,
            cancel,
            surroundings,
            open: None,
            ovs_ports: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What there is to warn of so far.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Carry out several functions as one: when one fails, those before are undone, too.
    ///
    /// # Errors
    /// [`Died`] of the first that fails, with everything as it was.
    pub fn together<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Died>,
    ) -> Result<T, Died> {
        let wire = self.kernel.wire()?;
        self.open = Some(Transaction::begin(self.kernel, wire, self.cancel, None));
        let result = work(self).and_then(|value| {
            self.cancel.commit()?;
            Ok(value)
        });
        let (tx, ports) = (self.open.take(), std::mem::take(&mut self.ovs_ports));
        if result.is_err() {
            for port in ports.into_iter().rev() {
                if let Err(why) = self.ovs(&["del-port".into(), port]) {
                    self.warn(format!("undoing failed too: {why}"));
                }
            }
            for error in tx.map(Transaction::undo).unwrap_or_default() {
                self.warn(format!("undoing failed too: {error}\n"));
            }
        }
        result
    }

    /// Carry out a change, which is undone when it fails, as a part of the one that is under way, if there is one.
    fn change<T>(
        &mut self,
        work: impl FnOnce(&mut Self, &mut Transaction<'_>) -> Result<T, Died>,
    ) -> Result<T, Died> {
        match self.open.take() {
            Some(mut tx) => {
                let result = work(self, &mut tx);
                self.open = Some(tx);
                result
            }
            None => self.together(|call| call.change(work)),
        }
    }

    fn look<N: AsRef<str>>(
        &mut self,
        tx: &mut Transaction<'_>,
        names: &[N],
    ) -> Result<Vec<Option<Shown>>, Died> {
        Ok(tx.look(names)?)
    }

    fn before(
        &mut self,
        tx: &mut Transaction<'_>,
        shown: Shown,
        bridges: &[&Shown],
        with_traffic: bool,
    ) -> Result<Before, Died> {
        Ok(before::read(tx, shown, bridges, with_traffic)?)
    }

    fn fdb(&mut self, tx: &mut Transaction<'_>, index: u32) -> Result<Vec<Mac>, Died> {
        let answers = tx.read(vec![crate::fdb::show(index)])?;
        let of = |answer: &Answer| crate::fdb::shown_static(&answer.messages, index);
        Ok(answers.iter().flat_map(of).collect())
    }

    /// A text as Perl takes it for a number in an operation, which warns where it is none.
    fn perl_number(&mut self, text: &str, operation: &str) -> f64 {
        let (number, whole) = perl_number(text);
        if !whole {
            self.warn(format!("Argument \"{text}\" isn't numeric in {operation}"));
        }
        number
    }

    /// Carry out steps; what the kernel says comes as warnings, as the reference's commands write it to their standard
    /// error.
    fn carry_out(&mut self, tx: &mut Transaction<'_>, steps: &[Step]) -> Result<(), Died> {
        self.carry_out_with(tx, steps, None)
    }

    fn carry_out_with(
        &mut self,
        tx: &mut Transaction<'_>,
        steps: &[Step],
        mac: Option<&str>,
    ) -> Result<(), Died> {
        let carried = tx.carry_out(steps);
        for remark in tx.take_remarks() {
            self.warn(words::remark(&remark));
        }
        carried.map_err(|failed| self.failed(tx, &failed, mac))
    }

    fn failed(&mut self, tx: &Transaction<'_>, failed: &Failed, mac: Option<&str>) -> Died {
        if failed.error == Error::Interrupted {
            return Died::Interrupted;
        }
        self.warn(words::standard_error(&failed.step, &failed.error));
        let found = failed.step.change.makes() || tx.index(&failed.step.link).is_some();
        Died::Text(words::died(&failed.step, &failed.error, found, mac))
    }

    /// What a command of iproute2 says about an interface that is not there, and what the reference dies with then.
    fn not_found(&mut self, name: &str, text: String) -> Died {
        self.warn(words::not_found(name));
        Died::Text(text)
    }
}

/// The number that a text starts with, as Perl sees it, and whether it is a number as a whole.
#[must_use]
pub fn perl_number(text: &str) -> (f64, bool) {
    let start = text.trim_start_matches([' ', '\t', '\n', '\r', '\u{b}', '\u{c}']);
    let bytes = start.as_bytes();
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let sign = usize::from(matches!(at(0), b'+' | b'-'));
    let whole = digits(sign);
    let mut end = sign + whole;
    let mut fraction = 0;
    if at(end) == b'.' {
        fraction = digits(end + 1);
        if whole + fraction > 0 {
            end += 1 + fraction;
        }
    }
    if whole + fraction == 0 {
        return (0.0, false);
    }
    if matches!(at(end), b'e' | b'E') {
        let signed = usize::from(matches!(at(end + 1), b'+' | b'-'));
        let exponent = digits(end + 1 + signed);
        if exponent > 0 {
            end += 1 + signed + exponent;
        }
    }
    let (number, rest) = start.split_at(end);
    (number.parse().unwrap_or(0.0), rest.trim_ascii_end().is_empty())
}

fn host_link(name: &str) -> Link {
    Link::Host(name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_numbers_as_perl_has_it() {
        for (text, number, whole) in [
            ("5", 5.0, true),
            (" 12.5\n", 12.5, true),
            ("-1", -1.0, true),
            (".5", 0.5, true),
            ("5.", 5.0, true),
            ("1e3", 1000.0, true),
            ("1e", 1.0, false),
            ("5x", 5.0, false),
            ("0x10", 0.0, false),
            ("abc", 0.0, false),
            ("", 0.0, false),
            (".", 0.0, false),
        ] {
            assert_eq!(perl_number(text), (number, whole), "{text:?}");
        }
    }
}
