//! What a container may do beyond the usual: `features`.

use pve_schema::{Environment, Error, Map, PerlStr, parse_property_string};

use super::schema::FEATURES;

/// Reads a `features` value (`PVE::LXC::Config::parse_features`). An empty one gives an empty map.
///
/// # Errors
///
/// What does not fit [`FEATURES`].
pub fn parse_features(data: PerlStr<'_>) -> Result<Map<'_>, Error> {
    if !data.is_true() {
        return Ok(Map::new());
    }
    Ok(parse_property_string(&FEATURES, data, &Environment::empty())?.to_map(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pve_schema::Scalar;

    #[test]
    fn words_become_numbers() {
        let features =
            parse_features(PerlStr::literal("nesting=yes,mount=nfs;cifs")).expect("features");
        assert_eq!(features.get("nesting"), Some(&Scalar::Int(1).into()));
        assert_eq!(features.get("mount"), Some(&Scalar::literal("nfs;cifs").into()));
        assert_eq!(parse_features(PerlStr::literal("")), Ok(Map::new()));
    }
}
