//! dnsmasq's file of known guests: lines `MAC`, `MAC,IPv4`, `MAC,[IPv6]` or `MAC,IPv4,[IPv6]`
//! (`PVE::Network::SDN::Dhcp::Dnsmasq::add_ip_mapping`).

use crate::address::is_ipv4;
use crate::mac_cache::MacCache;
use crate::perl;

/// What adding a guest makes of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// The file's new content.
    pub content: Vec<u8>,
    /// Whether dnsmasq has to read it again.
    pub reload: bool,
    /// Warnings, which end in newlines.
    pub warnings: Vec<String>,
}

/// A guest and the addresses that DHCP is to give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping<'a> {
    /// Its hardware address.
    pub mac: &'a str,
    /// Its IPv4 address, if any.
    pub ip4: Option<&'a str>,
    /// Its IPv6 address, if any.
    pub ip6: Option<&'a str>,
}

/// Adds a guest to the file of DHCP server `dhcp`, if no line has its hardware address and an address of a family that it
/// is to have. Lines of guests that the cache does not know, or knows with another address, are dropped.
#[must_use]
pub fn add(content: &[u8], dhcp: &str, cache: &MacCache, mapping: &Mapping<'_>) -> Added {
    let mut added = Added::default();
    let mut found = false;
    let mut lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    for (number, line) in lines.into_iter().enumerate() {
        let text: String = line.iter().map(|byte| char::from(*byte)).collect();
        let Some((mac, ip4, ip6)) = parse(&text) else {
            let number = number + 1;
            let warning =
                format!("failed to parse MAC from {dhcp} ethers file on line {number}: '{text}'\n");
            added.warnings.push(warning);
            continue;
        };
        let is_other = |written: Option<&str>, known: &serde_json::Value| {
            let known = perl::true_text(Some(known));
            matches!((written, known), (Some(written), Some(known)) if written != known)
        };
        let is_stale = match cache.get(mac) {
            None => true,
            Some((known4, known6)) => is_other(ip4, &known4) || is_other(ip6, &known6),
        };
        if is_stale {
            added.reload = true;
            continue;
        }
        if mac == mapping.mac {
            found |= mapping.ip4.is_some() && ip4.is_some();
            found |= mapping.ip6.is_some() && ip6.is_some();
        }
        added.content.extend_from_slice(line);
        added.content.push(b'\n');
    }
    if !found {
        let mut line = mapping.mac.to_owned();
        line.extend(mapping.ip4.map(|ip| format!(",{ip}")));
        line.extend(mapping.ip6.map(|ip| format!(",[{ip}]")));
        line.push('\n');
        added.content.extend_from_slice(line.as_bytes());
        added.reload = true;
    }
    added
}

/// Hardware address, IPv4 and IPv6 address of a line; `None` for an empty line.
fn parse(line: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
    if line.is_empty() {
        return None;
    }
    let is_true = |text: &&str| !matches!(*text, "" | "0");
    let mut parts = line.split(',');
    let mac = parts.next()?;
    let (first, second) = (parts.next(), parts.next());
    let (ip4, ip6) = match (first, second.filter(is_true)) {
        (first, Some(second)) => (first, Some(second)),
        (Some(first), None) if is_ipv4(first) => (Some(first), None),
        (first, None) => (None, first),
    };
    Some((mac, ip4.filter(is_true), ip6.filter(is_true).map(inside_brackets)))
}

/// What stands in brackets, if anything does.
fn inside_brackets(text: &str) -> &str {
    let mut opened = text.match_indices('[').map(|(at, _)| at + 1);
    let inside = opened.find_map(|start| {
        let rest = text.get(start..)?;
        let word = rest.find(char::is_whitespace).map_or(rest, |end| &rest[..end]);
        let end = word.rfind(']').filter(|end| *end > 0)?;
        word.get(..end)
    });
    inside.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> MacCache {
        let text = br#"{"macs":{"a":{"ip4":"10.0.0.1"},"b":{"ip4":"10.0.0.2","ip6":"fd00::2"},
            "c":{"ip6":"fd00::3"},"n":{"ip4":"10.0.0.9"}}}"#;
        MacCache::read(Some(text)).unwrap()
    }

    fn add_to(content: &str, mapping: &Mapping<'_>) -> (String, bool) {
        let added = add(content.as_bytes(), "z", &cache(), mapping);
        (String::from_utf8(added.content).unwrap(), added.reload)
    }

    const NEW: Mapping<'_> = Mapping { mac: "n", ip4: Some("10.0.0.9"), ip6: None };

    #[test]
    fn a_new_guest_comes_last() {
        let kept = "a,10.0.0.1\nb,10.0.0.2,[fd00::2]\nc,[fd00::3]\n";
        assert_eq!(add_to(kept, &NEW), (format!("{kept}n,10.0.0.9\n"), true));
        let both = Mapping { mac: "b", ip4: Some("10.0.0.2"), ip6: Some("fd00::2") };
        assert_eq!(add_to("", &both), ("b,10.0.0.2,[fd00::2]\n".into(), true));
        assert_eq!(add_to(kept, &both), (kept.into(), false));
    }

    #[test]
    fn what_the_cache_does_not_know_is_dropped() {
        let (text, reload) = add_to("x,10.0.0.7\na,10.0.0.8\nc,[fd00::4]\nn,10.0.0.9\n", &NEW);
        assert_eq!((text.as_str(), reload), ("n,10.0.0.9\n", true));
    }

    #[test]
    fn a_line_without_an_address_of_the_family_does_not_count() {
        let other = Mapping { mac: "a", ip4: None, ip6: Some("fd00::1") };
        let wanted = "a,10.0.0.1\na,[fd00::1]\n";
        assert_eq!(add_to("a,10.0.0.1\n", &other), (wanted.into(), true));
    }

    #[test]
    fn an_empty_line_is_reported_and_dropped() {
        let added = add(b"\nn,10.0.0.9\n", "z", &cache(), &NEW);
        assert_eq!(added.content, b"n,10.0.0.9\n");
        let wanted = "failed to parse MAC from z ethers file on line 1: ''\n";
        assert_eq!(added.warnings, [wanted]);
        assert!(!added.reload);
    }
}
