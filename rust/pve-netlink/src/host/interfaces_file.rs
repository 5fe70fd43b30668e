//! `/etc/network/interfaces`, as far as plugging a guest in needs it.

/// Whether the bridge is told not to learn addresses: an option `bridge-disable-mac-learning` of its `iface` paragraph
/// that is true in Perl. Paragraphs begin and end as in `PVE::Network::Interfaces`, `__read_etc_network_interfaces`: a
/// blank line ends one.
#[must_use]
pub fn learning_is_disabled(content: &[u8], bridge: &str) -> bool {
    let text = String::from_utf8_lossy(content);
    let mut paragraph = None;
    let mut disabled = false;
    for line in text.lines() {
        let line = line.trim_end();
        let mut words = line.split_ascii_whitespace();
        let first = words.next().unwrap_or_default();
        if first.starts_with('#') {
            continue;
        }
        let rest = line.trim_start().strip_prefix(first).unwrap_or_default().trim_start();
        let begins_other = matches!(first, "mapping" | "auto" | "source" | "source-directory")
            || first.starts_with("allow-");
        if first == "iface" {
            let names: Vec<_> = words.collect();
            paragraph = match *names.as_slice() {
                [name] | [name, "inet" | "inet6", _] => Some(name == bridge),
                _ => None,
            };
        } else if begins_other || rest.is_empty() {
            paragraph = None;
        } else if paragraph == Some(true) && first == "bridge-disable-mac-learning" {
            disabled = rest != "0";
        }
    }
    disabled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_bridges_own() {
        let file = b"auto vmbr0\niface vmbr0 inet static\n\tbridge-ports eno1\n# c\n\
            \tbridge-disable-mac-learning 1\niface vmbr1 inet manual\n\tbridge-ports none\n\n\
            \tbridge-disable-mac-learning 1\niface vmbr2\n  bridge-disable-mac-learning 0\n\
            iface vmbr3 inet manual\n  bridge_disable_mac_learning 1\n";
        assert!(learning_is_disabled(file, "vmbr0"));
        assert!(!learning_is_disabled(file, "vmbr1"), "a blank line ends a paragraph");
        assert!(!learning_is_disabled(file, "vmbr2"), "0 is false");
        assert!(!learning_is_disabled(file, "vmbr3"), "this spelling is not known");
        assert!(!learning_is_disabled(b"", "vmbr0"));
    }
}
