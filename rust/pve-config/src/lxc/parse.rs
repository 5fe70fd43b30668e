//! Reading configuration files (`PVE::LXC::Config::parse_pct_config`).

mod builder;

use pve_schema::{Environment, Error, PerlStr, PerlString, Scalar, format, text};
use sha1::{Digest, Sha1};

use super::config::Config;
use super::lxc_keys::{self, Verdict};
use super::{keys, setting};
use builder::Builder;

/// What reading a file gave.
#[derive(Debug)]
pub struct Parsed<'a> {
    /// The configuration, or what the reference dies with.
    pub config: Result<Config<'a>, Error>,
    /// The warnings, in order, each ending in a newline. There may be some beside an error too.
    pub warnings: Vec<PerlString<'static>>,
}

/// Reads a configuration file.
///
/// `filename` must end in `/lxc/<vmid>.conf`, the number being used in messages. `raw` is the content. With `strict`, the
/// first line that is not in order is an error; without, it is a warning, and the line is dropped or, where it is a key
/// with a value that does not fit, kept.
pub fn parse_pct_config<'a>(
    filename: PerlStr<'_>,
    raw: &'a [u8],
    strict: bool,
    environment: &Environment<'_>,
) -> Parsed<'a> {
    let Some(vmid) = vmid_of(filename) else {
        let text = [PerlStr::literal("got strange filename '"), filename, PerlStr::literal("'")];
        return Parsed { config: Err(Error::died_at_caller(&text)), warnings: Vec::new() };
    };
    let mut reader = Reader {
        vmid,
        strict,
        environment,
        warnings: Vec::new(),
        builder: Builder::new(digest(raw), raw.len()),
        description: Vec::new(),
        in_pending: false,
        passed: Vec::new(),
    };
    let config = reader.read(raw);
    let Reader { warnings, builder, .. } = reader;
    Parsed { config: config.map(|()| builder.finish()), warnings }
}

