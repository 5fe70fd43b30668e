//! What reading and writing let through, and ifupdown2 or the kernel then fails on.

mod addresses;
mod limits;
mod lower;
mod places;

use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, PerlString};

use self::places::LinesOf;
use super::write::ifaces::{Iface, Ifaces};
use super::write::write;

/// Something that will not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The interface that it is about.
    pub iface: Option<String>,
    /// The key that has the value, if it is about one.
    pub key: Option<&'static str>,
    /// The line of the option, or else of the interface's first stanza, from 1; `None` if the text has neither.
    pub line: Option<usize>,
    /// What will not work, and why.
    pub message: String,
}

/// Checks a configuration, in the structure that [`read`](super::read) gives. `text` is the file that it was read from;
/// without, lines are those of the text that [`write()`](super::write()) makes of it for ifupdown2.
///
/// Found are: addresses, gateways, prefix lengths and netmasks that are none; gateways outside of their interface's
/// network; an address on two interfaces; ports, slaves and raw devices that are not there; interfaces that are, through
/// others, on themselves, and bridges on bridges; a port of two interfaces; MTUs above the lower interface's, outside of
/// the kernel's limits or too small for IPv6; names that the kernel refuses; VLANs and VXLANs with numbers that there are
/// not, or that another one has; bond modes that there are not; and what writing refuses.
///
/// Ports that a `regex` or `glob` of ifupdown2's names are not looked for.
pub fn validate(config: &Map<'_>, text: Option<&[u8]>) -> Vec<Finding> {
    let finding = |message: PerlString<'_>| Finding {
        iface: None,
        key: None,
        line: None,
        message: message.to_string().trim_end().to_owned(),
    };
    let ifaces = match Ifaces::of(config) {
        Ok(ifaces) => ifaces,
        Err(error) => return vec![finding(error.to_perl())],
    };
    let written = write(config, true).text;
    let mut findings = Vec::new();
    let own;
    let text = match (text, &written) {
        (Some(text), _) => text,
        (None, Ok(written)) => {
            own = written.as_bytes().to_vec();
            &own
        }
        (None, Err(_)) => &[],
    };
    let mut lines = LinesOf::default();
    super::read::stanzas(text, Decoder::new(), &mut lines);
    let mut check = Check { ifaces: &ifaces, lines, findings: Vec::new() };
    addresses::check(&mut check);
    lower::check(&mut check);
    limits::check(&mut check);
    findings.append(&mut check.findings);
    if let Err(error) = written {
        findings.push(finding(error.to_perl()));
    }
    findings
}

/// What the checks share.
struct Check<'c, 'm, 'a> {
    ifaces: &'c Ifaces<'m, 'a>,
    lines: LinesOf,
    findings: Vec<Finding>,
}

impl<'c, 'm, 'a: 'm> Check<'c, 'm, 'a> {
    /// The interfaces, by name.
    fn all(&self) -> impl Iterator<Item = &'c Iface<'m, 'a>> + use<'c, 'm, 'a> {
        let ifaces = self.ifaces;
        ifaces.places().map(|at| ifaces.at(at)).filter(|iface| is_configured(iface))
    }

    /// Adds a finding.
    fn found(&mut self, iface: PerlStr<'_>, key: Option<&'static str>, message: String) {
        let line = self.lines.get(iface, key);
        self.findings.push(Finding { iface: Some(iface.to_string()), key, line, message });
    }
}

