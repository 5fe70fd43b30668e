//! Messages out in one send, and the kernel's answers to each of them.

use std::time::{Duration, Instant};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkBuffer, NetlinkMessage, NetlinkPayload,
    NlasIterator,
};
use netlink_packet_route::RouteNetlinkMessage;
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::link;
use crate::wait::SLICE;
use crate::wire::Wire;

/// How long the kernel may take from the send to its answer, or from one part of it to the next, before the request counts as
/// failed.
pub const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

const NETLINK_HEADER: usize = 16;
const NLMSGERR_ATTR_MSG: u16 = 1;

/// Messages of these kinds are taken apart by those who ask for them: traffic control (`RTM_NEWQDISC` to
/// `RTM_GETTFILTER`) and port VLANs (`RTM_NEWVLAN`), of which netlink-packet-route knows too little.
const RAW_KINDS: [std::ops::RangeInclusive<u16>; 2] =
    [libc::RTM_NEWQDISC..=libc::RTM_GETTFILTER, 112..=114];

/// One message and its flags besides `NLM_F_REQUEST` and `NLM_F_ACK` (netlink(7)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    message: Message,
    /// `NLM_F_CREATE` and the like.
    pub flags: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Message {
    Route(RouteNetlinkMessage),
    Raw(Raw),
}

/// A message whose content is not taken apart here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raw {
    /// `RTM_NEWQDISC` and the like.
    pub kind: u16,
    /// What follows the `struct nlmsghdr`.
    pub body: Vec<u8>,
}

impl Request {
    /// A message with its flags.
    #[must_use]
    pub fn new(message: RouteNetlinkMessage, flags: u16) -> Self {
        Self { message: Message::Route(message), flags }
    }

    /// The message, unless it was put together by hand.
    #[must_use]
    pub fn into_route(self) -> Option<RouteNetlinkMessage> {
        match self.message {
            Message::Route(message) => Some(message),
            Message::Raw(_) => None,
        }
    }

    /// The message, if it was put together by hand.
    #[must_use]
    pub fn into_raw(self) -> Option<Raw> {
        match self.message {
            Message::Raw(raw) => Some(raw),
            Message::Route(_) => None,
        }
    }

    /// A message that was put together by hand.
    #[must_use]
    pub fn raw(kind: u16, body: Vec<u8>, flags: u16) -> Self {
        Self { message: Message::Raw(Raw { kind, body }), flags }
    }
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The kernel carried it out.
    Done,
    /// The kernel refused it.
    Refused {
        /// The error number.
        errno: Errno,
        /// The kernel's words (extended acknowledgement), or empty.
        detail: String,
    },
    /// No answer came: whether it was carried out is not known.
    Unanswered,
    /// The answer cannot be read.
    Malformed(String),
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub outcome: Outcome,
    /// What the kernel sent besides: the objects asked for.
    pub messages: Vec<RouteNetlinkMessage>,
    /// The same for traffic control and port VLANs.
    pub raw: Vec<Raw>,
    /// What the kernel remarked about a request that it carried out, or empty.
    pub remark: String,
}

impl Answer {
    fn none() -> Self {
        Self {
            outcome: Outcome::Unanswered,
            messages: Vec::new(),
            raw: Vec::new(),
            remark: String::new(),
        }
    }

    /// # Errors
    /// What the outcome says, with `tried` and `hint` (by error number) put in.
    pub fn check(&self, tried: &str, hint: impl Fn(Errno) -> String) -> Result<(), Error> {
        match &self.outcome {
            Outcome::Done => Ok(()),
            Outcome::Refused { errno, detail } => Err(Error::Refused {
                tried: tried.into(),
                errno: *errno,
                detail: detail.clone(),
                hint: hint(*errno),
            }),
            Outcome::Unanswered => {
                Err(Error::NoAnswer { tried: tried.into(), seconds: ANSWER_DEADLINE.as_secs() })
            }
            Outcome::Malformed(why) => {
                Err(Error::Malformed { tried: tried.into(), why: why.clone() })
            }
        }
    }
}

/// A wire with its count of sequence numbers, by which answers find their requests.
pub struct Channel {
    wire: Box<dyn Wire>,
    sequence: u32,
    deadline: Duration,
}

impl Channel {
    /// A channel that waits [`ANSWER_DEADLINE`] for each exchange.
    #[must_use]
    pub fn new(wire: Box<dyn Wire>) -> Self {
        Self { wire, sequence: 0, deadline: ANSWER_DEADLINE }
    }

    /// The wire.
    #[must_use]
    pub fn wire(&self) -> &dyn Wire {
        self.wire.as_ref()
    }

