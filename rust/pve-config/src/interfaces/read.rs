//! Reading the file (`PVE::Network::Interfaces::__read_etc_network_interfaces`).

use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, PerlString, Scalar, Value};

use super::complete::complete;
use super::config::{Config, Ifaces, Link, true_value};
use super::option::{self, Family, set};
use super::space::{first_word, is_space, is_word, split, trim_end, trim_start};

/// Reads the text of the file.
///
/// `links` are those of the host, and `active` the names of those that are up: they decide on `exists` and `active`, and
/// an interface that is a network card by its link need not have the name of one. A current Perl's strict UTF-8 decoder,
/// `decoder`, reads comments. Nothing is refused, and nothing warned of.
pub fn read<'a>(
    text: &'a [u8],
    links: &[Link<'a>],
    active: &[PerlStr<'a>],
    decoder: Decoder,
) -> Config<'a> {
    let mut config = stanzas(text, decoder, &mut ());
    complete(&mut config, links, active);
    config
}

/// Reads the stanzas, and tells where they are.
pub(super) fn stanzas<'a>(
    text: &'a [u8],
    decoder: Decoder,
    places: &mut impl Places<'a>,
) -> Config<'a> {
    let mut reader = Reader {
        lines: Lines { rest: Some(text), number: 0 },
        config: Config { ifaces: Ifaces::for_text(text), options: Vec::new() },
        // 1 is lo's.
        priority: 2,
        decoder,
        places,
    };
    reader.run();
    reader.config
}

/// Hears in which line what is.
pub(super) trait Places<'a> {
    /// The interface's stanza, if `key` is `None`, or the option whose value is under `key`, is in `line`, from 1.
    fn found(&mut self, iface: PerlStr<'a>, key: Option<&'static str>, line: usize);
}

/// Nobody asks.
impl Places<'_> for () {
    fn found(&mut self, _: PerlStr<'_>, _: Option<&'static str>, _: usize) {}
}

/// The lines of a text, without their newlines; what follows the last newline is one if it is not empty.
struct Lines<'a> {
    rest: Option<&'a [u8]>,
    /// How many were taken.
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.filter(|rest| !rest.is_empty())?;
        let (line, after) = match memchr::memchr(b'\n', rest) {
            Some(at) => (rest.get(..at)?, rest.get(at + 1..)),
            None => (rest, None),
        };
        self.rest = after;
        self.number += 1;
        Some(line)
    }
}

struct Reader<'p, 'a, P> {
    lines: Lines<'a>,
    config: Config<'a>,
    priority: i64,
    decoder: Decoder,
    places: &'p mut P,
}

/// What belongs to one family of an interface.
#[derive(Default)]
struct Own<'a> {
    comments: Option<Vec<u8>>,
    options: Vec<Value<'a>>,
}

impl<'a, P: Places<'a>> Reader<'_, 'a, P> {
    fn run(&mut self) {
        let mut next = self.lines.next();
        while let Some(line) = next {
            next = match self.line(line) {
                Some(stanza) => self.stanza(stanza),
                None => self.lines.next(),
            };
        }
    }

