//! Volumes: `rootfs`, `mpN` and `unusedN`.

use pve_schema::{
    Environment, Error, Map, PerlStr, PerlString, Scalar, Schema, Value, format,
    parse_property_string, print_property_string, size,
};

use super::schema::{MOUNT_POINT, ROOTFS, UNUSED};

/// Reads the value of `rootfs`, `mpN` or `unusedN` (`PVE::LXC::Config::parse_volume`). A caller that passed `noerr` to the
/// reference takes an error for `undef`.
///
/// `size` becomes a number of bytes, `idmap` a list of lists unless it is `passthrough`; `type` is `volume`, `device` or
/// `bind`; the `mp` of `rootfs` is `/`.
///
/// # Errors
///
/// What does not fit the key's schema, or that the key is none of these.
pub fn parse_volume<'a>(key: PerlStr<'_>, data: PerlStr<'a>) -> Result<Map<'a>, Error> {
    let schema = schema_of(key).ok_or_else(|| {
        Error::died(&[
            PerlStr::literal("parse_volume - unknown type: "),
            key,
            PerlStr::literal("\n"),
        ])
    })?;
    let properties = parse_property_string(schema, data, &Environment::empty())?;
    let kind = kind(properties.get_str("volume").unwrap_or(PerlStr::literal("")));
    let mut map = properties.to_map(2);
    if let Some(Value::Scalar(value)) = map.get_mut("size") {
        if let Some(bytes) = size::parse(value.to_perl().as_perl()) {
            *value = bytes.into();
        }
    }
    if let Some(entries) =
        properties.get_str("idmap").filter(|map| map.as_bytes() != b"passthrough")
    {
        if let Some(value) = map.get_mut("idmap") {
            *value = id_map(entries);
        }
    }
    map.push(PerlString::literal("type"), Scalar::literal(kind));
    if std::ptr::eq(schema, &ROOTFS) {
        map.push(PerlString::literal("mp"), Scalar::literal("/"));
    }
    Ok(map)
}

/// Whether [`parse_volume`] knows the key.
pub fn is_volume_key(key: PerlStr<'_>) -> bool {
    schema_of(key).is_some()
}

/// The schema of a key's value, `None` for other keys.
fn schema_of(key: PerlStr<'_>) -> Option<&'static Schema> {
    if key.as_bytes() == b"rootfs" {
        return Some(&ROOTFS);
    }
    let numbered = |name: &str| {
        key.as_bytes().starts_with(name.as_bytes()) && {
            let number = key.tail(name.len());
            format::is_digits(number.strip_final_newline().unwrap_or(number))
        }
    };
    if numbered("mp") {
        Some(&MOUNT_POINT)
    } else if numbered("unused") {
        Some(&UNUSED)
    } else {
        None
    }
}

/// What is mounted (`PVE::LXC::Config::classify_mountpoint`).
fn kind(volume: PerlStr<'_>) -> &'static str {
    let volume = volume.as_bytes();
    if volume.starts_with(b"/dev/") {
        "device"
    } else if volume.starts_with(b"/") {
        "bind"
    } else {
        "volume"
    }
}

fn id_map<'a>(entries: PerlStr<'a>) -> Value<'a> {
    let fields = |entry: PerlStr<'a>| Value::List(entry.split(b':').map(Value::from).collect());
    Value::List(entries.split(b';').map(fields).collect())
}

/// The volume that a value names, if it is one on a storage (`PVE::LXC::Config::get_vm_volumes`).
pub(super) fn volume_in_use<'a>(key: PerlStr<'_>, data: PerlStr<'a>) -> Option<PerlStr<'a>> {
    let properties = parse_property_string(schema_of(key)?, data, &Environment::empty()).ok()?;
    let volume = properties.get_str("volume")?;
    (kind(volume) == "volume" && format::volume_storage(volume).is_some()).then_some(volume)
}

