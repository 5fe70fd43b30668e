//! The names of the VNets in `/etc/pve/sdn/vnets.cfg`.

/// The name in each section header `vnet: <name>` of the file, in its order.
pub fn vnet_names(raw: &[u8]) -> Vec<String> {
    raw.split(|byte| *byte == b'\n')
        .filter_map(|line| line.strip_prefix(b"vnet:"))
        .filter_map(|name| std::str::from_utf8(name.trim_ascii()).ok())
        .filter(|name| !name.is_empty() && !name.contains(char::is_whitespace))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_in_section_headers() {
        let raw = b"vnet: blue\n\tzone z\n\talias vnet: x\n\nvnet:red\n zone z\n\nother: y\n";
        assert_eq!(vnet_names(raw), ["blue", "red"]);
    }
}
