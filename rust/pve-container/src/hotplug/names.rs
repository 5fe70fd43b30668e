//! The names that interfaces of containers have on the host.

use pve_netlink::interface::valid_name;

use super::error::Error;

/// Ids of guests (the reference: `PVE::JSONSchema`, `pve_verify_vmid`).
const VMIDS: std::ops::RangeInclusive<u32> = 100..=999_999_999;
/// Interfaces of one container (the reference: `PVE::LXC::Config`, `$MAX_LXC_NETWORKS`).
const NETWORKS: u32 = 32;

/// The name of the host's end: `veth<vmid>i<netid>`.
pub(super) fn host_end(vmid: u32, netid: u32) -> Result<String, Error> {
    if !VMIDS.contains(&vmid) {
        return Err(Error::bad("vmid", vmid, "it must be from 100 to 999999999"));
    }
    if netid >= NETWORKS {
        return Err(Error::bad("netid", netid, "it must be from 0 to 31: the N of netN"));
    }
    let name = format!("veth{vmid}i{netid}");
    if valid_name(&name) {
        Ok(name)
    } else {
        let why = format!("the interface name '{name}' would be longer than 15 bytes");
        Err(Error::bad("netid", netid, why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_references() {
        assert_eq!(host_end(101, 0).unwrap(), "veth101i0");
        assert_eq!(host_end(999_999_999, 9).unwrap(), "veth999999999i9");
    }

    #[test]
    fn what_has_no_name_is_refused() {
        for (vmid, netid, key) in [
            (99, 0, "vmid"),
            (1_000_000_000, 0, "vmid"),
            (101, 32, "netid"),
            (999_999_999, 10, "netid"),
        ] {
            let error = host_end(vmid, netid).unwrap_err().to_string();
            assert!(error.starts_with(key), "{error}");
        }
    }
}
