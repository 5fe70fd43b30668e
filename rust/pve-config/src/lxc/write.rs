//! Writing configuration files (`PVE::LXC::Config::write_pct_config`).

use std::collections::HashSet;

use pve_schema::{Error, Map, PerlStr, PerlString, Scalar, Value, text};

use super::volume::{as_array, volume_in_use};

/// What writing a configuration gave.
#[derive(Debug)]
pub struct Written {
    /// The file's text, or what the reference dies with. It is bytes unless the configuration holds characters beyond
    /// ASCII.
    pub text: Result<PerlString<'static>, Error>,
    /// Keys that the reference deletes from the caller's hash: `snapstate`, and each `unusedN` whose volume is in use
    /// again. It does so before anything can go wrong.
    pub deleted: Vec<PerlString<'static>>,
    /// Keys that come into being in the caller's hash, each as an empty hash, because Perl looks into them.
    pub created: Vec<&'static str>,
}

/// Writes a configuration, in the structure that [`parse_pct_config`](super::parse_pct_config) gives.
///
/// # Errors
///
/// In [`Written::text`]: a newline in a value, or something else than Perl's data where the structure has a hash or a list.
/// Where the reference would write the address of a reference, such as `HASH(0x55d0c8a3f2e8)`, this is an error.
pub fn write_pct_config(config: &Map<'_>) -> Written {
    let mut deleted = Vec::new();
    let in_use = volumes_in_use(config);
    let entries = config.iter().filter(|(key, value)| {
        let gone = key.as_bytes() == b"snapstate"
            || (key.as_bytes().starts_with(b"unused") && is_in_use(value, &in_use));
        if gone {
            deleted.push(key.into_owned());
        }
        !gone
    });
    let mut created = Vec::new();
    let text = write_all(entries, config, &mut created);
    Written { text, deleted, created }
}

type Entry<'v, 'a> = (PerlStr<'v>, &'v Value<'a>);

fn volumes_in_use(config: &Map<'_>) -> HashSet<Vec<u8>> {
    let mut volumes = HashSet::new();
    for (key, value) in config.iter() {
        let is_volume = super::keys::find(key.as_bytes())
            .is_some_and(|known| matches!(known.property.name, "rootfs" | "mp"));
        if let Some(scalar) = value.as_scalar().filter(|scalar| is_volume && scalar.is_defined()) {
            if let Some(volume) = volume_in_use(key, scalar.to_perl().as_perl()) {
                volumes.insert(volume.chars().collect::<String>().into_bytes());
            }
        }
    }
    volumes
}

fn is_in_use(value: &Value<'_>, in_use: &HashSet<Vec<u8>>) -> bool {
    if in_use.is_empty() {
        return false;
    }
    value.as_scalar().is_some_and(|scalar| {
        let volume = scalar.to_perl();
        in_use.contains(volume.as_perl().chars().collect::<String>().as_bytes())
    })
}

fn write_all<'v, 'a: 'v>(
    entries: impl Iterator<Item = Entry<'v, 'a>>,
    config: &Map<'_>,
    created: &mut Vec<&'static str>,
) -> Result<PerlString<'static>, Error> {
    let mut out = Writer { text: PerlString::Bytes(Vec::with_capacity(len_of(config)).into()) };
    out.section(entries)?;
    if let Some(pending) = hash(config, "pending", created)?.filter(|pending| !pending.is_empty()) {
        out.text.push_literal("\n[pve:pending]\n");
        out.section(pending.iter())?;
    }
    if let Some(snapshots) = hash(config, "snapshots", created)? {
        let mut sorted: Vec<_> = snapshots.iter().collect();
        sorted.sort_by_key(|(name, _)| *name);
        for (name, snapshot) in sorted {
            out.text.extend(&[PerlStr::literal("\n["), name, PerlStr::literal("]\n")]);
            match snapshot {
                Value::Map(snapshot) => out.section(snapshot.iter())?,
                Value::Scalar(Scalar::Undef) => {}
                Value::Scalar(scalar) => {
                    return Err(Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH"));
                }
                Value::List(_) => {
                    return Err(Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")]));
                }
            }
        }
    }
    Ok(out.text)
}

/// About as many bytes as the text will have. A buffer that grows would be copied, and be twice as large in the end.
fn len_of(config: &Map<'_>) -> usize {
    let lines = config.iter().map(|(key, value)| {
        let value = match value {
            Value::Scalar(Scalar::Bytes(bytes)) => bytes.len(),
            Value::Scalar(Scalar::Text(text)) => text.len(),
            Value::Scalar(_) => 16,
            Value::List(lines) => 64 * lines.len(),
            Value::Map(map) => len_of(map),
        };
        key.as_bytes().len() + value + 4
    });
    lines.sum()
}

/// Perl's `%{ $config->{KEY} }`, which makes what is missing.
fn hash<'v, 'a>(
    config: &'v Map<'a>,
    key: &'static str,
    created: &mut Vec<&'static str>,
) -> Result<Option<&'v Map<'a>>, Error> {
    match config.get(key) {
        None | Some(Value::Scalar(Scalar::Undef)) => {
            created.push(key);
            Ok(None)
        }
        Some(Value::Map(map)) => Ok(Some(map)),
        Some(Value::List(_)) => {
            Err(Error::died_at_caller(&[PerlStr::literal("Not a HASH reference")]))
        }
        Some(Value::Scalar(scalar)) => {
            Err(Error::not_a_reference(scalar.to_perl().as_perl(), "a HASH"))
        }
    }
}

/// The place of a key among others: the order of Perl's `sort`. Most keys differ in their first characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'v> {
    /// The first eight characters. The first one beyond ASCII is 0x80 here, and nothing after it counts.
    start: u64,
    key: PerlStr<'v>,
}