/// Whether there is more of an interface than that another one names it.
fn is_configured(iface: &Iface<'_, '_>) -> bool {
    iface.is_defined("type") || iface.is_defined("families")
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    fn findings(text: &str) -> Vec<(Option<usize>, String)> {
        let config = read(text.as_bytes(), &[], &[], Decoder::new()).into_map();
        validate(&config, Some(text.as_bytes()))
            .into_iter()
            .map(|finding| (finding.line, finding.message))
            .collect()
    }

    fn only(text: &str, line: usize, message: &str) {
        let found = findings(text);
        assert_eq!(found.first(), Some(&(Some(line), message.to_owned())), "{found:?}");
        let others = found.iter().filter(|(line, _)| line.is_some()).count();
        assert_eq!(others, 1, "{found:?}");
    }

    #[test]
    fn a_configuration_that_works_has_no_finding() {
        let text = "auto lo\niface lo inet loopback\n\
            iface eth0 inet manual\n\tmtu 9000\n\
            iface vmbr0 inet static\n\taddress 10.0.0.2/24\n\tgateway 10.0.0.1\n\tbridge-ports eth0 eth0.7\n\
            iface vmbr0 inet6 static\n\taddress fd00::2/64\n\tgateway fe80::1\n\
            iface vmbr0.5 inet static\n\taddress 10.0.5.2/24\n\
            iface bond0 inet manual\n\tbond-slaves eth1\n\tbond-mode 802.3ad\n\
            iface eth1 inet manual\n";
        assert_eq!(findings(text), []);
    }

    #[test]
    fn addresses_are_checked() {
        let eth0 = "iface eth0 inet static\n\taddress ";
        only(&format!("{eth0}10.0.0.256/24\n"), 2, "address '10.0.0.256' is no IPv4 address");
        only(
            &format!("{eth0}10.0.0.1/33\n"),
            2,
            "prefix length '33' of address '10.0.0.1' is above 32",
        );
        only(
            &format!("{eth0}10.0.0.1/24\n\tgateway 10.0.1.1\n"),
            3,
            "gateway '10.0.1.1' is outside of 10.0.0.1/24",
        );
        only(
            &format!(
                "{eth0}10.0.0.1/24\niface eth1 inet static\n\tmtu 1500\n\taddress 10.0.0.1/8\n"
            ),
            5,
            "address 10.0.0.1 is also on 'eth0'",
        );
        only(
            "iface eth0 inet6 static\n\taddress fd00::1/64\n\tmtu 1279\n",
            3,
            "MTU 1279 is too small for IPv6, which needs 1280",
        );
    }

    #[test]
    fn lower_interfaces_are_checked() {
        only("iface vmbr0 inet manual\n\tbridge-ports eth0\n", 2, "there is no interface 'eth0'");
        only("iface eth0.5 inet manual\n", 1, "there is no interface 'eth0'");
        only(
            "iface eth0 inet manual\niface br0 inet manual\n\tbridge-ports eth0\niface br1 inet manual\n\tbridge-ports eth0\n",
            5,
            "'eth0' is already a port of 'br0'",
        );
        only(
            "iface eth0 inet manual\n\niface eth0.5 inet manual\n\tmtu 9000\n",
            4,
            "MTU 9000 is above that of 'eth0' below, 1500",
        );
        let text = "iface br0 inet manual\n\tbridge-ports br0.5\niface br0.5 inet manual\n\tvlan-raw-device br0\n";
        only(text, 2, "'br0' is on itself: br0, br0.5, br0");
    }

    #[test]
    fn limits_are_checked() {
        only(
            "iface averyverylongname inet manual\n\tbridge-ports none\n",
            1,
            "name 'averyverylongname' is longer than 15 bytes",
        );
        only(
            "iface eth0 inet manual\niface v5 inet manual\n\tvlan-id 5\n\tvlan-raw-device eth0\niface eth0.5 inet manual\n",
            2,
            "VLAN 5 on 'eth0' is also that of 'eth0.5'",
        );
        only(
            "iface vx inet manual\n\tvxlan-id 16777216\n",
            2,
            "VXLAN 16777216 is not between 1 and 16777215",
        );
        only("iface bond0 inet manual\n\tbond-mode 7\n", 2, "bond mode '7' is not known");
    }

    #[test]
    fn lines_are_those_of_the_text_that_would_be_written() {
        let text = b"iface eth0 inet static\n\taddress 10.0.0.256/24\n";
        let config = read(text, &[], &[], Decoder::new()).into_map();
        let found = validate(&config, None);
        assert_eq!(found.first().and_then(|finding| finding.line), Some(16), "{found:?}");
    }
}
