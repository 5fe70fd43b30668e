//! The names of a guest's interfaces and of what stands between them and a bridge.

use crate::plan::Name;

/// The names that belong to one interface of a guest's: `tap<vmid>i<n>` or `veth<vmid>i<n>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestNames {
    /// The firewall bridge, `fwbr<vmid>i<n>`.
    pub bridge: Name,
    /// The firewall bridge's port that leads to the bridge, `fwln<vmid>i<n>`.
    pub link: Name,
    /// Its other end, the bridge's port, `fwpr<vmid>p<n>`.
    pub peer: Name,
    /// In place of both on an Open vSwitch bridge, `fwln<vmid>o<n>`.
    pub ovs_port: Name,
}

impl GuestNames {
    /// The names, if `interface` is a guest's (the reference: `PVE::Network`, `$parse_tap_device_name`).
    #[must_use]
    pub fn of(interface: &str) -> Option<Self> {
        let rest = interface.strip_prefix("tap").or_else(|| interface.strip_prefix("veth"))?;
        let (guest, number) = rest.strip_suffix('\n').unwrap_or(rest).split_once('i')?;
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(guest) || !digits(number) {
            return None;
        }
        Some(Self {
            bridge: format!("fwbr{guest}i{number}").into(),
            link: format!("fwln{guest}i{number}").into(),
            peer: format!("fwpr{guest}p{number}").into(),
            ovs_port: format!("fwln{guest}o{number}").into(),
        })
    }
}

/// Whether a name is one that the kernel and ip(8) take, in the reference's words otherwise (`check_iface_name`).
///
/// # Errors
/// Those words, to which Perl adds the place.
pub fn check(name: &str) -> Result<(), String> {
    if name.chars().count() >= crate::interface::IFNAMSIZ {
        return Err(format!("the interface name {name} is too long"));
    }
    let forbidden = |c: char| c == '/' || c.is_whitespace();
    if name.is_empty() || name.contains(forbidden) {
        return Err(format!("the interface name {name} is empty or contains invalid characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_interface_has_names() {
        let names = GuestNames::of("tap100i2").unwrap();
        assert_eq!(&*names.bridge, "fwbr100i2");
        assert_eq!(&*names.link, "fwln100i2");
        assert_eq!(&*names.peer, "fwpr100p2");
        assert_eq!(&*names.ovs_port, "fwln100o2");
        assert!(GuestNames::of("veth9i0").is_some());
        for other in
            ["eth0", "tap100", "tapi0", "tap1i", "tap1i0p", "veth1ix", "xtap1i0", "fwln1i0"]
        {
            assert!(GuestNames::of(other).is_none(), "{other}");
        }
    }

    #[test]
    fn names_are_checked_as_the_reference_does() {
        for good in ["vmbr0", "a", "fifteen-bytes-x", "a:b", ".."] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert!(check("sixteen-bytes-xx").unwrap_err().ends_with("is too long"));
        for bad in ["", "a b", "a/b", "a\tb", "a\u{b}b"] {
            assert!(check(bad).unwrap_err().ends_with("contains invalid characters"), "{bad:?}");
        }
    }
}