impl<'v> Rank<'v> {
    fn of(key: PerlStr<'v>) -> Self {
        let mut start = [0; 8];
        for (place, byte) in start.iter_mut().zip(key.as_bytes()) {
            *place = (*byte).min(0x80);
            if !byte.is_ascii() {
                break;
            }
        }
        Self { start: u64::from_be_bytes(start), key }
    }
}

struct Writer {
    text: PerlString<'static>,
}

impl Writer {
    /// One section: comments, settings, environment, LXC's own keys.
    fn section<'v, 'a: 'v>(
        &mut self,
        entries: impl Iterator<Item = Entry<'v, 'a>>,
    ) -> Result<(), Error> {
        let (mut description, mut environment, mut lxc) = (None, None, None);
        let mut settings = Vec::with_capacity(entries.size_hint().1.unwrap_or(0));
        for (key, value) in entries {
            match key.as_bytes() {
                b"description" => description = Some(value),
                b"env" => environment = Some(value),
                b"lxc" => lxc = Some(value),
                b"digest" | b"pending" | b"snapshots" | b"snapname" => {}
                _ => settings.push((Rank::of(key), value)),
            }
        }
        settings.sort_unstable_by_key(|(rank, _)| *rank);
        if let Some(description) = description {
            self.description(scalar("description", description)?);
        }
        for (rank, value) in settings {
            self.setting(rank.key, value)?;
        }
        if let Some(environment) = environment {
            self.environment(scalar("env", environment)?);
        }
        lxc.map_or(Ok(()), |lxc| self.lxc(lxc))
    }

    fn description(&mut self, description: &Scalar<'_>) {
        if !description.is_true() {
            return;
        }
        let mut escaped = Vec::new();
        let number;
        let description = match description {
            Scalar::Text(_) | Scalar::Bytes(_) | Scalar::Extended(_) => description,
            other => {
                number = Scalar::from(other.to_perl());
                &number
            }
        };
        let bytes = match description {
            Scalar::Extended(bytes) => &bytes[..],
            Scalar::Bytes(bytes) => bytes,
            Scalar::Text(text) => text.as_bytes(),
            _ => &[],
        };
        for line in without_empty_end(bytes, b'\n').unwrap_or_default().split(|b| *b == b'\n') {
            escaped.push(b'#');
            let line = match description {
                Scalar::Bytes(_) => Scalar::bytes(line),
                _ => Scalar::Extended(line.to_vec()),
            };
            text::encode_into(&line, &mut escaped);
            escaped.push(b'\n');
        }
        if without_empty_end(bytes, b'\n').is_some() {
            self.text.push(PerlStr::Bytes(&escaped));
        }
    }

    fn setting(&mut self, key: PerlStr<'_>, value: &Value<'_>) -> Result<(), Error> {
        let Some(scalar) = value.as_scalar() else {
            return Err(reference(key, value));
        };
        let value = scalar.to_perl();
        if memchr::memchr(b'\n', value.as_bytes()).is_some() {
            return Err(Error::died(&[
                PerlStr::literal("detected invalid newline inside property '"),
                key,
                PerlStr::literal("'\n"),
            ]));
        }
        self.line(key, value.as_perl());
        Ok(())
    }

    fn environment(&mut self, environment: &Scalar<'_>) {
        if !environment.is_true() {
            return;
        }
        let value = environment.to_perl();
        let value = value.as_perl();
        let Some(used) = without_empty_end(value.as_bytes(), 0) else { return };
        let mut was_empty = false;
        for (i, variable) in value.slice(0, used.len()).split(0).enumerate() {
            // Several NULs are one separator; one at the start has an empty variable before it.
            if variable.is_empty() && (i > 0 || was_empty) {
                continue;
            }
            was_empty = variable.is_empty();
            self.line(PerlStr::literal("lxc.environment.runtime"), variable);
        }
    }

    fn lxc(&mut self, lxc: &Value<'_>) -> Result<(), Error> {
        let lines = match lxc {
            Value::Scalar(scalar) if !scalar.is_true() => return Ok(()),
            lines => as_array(lines)?,
        };
        for line in lines {
            let mut fields = as_array(line)?.iter();
            let mut field = || match fields.next() {
                None => Ok(PerlString::new()),
                Some(Value::Scalar(scalar)) => Ok(scalar.to_perl()),
                Some(value) => Err(reference(PerlStr::literal("lxc"), value)),
            };
            let (key, value) = (field()?, field()?);
            if key.as_bytes() != b"lxc.environment.runtime" {
                self.line(key.as_perl(), value.as_perl());
            }
        }
        Ok(())
    }

    fn line(&mut self, key: PerlStr<'_>, value: PerlStr<'_>) {
        self.text.extend(&[key, PerlStr::literal(": "), value, PerlStr::literal("\n")]);
    }
}