/// Writes the value of `rootfs`, `mpN` or `unusedN` (`PVE::LXC::Config::print_volume`). Any other key is taken for `mpN`.
///
/// # Errors
///
/// What does not fit the key's schema; for `rootfs` it is that of `mpN`.
pub fn print_volume(key: PerlStr<'_>, volume: &mut Map<'_>) -> Result<PerlString<'static>, Error> {
    let environment = Environment::empty();
    if schema_of(key).is_some_and(|schema| std::ptr::eq(schema, &UNUSED)) {
        return print_property_string(&UNUSED, volume, &["type"], &environment);
    }
    let skip: &[&str] = if key.as_bytes() == b"rootfs" { &["type", "mp"] } else { &["type"] };
    let Some(id_map) = volume.get("idmap").filter(|map| map.is_defined()) else {
        return print_property_string(&MOUNT_POINT, volume, skip, &environment);
    };
    if matches!(id_map, Value::Scalar(scalar) if scalar.to_perl().as_bytes() == b"passthrough") {
        return print_property_string(&MOUNT_POINT, volume, skip, &environment);
    }
    let joined = join_id_map(id_map)?;
    let mut copy = volume.clone();
    copy.insert("idmap", joined);
    print_property_string(&MOUNT_POINT, &mut copy, skip, &environment)
}

fn join_id_map(id_map: &Value<'_>) -> Result<PerlString<'static>, Error> {
    let mut joined = PerlString::new();
    for (i, entry) in as_array(id_map)?.iter().enumerate() {
        joined.push_literal(if i == 0 { "" } else { ";" });
        for (i, field) in as_array(entry)?.iter().enumerate() {
            joined.push_literal(if i == 0 { "" } else { ":" });
            if let Some(scalar) = field.as_scalar() {
                joined.push(scalar.to_perl().as_perl());
            } else {
                return Err(Error::died(&[PerlStr::literal(
                    "idmap: a field of an entry is a reference\n",
                )]));
            }
        }
    }
    Ok(joined)
}

/// Perl's `@$value`.
pub(super) fn as_array<'v, 'a>(value: &'v Value<'a>) -> Result<&'v [Value<'a>], Error> {
    match value {
        Value::List(list) => Ok(list),
        Value::Map(_) => Err(Error::died_at_caller(&[PerlStr::literal("Not an ARRAY reference")])),
        Value::Scalar(Scalar::Undef) => {
            let text = "Can't use an undefined value as an ARRAY reference";
            Err(Error::died_at_caller(&[PerlStr::literal(text)]))
        }
        Value::Scalar(scalar) => {
            Err(Error::not_a_reference(scalar.to_perl().as_perl(), "an ARRAY"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(key: &'static str, text: &'static str) -> Result<String, String> {
        let key = PerlStr::literal(key);
        let mut volume = parse_volume(key, PerlStr::literal(text)).map_err(|e| e.to_string())?;
        print_volume(key, &mut volume).map(|text| text.to_string()).map_err(|e| e.to_string())
    }

    #[test]
    fn sizes_and_maps_are_taken_apart_and_put_together() {
        let text = "size=1.5G,local:100/a.raw,idmap=u:0:100000:65536;g:5:5:1,mp=/a";
        let volume =
            parse_volume(PerlStr::literal("mp0"), PerlStr::literal(text)).expect("a volume");
        assert_eq!(volume.get("size"), Some(&Scalar::Int(1536 << 20).into()));
        assert_eq!(volume.get("idmap").and_then(Value::as_list).map(<[_]>::len), Some(2));
        assert_eq!(
            round_trip("mp0", text),
            Ok("local:100/a.raw,mp=/a,idmap=u:0:100000:65536;g:5:5:1,size=1536M".into())
        );
    }

    #[test]
    fn the_kind_follows_from_the_path() {
        for (text, kind) in [
            ("/dev/sda", "device"),
            ("/mnt", "bind"),
            ("/devices", "bind"),
            ("local:1/x", "volume"),
            ("x", "volume"),
        ] {
            let volume =
                parse_volume(PerlStr::literal("rootfs"), PerlStr::literal(text)).expect("a volume");
            assert_eq!(volume.get("type"), Some(&Scalar::literal(kind).into()));
            assert_eq!(volume.get("mp"), Some(&Scalar::literal("/").into()));
            assert_eq!(round_trip("rootfs", text), Ok(text.into()));
        }
    }

    #[test]
    fn other_keys_are_refused() {
        let error =
            parse_volume(PerlStr::literal("mpx"), PerlStr::literal("a")).map_err(|e| e.to_string());
        assert_eq!(error, Err("parse_volume - unknown type: mpx\n".into()));
        assert_eq!(
            round_trip("unused0", "x"),
            Err("format error\nvolume: invalid format - unable to parse volume ID 'x'\n\n".into())
        );
    }
}
