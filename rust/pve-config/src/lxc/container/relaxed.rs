//! The relaxed dialect, made the reference's format.

use std::borrow::Cow;

/// The text with each `netN` in the reference's format; the same text if there is nothing to change.
pub(super) fn to_reference<'a>(raw: &'a [u8], vnets: &[String]) -> Cow<'a, [u8]> {
    let mut text = Vec::new();
    let mut copied = 0;
    let mut start = 0;
    for line in raw.split_inclusive(|byte| *byte == b'\n') {
        let end = start + line.len();
        let content = line.trim_ascii_end();
        if let Some(network) = network(content, vnets) {
            text.extend_from_slice(&raw[copied..start]);
            text.extend_from_slice(&network);
            copied = start + content.len();
        }
        start = end;
    }
    if copied == 0 {
        return Cow::Borrowed(raw);
    }
    text.extend_from_slice(&raw[copied..]);
    Cow::Owned(text)
}

/// A line `netN: …` with its name and bridge; `None` for what is none, or has them.
fn network(line: &[u8], vnets: &[String]) -> Option<Vec<u8>> {
    let rest = line.strip_prefix(b"net")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (id, rest) = rest.split_at(digits);
    let value = rest.strip_prefix(b":")?.trim_ascii();
    if id.is_empty() || value.is_empty() {
        return None;
    }
    let parts: Vec<&[u8]> = value.split(|byte| *byte == b',').collect();
    let of = |key: &[u8]| parts.iter().find_map(|part| part.strip_prefix(key));
    let name = of(b"name=");
    let is_vnet = |name: &&[u8]| {
        of(b"bridge=").is_none() && vnets.iter().any(|vnet| vnet.as_bytes() == *name)
    };
    let vnet = name.filter(is_vnet);
    if name.is_some() && vnet.is_none() {
        return None;
    }
    let named = [b"name=eth".as_slice(), id].concat();
    let bridge = vnet.map(|vnet| [b"bridge=".as_slice(), vnet].concat());
    let rest = parts.iter().filter(|part| !part.starts_with(b"name="));
    let all: Vec<&[u8]> = [Some(named.as_slice()), bridge.as_deref()]
        .into_iter()
        .flatten()
        .chain(rest.copied())
        .collect();
    Some([b"net".as_slice(), id, b": ", &all.join(&b',')].concat())
}