    /// A line outside of a stanza, or one that begins a stanza.
    fn line(&mut self, line: &'a [u8]) -> Option<Header<'a>> {
        let trimmed = trim_start(line);
        if trimmed.first() == Some(&b'#') {
            return None;
        }
        if let Some((b"auto" | b"allow-auto" | b"allow-ovs" | b"allow-hotplug", names)) =
            first_word(trimmed)
        {
            for name in split(PerlStr::Bytes(names)) {
                set(self.config.iface(name), "autostart", Scalar::Int(1));
            }
            return None;
        }
        let header = Header::of(trimmed);
        if header.is_none() && line.iter().any(|byte| is_word(*byte)) {
            self.config.options.push((self.priority, PerlStr::Bytes(line).into()));
            self.priority += 1;
        }
        header
    }

    /// A stanza. Returns the line after it.
    fn stanza(&mut self, header: Header<'a>) -> Option<&'a [u8]> {
        self.places.found(header.name, None, self.lines.number);
        let iface = self.config.iface(header.name);
        if true_value(iface, "priority").is_none() {
            set(iface, "priority", Scalar::Int(self.priority));
            self.priority += 1;
        }
        let family = match header.family {
            Some((family, _)) => Scalar::literal(family.word()).into(),
            None => Value::UNDEF,
        };
        match iface.get_mut("families") {
            Some(Value::List(families)) => families.push(family),
            _ => set(iface, "families", vec![family]),
        }
        let mut own = Own::default();
        let next = loop {
            let Some(line) = self.lines.next() else { break None };
            let line = trim_end(line);
            let trimmed = trim_start(line);
            if let Some(comment) = trimmed.strip_prefix(b"#") {
                let comments = own.comments.get_or_insert_default();
                self.decoder.decode_strict_into(comment, comments);
                comments.push(b'\n');
                continue;
            }
            let Some((id, value)) = first_word(trimmed) else { break Some(line) };
            if matches!(id, b"iface" | b"mapping" | b"auto" | b"source" | b"source-directory")
                || id.starts_with(b"allow-")
            {
                break Some(line);
            }
            match option::apply(iface, header.family.map(|(family, _)| family), id, value) {
                Some(key) => self.places.found(header.name, Some(key), self.lines.number),
                None => own.options.push(Scalar::bytes(trimmed).into()),
            }
        };
        header.finish(iface, own);
        next
    }
}

/// The line that begins a stanza.
#[derive(Clone, Copy)]
struct Header<'a> {
    name: PerlStr<'a>,
    /// Family and method, in a stanza that has them.
    family: Option<(Family, &'a [u8])>,
}

impl<'a> Header<'a> {
    fn of(trimmed: &'a [u8]) -> Option<Header<'a>> {
        let rest = trimmed
            .strip_prefix(b"iface")
            .filter(|rest| rest.first().is_some_and(|b| is_space(*b)))?;
        let mut words = split(PerlStr::Bytes(trim_start(rest)));
        let name = words.next()?;
        let family = match (words.next(), words.next(), words.next()) {
            (None, ..) => None,
            (Some(family), Some(method), None) => {
                let family = match family.as_bytes() {
                    b"inet" => Family::Inet,
                    b"inet6" => Family::Inet6,
                    _ => return None,
                };
                Some((family, method.as_bytes()))
            }
            _ => return None,
        };
        Some(Header { name, family })
    }

    /// Adds what belongs to the family: in a later stanza of the same one it takes the place of the earlier one's. In a
    /// stanza without family, it is added.
    fn finish(self, iface: &mut Map<'a>, own: Own<'a>) {
        let comments = own.comments.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let keys = match self.family {
            Some((Family::Inet, _)) => ["method", "comments", "options"],
            Some((Family::Inet6, _)) => ["method6", "comments6", "options6"],
            None => {
                if let Some(comments) = comments {
                    let before = true_value(iface, "comments").map(Scalar::to_perl);
                    let text = PerlString::concat(&[
                        before.as_ref().map_or(PerlStr::literal(""), PerlString::as_perl),
                        PerlStr::Text(&comments),
                    ]);
                    set(iface, "comments", Scalar::from(text));
                }
                if !own.options.is_empty() {
                    match iface.get_mut("options") {
                        Some(Value::List(options)) => options.extend(own.options),
                        _ => set(iface, "options", own.options),
                    }
                }
                return;
            }
        };
        if let Some((_, method)) = self.family {
            set(iface, keys[0], Scalar::bytes(method));
        }
        if let Some(comments) = comments {
            set(iface, keys[1], Scalar::from(PerlString::from(comments)));
        }
        if !own.options.is_empty() {
            set(iface, keys[2], own.options);
        }
    }
}

impl<'a> Config<'a> {
    /// The interface of a name.
    pub(super) fn iface(&mut self, name: PerlStr<'a>) -> &mut Map<'a> {
        self.ifaces.get_or_add(name)
    }
}
