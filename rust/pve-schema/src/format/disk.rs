//! What volumes and the order of starting look like.

use super::name::is_storage_id;
use super::{Rule, verdict, verdict_about};
use crate::class::{anchored, fold_to_ascii};
use crate::{PerlStr, size, startup};

/// `disk-size`: see [`size::parse`].
pub static DISK_SIZE: Rule = Rule {
    name: "disk-size",
    check: |value, _| {
        let fine = size::parse(value).is_some();
        verdict_about(fine, "value does not look like a valid disk size: ", value, "\n")
    },
};

/// `pve-volume-id`: `STORAGE:NAME`.
pub static VOLUME_ID: Rule = Rule {
    name: "pve-volume-id",
    check: |value, _| {
        verdict_about(volume_storage(value).is_some(), "unable to parse volume ID '", value, "'\n")
    },
};

/// `pve-startup-order`: see [`startup::parse`].
pub static STARTUP_ORDER: Rule = Rule {
    name: "pve-startup-order",
    check: |value, _| verdict(startup::parse(value).is_some(), "unable to parse startup options\n"),
};

/// The storage of a volume ID (`PVE::Storage::parse_volume_id`), if it is one.
pub fn volume_storage(value: PerlStr<'_>) -> Option<PerlStr<'_>> {
    let colon = memchr::memchr(b':', value.as_bytes())?;
    let storage = value.slice(0, colon);
    let fine = anchored(value.tail(colon + 1), |name| {
        !name.is_empty() && memchr::memchr(b'\n', name.as_bytes()).is_none()
    });
    (fine && is_storage_id(&fold_to_ascii(storage))).then_some(storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_ids_name_their_storage() {
        for (text, storage) in [
            ("local:100/vm-100-disk-0.raw", Some("local")),
            ("a1:b:c", Some("a1")),
            ("a:b", None),
            ("local:", None),
            ("local:x\ny", None),
            ("loc/al:x", None),
            ("local-:x", None),
            ("/mnt/x", None),
        ] {
            assert_eq!(
                volume_storage(PerlStr::literal(text)),
                storage.map(PerlStr::literal),
                "{text}"
            );
        }
    }
}
