//! MAC addresses for interfaces that are configured without one.

use rustix::rand::{GetRandomFlags, getrandom};

use crate::config_error::ConfigError;

/// A random MAC address that starts with `prefix` (`PVE::Tools::random_ether_addr`).
///
/// # Errors
/// [`ConfigError::Random`].
pub fn random_ether_addr(prefix: Option<&str>) -> Result<String, ConfigError> {
    let mut random = [0; 6];
    let mut filled = 0;
    while filled < random.len() {
        match getrandom(&mut random[filled..], GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(errno) => {
                return Err(ConfigError::Random { source: errno.into() });
            }
        }
    }
    Ok(ether_addr(random, prefix))
}

/// The MAC address made of `random`, unicast and locally administered, in upper case with colons.
///
/// `prefix`, in upper case, takes the place of as many characters at its start, and with them decides about unicast and
/// local; one that is longer than an address is the whole answer.
#[must_use]
pub fn ether_addr(random: [u8; 6], prefix: Option<&str>) -> String {
    let [first, b, c, d, e, f] = random;
    let first = first & !1 | 2;
    let address = format!("{first:02X}:{b:02X}:{c:02X}:{d:02X}:{e:02X}:{f:02X}");
    let prefix = prefix.unwrap_or_default().to_ascii_uppercase();
    let rest = address.chars().skip(prefix.chars().count());
    prefix.chars().chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: [u8; 6] = [0xff, 1, 2, 3, 4, 5];

    #[test]
    fn an_address_is_unicast_and_local() {
        assert_eq!(ether_addr(RANDOM, None), "FE:01:02:03:04:05");
        assert_eq!(ether_addr([0; 6], Some("")), "02:00:00:00:00:00");
    }

    #[test]
    fn a_prefix_replaces_as_many_characters() {
        assert_eq!(ether_addr(RANDOM, Some("BC:24:11")), "BC:24:11:03:04:05");
        assert_eq!(ether_addr(RANDOM, Some("bc:24:1")), "BC:24:12:03:04:05");
        assert_eq!(ether_addr(RANDOM, Some("bc:24:11:")), "BC:24:11:03:04:05");
        let long = "02:00:00:00:00:00:00:aa";
        assert_eq!(ether_addr(RANDOM, Some(long)), long.to_uppercase());
    }

    #[test]
    fn addresses_differ() {
        let one = random_ether_addr(Some("BC:24:11")).unwrap();
        assert!((0..20).any(|_| random_ether_addr(Some("BC:24:11")).unwrap() != one));
    }
}
