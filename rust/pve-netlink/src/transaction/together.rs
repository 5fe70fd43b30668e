//! Several changes carried out at once over one socket.

use super::{Failed, Prepared, Transaction, at};
use crate::plan::{Place, Step};
use crate::request::Answer;

/// How many messages go out in one send at most: the answers to all of them have to fit into a socket's receive buffer,
/// where one that shows a link takes up to 5 KiB of the 208 that every kernel grants.
const MESSAGES: usize = 32;

/// One of the changes, and what of it is to be carried out. Its transaction shares the socket with the others'
/// ([`Transaction::begin_on`]).
pub struct Part<'t, 'a> {
    /// The change.
    pub tx: &'t mut Transaction<'a>,
    /// Steps on the host; none inside a namespace, since the thread would stay there.
    pub steps: &'t [Step],
}

/// Carry out the parts, each one's steps in their order, with the messages of many of them in one send. What fails about
/// one does not keep the others from going on.
///
/// # Errors
/// For each part what [`Transaction::carry_out`] gives.
pub fn carry_out_together(parts: Vec<Part<'_, '_>>) -> Vec<Result<(), Box<Failed>>> {
    let mut going: Vec<_> = parts.into_iter().map(Going::new).collect();
    loop {
        let mut waiting: Vec<_> = going.iter_mut().filter_map(Going::next).collect();
        if waiting.is_empty() {
            return going.into_iter().map(|one| one.result).collect();
        }
        while !waiting.is_empty() {
            let mut messages = 0;
            let fitting = waiting.iter().take_while(|one| {
                messages += one.prepared.requests.len();
                messages <= MESSAGES
            });
            let count = fitting.count();
            let later = waiting.split_off(count.clamp(1, waiting.len()));
            send(std::mem::replace(&mut waiting, later));
        }
    }
}

struct Going<'t, 'a> {
    tx: &'t mut Transaction<'a>,
    rest: &'t [Step],
    result: Result<(), Box<Failed>>,
}

/// The next steps of a part, ready to be sent.
struct Waiting<'g, 't, 'a> {
    one: &'g mut Going<'t, 'a>,
    group: &'t [Step],
    prepared: Prepared,
}

impl<'t, 'a> Going<'t, 'a> {
    fn new(part: Part<'t, 'a>) -> Self {
        Self { tx: part.tx, rest: part.steps, result: Ok(()) }
    }

    /// The next steps that are sent; those before them are carried out.
    fn next(&mut self) -> Option<Waiting<'_, 't, 'a>> {
        while self.result.is_ok() {
            let first = self.rest.first()?;
            let (group, later) = self.rest.split_at(self.tx.group(self.rest));
            self.rest = later;
            if first.place() == Place::Host {
                let going_on = self.tx.cancel.check().map_err(at(first));
                match going_on.and_then(|()| self.tx.prepare(group)) {
                    Ok(prepared) => return Some(Waiting { one: self, group, prepared }),
                    Err(failed) => self.result = Err(failed),
                }
            } else {
                self.result = self.tx.carry_out(group);
            }
        }
        None
    }
}

fn send(mut together: Vec<Waiting<'_, '_, '_>>) {
    let mut requests = Vec::new();
    let mut counts = Vec::new();
    for one in &mut together {
        counts.push(one.prepared.requests.len());
        requests.append(&mut one.prepared.requests);
    }
    let Some(first) = together.first() else { return };
    let exchanged = first.one.tx.host.borrow_mut().exchange(requests);
    let (mut answers, error): (Vec<Answer>, _) = match exchanged {
        Ok(answers) => (answers, None),
        Err(error) => (Vec::new(), Some(error)),
    };
    for (waiting, count) in together.into_iter().zip(counts) {
        let Waiting { one, group, prepared } = waiting;
        let later = answers.split_off(count.min(answers.len()));
        one.result = match (&error, group.first()) {
            (Some(error), Some(step)) => Err(at(step)(error.clone())),
            _ => one.tx.take_in(group, &prepared.counts, &answers),
        };
        answers = later;
    }
}
