//! Devices of the host: `devN`.

use pve_schema::{
    Environment, Error, Map, PerlStr, PerlString, parse_property_string, print_property_string,
};

use super::schema::DEVICE;

/// Reads a `devN` value (`PVE::LXC::Config::parse_device`). A caller that passed `noerr` to the reference takes an error
/// for `undef`.
///
/// # Errors
///
/// What does not fit [`DEVICE`], or that the path is missing.
pub fn parse_device(data: PerlStr<'_>) -> Result<Map<'_>, Error> {
    let device = parse_property_string(&DEVICE, data, &Environment::empty())?;
    if device.get("path").is_none() {
        return Err(Error::died(&[PerlStr::literal("Path has to be defined\n")]));
    }
    Ok(device.to_map(0))
}

/// Writes a `devN` value (`PVE::LXC::Config::print_device`).
///
/// # Errors
///
/// What does not fit [`DEVICE`].
pub fn print_device(device: &mut Map<'_>) -> Result<PerlString<'static>, Error> {
    print_property_string(&DEVICE, device, &[], &Environment::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_has_a_path() {
        let mut device =
            parse_device(PerlStr::literal("mode=0660,/dev/fuse,uid=007")).expect("a device");
        let text = print_device(&mut device).map(|text| text.to_string());
        assert_eq!(text, Ok("/dev/fuse,mode=0660,uid=007".into()));
        let error = parse_device(PerlStr::literal("uid=1")).map_err(|e| e.to_string());
        assert_eq!(error, Err("Path has to be defined\n".into()));
    }
}
