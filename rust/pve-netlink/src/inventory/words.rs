//! Names for the kernel's numbers.

use std::borrow::Cow;
use std::fs;
use std::io;

/// Link types (`ARPHRD_…`, `<linux/if_arp.h>`).
const TYPES: &[(u16, &str)] = &[
    (1, "ether"),
    (772, "loopback"),
    (65534, "none"),
    (0, "netrom"),
    (2, "eether"),
    (3, "ax25"),
    (4, "pronet"),
    (5, "chaos"),
    (6, "ieee802"),
    (7, "arcnet"),
    (8, "atalk"),
    (15, "dlci"),
    (19, "atm"),
    (23, "metricom"),
    (24, "ieee1394"),
    (32, "infiniband"),
    (256, "slip"),
    (257, "cslip"),
    (258, "slip6"),
    (259, "cslip6"),
    (260, "rsrvd"),
    (264, "adapt"),
    (270, "rose"),
    (271, "x25"),
    (272, "hwx25"),
    (280, "can"),
    (512, "ppp"),
    (513, "hdlc"),
    (516, "lapb"),
    (517, "ddcmp"),
    (518, "rawhdlc"),
    (768, "ipip"),
    (769, "tunnel6"),
    (770, "frad"),
    (771, "skip"),
    (773, "ltalk"),
    (774, "fddi"),
    (775, "bif"),
    (776, "sit"),
    (777, "ip/ddp"),
    (778, "gre"),
    (779, "pimreg"),
    (780, "hippi"),
    (781, "ash"),
    (782, "econet"),
    (783, "irda"),
    (784, "fcpp"),
    (785, "fcal"),
    (786, "fcpl"),
    (787, "fcfb0"),
    (788, "fcfb1"),
    (789, "fcfb2"),
    (790, "fcfb3"),
    (791, "fcfb4"),
    (792, "fcfb5"),
    (793, "fcfb6"),
    (794, "fcfb7"),
    (795, "fcfb8"),
    (796, "fcfb9"),
    (797, "fcfb10"),
    (798, "fcfb11"),
    (799, "fcfb12"),
    (800, "tr"),
    (801, "ieee802.11"),
    (802, "ieee802.11/prism"),
    (803, "ieee802.11/radiotap"),
    (804, "ieee802.15.4"),
    (805, "ieee802.15.4/monitor"),
    (820, "phonet"),
    (821, "phonet_pipe"),
    (822, "caif"),
    (823, "gre6"),
    (824, "netlink"),
    (825, "6lowpan"),
    (65535, "void"),
];

/// Protocols that a VLAN or a tunnel may name (`ETH_P_…`, `<linux/if_ether.h>`).
const PROTOCOLS: &[(u16, &str)] = &[
    (0x8100, "802.1Q"),
    (0x88a8, "802.1ad"),
    (0x0800, "ip"),
    (0x86dd, "ipv6"),
    (0x0806, "arp"),
    (0x6558, "teb"),
    (0x8847, "mpls_uc"),
    (0x8848, "mpls_mc"),
];

/// The name of a link type.
pub(super) fn link_type(number: u16) -> Cow<'static, str> {
    name(TYPES, number)
}

/// The name of a protocol.
pub(super) fn protocol(number: u16) -> Cow<'static, str> {
    name(PROTOCOLS, number)
}

fn name(names: &[(u16, &'static str)], number: u16) -> Cow<'static, str> {
    let found = names.iter().find(|(known, _)| *known == number);
    found.map_or_else(|| format!("[{number}]").into(), |(_, name)| (*name).into())
}

/// The names of link groups (ip-link(8)): the administrator's file, or the distribution's where that is missing.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<(u32, String)>);

impl Groups {
    pub(super) fn of_this_host() -> Self {
        match fs::read("/etc/iproute2/group") {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::read("/usr/share/iproute2/group")
            }
            read => read,
        }
        .map_or_else(|_| Self::default(), |text| Self::parse(&String::from_utf8_lossy(&text)))
    }

    /// Lines of a number and a name; what follows the first line that is none is not read.
    fn parse(text: &str) -> Self {
        let mut groups = Vec::new();
        for line in text.lines() {
            let line = line.trim_start_matches([' ', '\t']);
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut words = line.split_ascii_whitespace();
            let (Some(number), Some(name)) = (words.next(), words.next()) else { break };
            let number = match number.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            let Ok(number) = number else { break };
            groups.push((number, name.to_owned()));
        }
        Self(groups)
    }

    /// The group's name, of several the last; its number where it has none.
    pub(super) fn name(&self, number: u32) -> Cow<'_, str> {
        match self.0.iter().rev().find(|(known, _)| *known == number) {
            Some((_, name)) => name.as_str().into(),
            None if number == 0 => "default".into(),
            None => number.cast_signed().to_string().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_name_stays_one() {
        assert_eq!(link_type(1), "ether");
        assert_eq!(link_type(9), "[9]");
        assert_eq!(protocol(0x88a8), "802.1ad");
    }

    #[test]
    fn groups_are_read_until_a_line_is_none() {
        let groups =
            Groups::parse("# names\n0\tdefault\n\n 7 guests # x\n0x10 sixteen\nbad\n9 no\n");
        assert_eq!(groups.name(0), "default");
        assert_eq!(groups.name(7), "guests");
        assert_eq!(groups.name(16), "sixteen");
        assert_eq!(groups.name(9), "9");
        assert_eq!(Groups::default().name(0), "default");
    }
}