/// Without the separators at the end, as Perl's `split` leaves empty fields there out; `None` if nothing is left.
fn without_empty_end(bytes: &[u8], separator: u8) -> Option<&[u8]> {
    let last = bytes.iter().rposition(|b| *b != separator)?;
    bytes.get(..=last)
}

fn scalar<'v, 'a>(key: &'static str, value: &'v Value<'a>) -> Result<&'v Scalar<'a>, Error> {
    value.as_scalar().ok_or_else(|| reference(PerlStr::literal(key), value))
}

fn reference(key: PerlStr<'_>, value: &Value<'_>) -> Error {
    Error::died(&[
        PerlStr::literal("cannot write property '"),
        key,
        PerlStr::literal("': it is a reference ("),
        PerlStr::literal(value.reference_kind()),
        PerlStr::literal("), not a string\n"),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_a_key_does_not_change_its_place() {
        let keys = [
            PerlStr::Bytes(b""),
            PerlStr::Bytes(b"\0"),
            PerlStr::Text("mp1"),
            PerlStr::Bytes(b"mp10"),
            PerlStr::Bytes(b"mp1\xfea"),
            PerlStr::Text("mp1\u{fe}b"),
            PerlStr::Bytes(b"mp1\xffz"),
            PerlStr::Text("mp1\u{100}a"),
            PerlStr::Bytes(b"nameserver"),
            PerlStr::Text("nameserver2"),
            PerlStr::Text("\u{80}"),
            PerlStr::Bytes(b"\xff"),
            PerlStr::Text("\u{10000}"),
        ];
        for pair in keys.windows(2) {
            let [one, other] = pair else { continue };
            assert!(one < other, "{one} {other}");
            assert!(Rank::of(*one) < Rank::of(*other), "{one} {other}");
        }
    }
}