    /// The same with another deadline.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Send all requests in one datagram and collect one answer for each, in their order. The kernel goes on after one
    /// that it refuses.
    ///
    /// # Errors
    /// [`Error::System`] when nothing could be sent. Whatever happens later is in the answers.
    pub fn exchange(&mut self, requests: Vec<Request>) -> Result<Vec<Answer>, Error> {
        let first = self.sequence.wrapping_add(1);
        let count = requests.len();
        let mut datagram = Vec::new();
        for request in requests {
            self.sequence = self.sequence.wrapping_add(1);
            append(&mut datagram, request, self.sequence);
        }
        self.wire
            .send(&datagram)
            .map_err(|error| Error::system("send to the kernel over netlink", &error))?;

        let mut answers = vec![Answer::none(); count];
        let mut open = count;
        let mut start = Instant::now();
        while open > 0 && start.elapsed() < self.deadline {
            let wait = SLICE.min(self.deadline.saturating_sub(start.elapsed()));
            match self.wire.receive(wait) {
                Ok(Some(bytes)) => {
                    open -= read_datagram(bytes, first, &mut answers);
                    // The kernel may have waited for its lock before it gave this, and have the next one there.
                    start = Instant::now();
                }
                Ok(None) => {}
                // Answers were lost (ENOBUFS) or the socket is broken: what is open stays unanswered.
                Err(_) => break,
            }
        }
        Ok(answers)
    }
}

fn append(datagram: &mut Vec<u8>, request: Request, sequence: u32) {
    let answered_by_done = request.flags & NLM_F_DUMP == NLM_F_DUMP;
    let ack = if answered_by_done { 0 } else { NLM_F_ACK };
    let flags = NLM_F_REQUEST | ack | request.flags;
    let message = match request.message {
        Message::Route(message) => message,
        Message::Raw(raw) => return append_raw(datagram, &raw, flags, sequence),
    };
    let mut message = NetlinkMessage::from(message);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    message.finalize();
    // NLMSG_ALIGN: each message starts on a multiple of four bytes.
    let start = datagram.len();
    datagram.resize(start + message.buffer_len().next_multiple_of(4), 0);
    if let Some(space) = datagram.get_mut(start..start + message.buffer_len()) {
        message.serialize(space);
    }
}

fn append_raw(datagram: &mut Vec<u8>, raw: &Raw, flags: u16, sequence: u32) {
    let length = u32::try_from(NETLINK_HEADER + raw.body.len()).unwrap_or(u32::MAX);
    datagram.extend(length.to_ne_bytes());
    datagram.extend(raw.kind.to_ne_bytes());
    datagram.extend(flags.to_ne_bytes());
    datagram.extend(sequence.to_ne_bytes());
    datagram.extend(0_u32.to_ne_bytes());
    datagram.extend(&raw.body);
    datagram.resize(datagram.len().next_multiple_of(4), 0);
}

/// Sort the messages of one datagram to their requests; how many requests are answered by it.
fn read_datagram(mut bytes: &[u8], first: u32, answers: &mut [Answer]) -> usize {
    let mut finished = 0;
    while let Ok(head) = NetlinkBuffer::new_checked(bytes) {
        let length = head.length() as usize;
        let index = head.sequence_number().wrapping_sub(first) as usize;
        let (message, rest) = bytes.split_at(length.min(bytes.len()));
        bytes = rest.get(length.next_multiple_of(4) - length..).unwrap_or_default();
        // Anything else is late: the answer to a request that was given up.
        if let Some(answer) = answers.get_mut(index) {
            let was_open = answer.outcome == Outcome::Unanswered;
            read_message(message, answer);
            finished += usize::from(was_open && answer.outcome != Outcome::Unanswered);
        }
    }
    finished
}

fn read_message(bytes: &[u8], answer: &mut Answer) {
    if matches!(answer.outcome, Outcome::Malformed(_)) {
        return;
    }
    let kind = bytes.get(4..6).and_then(|kind| Some(u16::from_ne_bytes(kind.try_into().ok()?)));
    if let Some(kind) = kind.filter(|kind| RAW_KINDS.iter().any(|kinds| kinds.contains(kind))) {
        let body = bytes.get(NETLINK_HEADER..).unwrap_or_default().to_vec();
        answer.raw.push(Raw { kind, body });
        return;
    }
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(&link::without_unread(bytes)) {
        Ok(message) => match message.payload {
            NetlinkPayload::Error(error) => {
                let text = extended_text(&error.header);
                answer.outcome = match error.code {
                    None => {
                        answer.remark = text;
                        Outcome::Done
                    }
                    Some(code) => Outcome::Refused {
                        errno: Errno::from_raw(code.get().wrapping_neg()),
                        detail: text,
                    },
                }
            }
            NetlinkPayload::Done(done) if done.code == 0 => answer.outcome = Outcome::Done,
            NetlinkPayload::Done(done) => {
                answer.outcome = Outcome::Refused {
                    errno: Errno::from_raw(done.code.wrapping_neg()),
                    detail: String::new(),
                };
            }
            NetlinkPayload::InnerMessage(inner) => answer.messages.push(inner),
            _ => {}
        },
        Err(error) => answer.outcome = Outcome::Malformed(error.to_string()),
    }
}

/// The kernel's words in an error message: `NLMSGERR_ATTR_MSG` behind the header of the request (netlink(7)).
fn extended_text(payload: &[u8]) -> String {
    let attributes = payload.get(NETLINK_HEADER..).unwrap_or_default();
    for attribute in NlasIterator::new(attributes) {
        match attribute {
            Ok(text) if text.kind() == NLMSGERR_ATTR_MSG => {
                let text = String::from_utf8_lossy(text.value());
                return text.trim_end_matches('\0').to_string();
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    String::new()
}
