//! Changing a section.

use super::table::{Table, Type};
use crate::{Error, Map, PerlStr};

/// Takes settings out of a section (`PVE::SectionConfig::delete_from_config`). `new` are the settings that are set in the
/// same go.
///
/// # Errors
///
/// What the reference dies with: a setting that the type does not have, or that is required, fixed or set in the same go.
/// Those before it have been taken out.
pub fn delete_from_config(
    table: &Table,
    kind: &Type,
    config: &mut Map<'_>,
    new: &Map<'_>,
    delete: &[PerlStr<'_>],
) -> Result<(), Error> {
    for key in delete {
        let died = |before: &'static str, after: &'static str| {
            Err(Error::died(&[PerlStr::literal(before), *key, PerlStr::literal(after)]))
        };
        match table.usage(kind, key.as_bytes()) {
            None => return died("no such option '", "'\n"),
            Some(usage) if !usage.optional => {
                return died("unable to delete required option '", "'\n");
            }
            Some(usage) if usage.fixed => return died("unable to delete fixed option '", "'\n"),
            Some(_) => {}
        }
        if new.iter().any(|(name, value)| name == *key && value.is_defined()) {
            return died("cannot set and delete property '", "' at the same time!\n");
        }
        config.retain(|name, _| name != *key);
    }
    Ok(())
}
