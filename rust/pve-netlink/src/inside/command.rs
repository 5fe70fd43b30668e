//! The commands on addresses and routes, and how they are written.

/// A command of ip(8), with its texts as the caller has them. `version` is 4 or 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ip<'t> {
    /// `ip -4 addr add CIDR dev NAME`
    AddAddress {
        /// Of IP.
        version: u8,
        /// Address and prefix length.
        cidr: &'t str,
    },
    /// `ip -4 addr del CIDR dev NAME`
    DeleteAddress {
        /// Of IP.
        version: u8,
        /// Address and prefix length.
        cidr: &'t str,
    },
    /// `ip -4 route add ADDRESS dev NAME`
    AddRoute {
        /// Of IP.
        version: u8,
        /// The address.
        to: &'t str,
    },
    /// `ip -4 route del ADDRESS dev NAME`
    DeleteRoute {
        /// Of IP.
        version: u8,
        /// The address.
        to: &'t str,
    },
    /// `ip -4 route replace default via GATEWAY`
    ReplaceDefault {
        /// Of IP.
        version: u8,
        /// The gateway.
        via: &'t str,
    },
    /// `ip -4 route del default`
    DeleteDefault {
        /// Of IP.
        version: u8,
    },
}

impl<'t> Ip<'t> {
    /// The command for the interface `name`.
    #[must_use]
    pub fn words<'w>(&self, name: &'w str) -> Vec<&'w str>
    where
        't: 'w,
    {
        let (version, verb): (u8, Vec<&'w str>) = match *self {
            Self::AddAddress { version, cidr } => (version, vec!["addr", "add", cidr, "dev", name]),
            Self::DeleteAddress { version, cidr } => {
                (version, vec!["addr", "del", cidr, "dev", name])
            }
            Self::AddRoute { version, to } => (version, vec!["route", "add", to, "dev", name]),
            Self::DeleteRoute { version, to } => (version, vec!["route", "del", to, "dev", name]),
            Self::ReplaceDefault { version, via } => {
                (version, vec!["route", "replace", "default", "via", via])
            }
            Self::DeleteDefault { version } => (version, vec!["route", "del", "default"]),
        };
        let mut words = vec!["/sbin/ip", if version == 4 { "-4" } else { "-6" }];
        words.extend(verb);
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_written_as_the_reference_writes_them() {
        let add = Ip::AddAddress { version: 4, cidr: "10.0.0.2/24" };
        assert_eq!(add.words("eth0").join(" "), "/sbin/ip -4 addr add 10.0.0.2/24 dev eth0");
        let replace = Ip::ReplaceDefault { version: 6, via: "fd00::1" };
        assert_eq!(
            replace.words("eth0").join(" "),
            "/sbin/ip -6 route replace default via fd00::1"
        );
    }
}
