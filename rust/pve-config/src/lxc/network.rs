//! Network interfaces: `netN`.

use pve_schema::{
    Environment, Error, Map, PerlStr, PerlString, Scalar, parse_property_string,
    print_property_string,
};

use super::schema::NETWORK;

/// Reads a `netN` value (`PVE::LXC::Config::parse_lxc_network`). An empty one gives an empty map.
///
/// `type` is always `veth`. `new_address` makes the hardware address where none is given.
///
/// # Errors
///
/// What does not fit [`NETWORK`].
pub fn parse_lxc_network<'a>(
    data: PerlStr<'a>,
    new_address: impl FnOnce() -> PerlString<'a>,
) -> Result<Map<'a>, Error> {
    if !data.is_true() {
        return Ok(Map::new());
    }
    let network = parse_property_string(&NETWORK, data, &Environment::empty())?;
    let mut map = network.to_map(2);
    match map.get_mut("type") {
        Some(kind) => *kind = Scalar::literal("veth").into(),
        None => map.push(PerlString::literal("type"), Scalar::literal("veth")),
    }
    if map.get("hwaddr").is_none() {
        map.push(PerlString::literal("hwaddr"), new_address());
    }
    Ok(map)
}

/// Writes a `netN` value (`PVE::LXC::Config::print_lxc_network`).
///
/// # Errors
///
/// What does not fit [`NETWORK`].
pub fn print_lxc_network(network: &mut Map<'_>) -> Result<PerlString<'static>, Error> {
    print_property_string(&NETWORK, network, &[], &Environment::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_address_is_made() {
        let parse = |text| {
            parse_lxc_network(PerlStr::literal(text), || PerlString::literal("BC:24:11:00:00:01"))
        };
        let mut network = parse("name=eth0,bridge=vmbr0,firewall=on").expect("a network");
        assert_eq!(network.get("firewall"), Some(&Scalar::Int(1).into()));
        assert_eq!(
            print_lxc_network(&mut network).map(|text| text.to_string()),
            Ok("name=eth0,bridge=vmbr0,firewall=1,hwaddr=BC:24:11:00:00:01,type=veth".into())
        );
        assert_eq!(parse("0"), Ok(Map::new()));
        assert_eq!(
            parse("bridge=vmbr0").map_err(|e| e.to_string()),
            Err("format error\nname: property is missing and it is not optional\n".into())
        );
    }
}