/// The number in a file name, by the reference's pattern `/lxc/(\d+).conf$`, whose dot is any character.
fn vmid_of(filename: PerlStr<'_>) -> Option<PerlStr<'_>> {
    let ends = [Some(filename), filename.strip_final_newline()];
    let starts = memchr::memmem::find_iter(filename.as_bytes(), b"/lxc/");
    starts.map(|at| at + b"/lxc/".len()).find_map(|start| {
        ends.iter().flatten().find_map(|name| {
            let end = name.as_bytes().strip_suffix(b"conf")?.len();
            let before = name.slice(start, end);
            let any = before.chars().last().filter(|c| *c != '\n')?;
            let width = if matches!(name, PerlStr::Text(_)) { any.len_utf8() } else { 1 };
            let vmid = before.slice(0, before.as_bytes().len() - width);
            format::is_digits(vmid).then_some(vmid)
        })
    })
}

fn digest(raw: &[u8]) -> [u8; 40] {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut digest = [0; 40];
    for (pair, byte) in digest.chunks_exact_mut(2).zip(Sha1::digest(raw)) {
        pair.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
    digest
}

struct Reader<'a, 'r> {
    vmid: PerlStr<'r>,
    strict: bool,
    environment: &'r Environment<'r>,
    warnings: Vec<PerlString<'static>>,
    builder: Builder<'a>,
    /// The comments and descriptions of the section so far, decoded.
    description: Vec<u8>,
    /// In the pending changes, or in a snapshot of that name.
    in_pending: bool,
    /// By the number of a known key, the last value of it that passed. Snapshots repeat most values of one another.
    passed: Vec<&'a [u8]>,
}

impl<'a> Reader<'a, '_> {
    fn read(&mut self, raw: &'a [u8]) -> Result<(), Error> {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', raw).chain([raw.len()]) {
            self.line(raw.get(start..end).unwrap_or_default())?;
            start = end + 1;
        }
        self.end_description();
        Ok(())
    }

    fn line(&mut self, line: &'a [u8]) -> Result<(), Error> {
        let trimmed = trim_end(line);
        match trimmed.first() {
            None => return Ok(()),
            Some(b'[') => {
                if let Some(name) = section_name(trimmed) {
                    return self.section(name);
                }
            }
            Some(b'#') => {
                text::decode_into(line.get(1..).unwrap_or_default(), &mut self.description);
                self.description.push(b'\n');
                return Ok(());
            }
            Some(b'l') => {
                if let Some((key, value)) = lxc_line(trimmed) {
                    return self.lxc(line, key, value);
                }
            }
            Some(b'd') => {
                if let Some(value) = value_after(trimmed, b"description:") {
                    text::decode_into(value, &mut self.description);
                    return Ok(());
                }
            }
            _ => {}
        }
        if let Some(state) = snapshot_state(trimmed) {
            self.builder.set(b"snapstate", None, Scalar::bytes(state));
            return Ok(());
        }
        if let Some(value) = value_after(trimmed, b"delete:") {
            if self.in_pending {
                self.builder.set(b"delete", None, Scalar::bytes(value));
                return Ok(());
            }
            return self.problem(&[PerlStr::literal(
                "property 'delete' is only allowed in [pve:pending]\n",
            )]);
        }
        match key_value(line, trimmed.len()) {
            Some((key, value)) => self.setting(key, value),
            None => self.unreadable(line),
        }
    }

    fn section(&mut self, name: &'a [u8]) -> Result<(), Error> {
        self.end_description();
        if self.passed.is_empty() {
            self.passed = vec![&[]; keys::COUNT];
        }
        if name.eq_ignore_ascii_case(b"pve:pending") {
            self.in_pending = true;
            self.builder.start_pending();
            Ok(())
        } else {
            self.in_pending = name == b"pending";
            self.builder.start_snapshot(name)
        }
    }

    fn end_description(&mut self) {
        if PerlStr::Bytes(&self.description).is_true() {
            let description = text::decoded(self.description.clone());
            self.builder.set(b"description", keys::find(b"description"), description);
        }
        self.description.clear();
    }

    fn lxc(&mut self, line: &'a [u8], key: &'a [u8], value: &'a [u8]) -> Result<(), Error> {
        let warnings = &mut self.warnings;
        let verdict = lxc_keys::judge(self.vmid, key, &mut |warning| warnings.push(warning));
        if key == b"lxc.environment.runtime" {
            self.builder.append_environment(value);
            return Ok(());
        }
        match verdict {
            Verdict::Kept => self.builder.add_lxc(key, value),
            Verdict::Refused(Some(reason)) => self.problem(&[
                PerlStr::Bytes(key),
                PerlStr::literal(": "),
                PerlStr::literal(reason),
                PerlStr::literal("\n"),
            ]),
            Verdict::Refused(None) => self.unreadable(line),
        }
    }

    fn setting(&mut self, key: &'a [u8], value: &'a [u8]) -> Result<(), Error> {
        let known = keys::find(key);
        let converted = match known {
            Some(known) if self.passed.get(known.number).is_some_and(|passed| *passed == value) => {
                Ok(Scalar::bytes(value))
            }
            Some(known) => {
                let converted = setting::convert(known, value, self.environment);
                // Only what a format has judged is a string as it stands, and worth remembering.
                if let (Ok(Scalar::Bytes(_)), true, Some(passed)) =
                    (&converted, known.property.format.is_some(), self.passed.get_mut(known.number))
                {
                    *passed = value;
                }
                converted
            }
            None => Err(PerlString::concat(&[
                PerlStr::literal("unknown setting '"),
                PerlStr::Bytes(key),
                PerlStr::literal("'\n"),
            ])),
        };
        let value = match converted {
            Ok(value) => value,
            Err(reason) => {
                self.problem(&[
                    PerlStr::literal("unable to parse value of '"),
                    PerlStr::Bytes(key),
                    PerlStr::literal("' - "),
                    reason.as_perl(),
                ])?;
                Scalar::bytes(value)
            }
        };
        self.builder.set(key, known, value);
        Ok(())
    }

    fn unreadable(&mut self, line: &[u8]) -> Result<(), Error> {
        self.problem(&[
            PerlStr::literal("unable to parse config: "),
            PerlStr::Bytes(line),
            PerlStr::literal("\n"),
        ])
    }

    /// Dies of a problem or warns of it.
    fn problem(&mut self, what: &[PerlStr<'_>]) -> Result<(), Error> {
        let mut text =
            PerlString::concat(&[PerlStr::literal("vm "), self.vmid, PerlStr::literal(" - ")]);
        what.iter().for_each(|part| text.push(*part));
        if self.strict {
            return Err(Error::Died { text, at_caller: false });
        }
        self.warnings.push(text);
        Ok(())
    }
}

/// `\s` on a byte.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 0x09..=0x0d)
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [rest @ .., last] = bytes {
        if !is_space(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [first, rest @ ..] = bytes {
        if !is_space(*first) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// The name between brackets: `pve:pending` in any case, or a letter and at least one of letters, digits, `_`, `-`.
fn section_name(trimmed: &[u8]) -> Option<&[u8]> {
    let name = trimmed.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let (first, rest) = name.split_first()?;
    let in_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    let fine = first.is_ascii_alphabetic() && !rest.is_empty() && rest.iter().all(in_name);
    (fine || name.eq_ignore_ascii_case(b"pve:pending")).then_some(name)
}

/// `lxc.KEY: VALUE` or `lxc.KEY = VALUE`.
fn lxc_line(trimmed: &[u8]) -> Option<(&[u8], &[u8])> {
    let name = trimmed.strip_prefix(b"lxc.")?;
    let in_key = |b: &&u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'.');
    let length = name.iter().take_while(in_key).count();
    if length == 0 {
        return None;
    }
    let (key, rest) = trimmed.split_at(b"lxc.".len() + length);
    let value = match rest {
        [b':', value @ ..] => value,
        rest => trim_start(rest).strip_prefix(b"=")?,
    };
    Some((key, trim_start(value)))
}

/// The value after a prefix, if there is one that is not blank.
fn value_after<'a>(trimmed: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let value = trim_start(trimmed.strip_prefix(prefix)?);
    (!value.is_empty()).then_some(value)
}

/// The state of a snapshot that is being made or removed; the reference looks for it anywhere in a line.
fn snapshot_state(trimmed: &[u8]) -> Option<&[u8]> {
    for state in [&b"prepare"[..], b"delete"] {
        if let Some(before) = trimmed.strip_suffix(state) {
            if trim_end(before).ends_with(b"snapstate:") {
                return trimmed.get(before.len()..);
            }
        }
    }
    None
}

/// `KEY: VALUE`, the key being of letters and `_`, then of digits. `trimmed` is the line's length without the white space
/// at its end; where there is nothing else after the colon, the last of it is the value.
fn key_value(line: &[u8], trimmed: usize) -> Option<(&[u8], &[u8])> {
    if !line.first().is_some_and(u8::is_ascii_lowercase) {
        return None;
    }
    let letters = line.iter().take_while(|b| matches!(b, b'a'..=b'z' | b'_')).count();
    let digits = line.iter().skip(letters).take_while(|b| b.is_ascii_digit()).count();
    let (key, rest) = line.split_at(letters + digits);
    let rest = rest.strip_prefix(b":")?;
    let value = trim_start(line.get(key.len() + 1..trimmed).unwrap_or_default());
    if value.is_empty() {
        rest.len().checked_sub(1).and_then(|at| rest.get(at..)).map(|v| (key, v))
    } else {
        Some((key, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_taken_from_the_file_name() {
        for (name, vmid) in [
            ("/etc/pve/lxc/100.conf", Some("100")),
            ("/lxc/1/lxc/200.conf\n", Some("200")),
            ("/lxc/100conf", Some("10")),
            ("/lxc/1conf", None),
            ("lxc/100.conf", None),
            ("/lxc/100.conf.tmp", None),
            ("/lxc/100xconf", Some("100")),
            ("/lxc/.conf", None),
            ("", None),
        ] {
            assert_eq!(vmid_of(PerlStr::literal(name)), vmid.map(PerlStr::literal), "{name}");
        }
    }

    #[test]
    fn lines_are_taken_apart() {
        assert_eq!(lxc_line(b"lxc.a.b  = x y"), Some((&b"lxc.a.b"[..], &b"x y"[..])));
        assert_eq!(lxc_line(b"lxc.a:"), Some((&b"lxc.a"[..], &b""[..])));
        assert_eq!(lxc_line(b"lxc.a :x"), None);
        assert_eq!(lxc_line(b"lxc.:x"), None);
        assert_eq!(key_value(b"rootfs: \t", 7), Some((&b"rootfs"[..], &b"\t"[..])));
        assert_eq!(key_value(b"rootfs:", 7), None);
        assert_eq!(key_value(b"a1b:x", 5), None);
        assert_eq!(snapshot_state(b"x snapstate:\t prepare"), Some(&b"prepare"[..]));
        assert_eq!(snapshot_state(b"snapstate: snapshot-delete"), None);
        assert_eq!(section_name(b"[a]"), None);
        assert_eq!(section_name(b"[PVE:Pending]"), Some(&b"PVE:Pending"[..]));
    }
}
