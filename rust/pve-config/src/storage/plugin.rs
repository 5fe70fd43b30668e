//! What the plugins of storages do beyond their tables (`PVE::Storage::Plugin` and those derived from it).

use std::borrow::Cow;

use pve_schema::format::{STORAGE_ID, split_list};
use pve_schema::section::{BasePlugin, Header, Section, Type, parse_section_header};
use pve_schema::{Environment, Error, Map, PerlStr, PerlString, Scalar, Value};

use super::storages::{Path, StorageKind, Storages};
use crate::node_set::{self, hash, sorted};

/// Where `local` is, on all nodes.
const LOCAL_PATH: &str = "/var/lib/vz";

impl BasePlugin for Storages {
    /// The type in small letters; an ID that is none is refused.
    fn parse_section_header<'a>(&self, line: &'a [u8]) -> Option<Header<'a>> {
        let (kind, id) = parse_section_header(line)?;
        let kind = if kind.iter().any(u8::is_ascii_uppercase) {
            Cow::Owned(kind.to_ascii_lowercase())
        } else {
            Cow::Borrowed(kind)
        };
        let refusal = (STORAGE_ID.check)(PerlStr::Bytes(id), &Environment::empty()).err();
        Some(Header { kind, id, refusal })
    }

    fn before_check<'a>(&self, kind: &Type, id: PerlStr<'_>, config: &mut Map<'a>, create: bool) {
        let is_mounted = self.kind(kind).is_some_and(|kind| kind.path == Path::Mounted);
        if create && is_mounted && !config.get("path").is_some_and(Value::is_true) {
            config.set("path", PerlString::concat(&[PerlStr::literal("/mnt/pve/"), id]));
        }
    }

    fn after_check<'a>(
        &self,
        kind: &Type,
        config: &mut Map<'a>,
        create: bool,
    ) -> Result<(), Error> {
        let is_folder = self.kind(kind).is_some_and(|kind| kind.path == Path::Folder);
        if !create || !is_folder {
            return Ok(());
        }
        let Some(Value::Scalar(path)) = config.get_mut("path") else { return Ok(()) };
        let text = path.to_perl();
        if !is_folder_path(text.as_perl()) {
            return Err(Error::died(&[
                PerlStr::literal("illegal path for directory storage: "),
                text.as_perl(),
                PerlStr::literal("\n"),
            ]));
        }
        if let Some(canonical) = canonical_path(text.as_bytes()) {
            *path = Scalar::Bytes(Cow::Owned(canonical));
        }
        Ok(())
    }

    fn decodes(&self, key: PerlStr<'_>) -> bool {
        matches!(key.as_bytes(), b"content" | b"format" | b"nodes" | b"content-dirs")
    }

    fn decode_value<'a>(
        &self,
        kind: &Type,
        key: PerlStr<'_>,
        value: Value<'a>,
        warnings: &mut Vec<PerlString<'static>>,
    ) -> Result<Option<Value<'a>>, Error> {
        let Some(kind) = self.kind(kind) else { return Ok(Some(value)) };
        match (key.as_bytes(), &value) {
            (b"content", Value::Scalar(text)) => {
                decode_content(kind, text, warnings).map(|content| Some(content.into()))
            }
            (b"format", Value::Scalar(format)) => {
                let text = format.to_perl();
                if named(&kind.formats, text.as_perl()).is_some() {
                    return Ok(Some(value));
                }
                unsupported("format", text.as_perl(), warnings);
                // The reference leaves the method by a `next` of the loop that called it.
                warnings.push(PerlString::literal("Exiting subroutine via next"));
                Ok(None)
            }
            (b"nodes", Value::Scalar(_)) => node_set::decode(value).map(Some),
            (b"content-dirs", Value::Scalar(text)) => {
                Ok(Some(decode_content_dirs(kind, text, warnings).into()))
            }
            _ => Ok(Some(value)),
        }
    }

    fn encode_value(
        &self,
        key: &str,
        value: &Value<'_>,
    ) -> Result<Option<PerlString<'static>>, Error> {
        let encode = match key {
            "nodes" => return node_set::encode(value).map(Some),
            "content" => |_: &mut PerlString<'static>, chosen: &Value<'_>| {
                chosen.as_scalar().is_none_or(Scalar::is_true)
            },
            "content-dirs" => |part: &mut PerlString<'static>, path: &Value<'_>| {
                part.push_literal("=");
                if let Value::Scalar(path) = path {
                    part.push(path.to_perl().as_perl());
                }
                true
            },
            _ => return Ok(None),
        };
        let mut parts = sorted(hash(value)?);
        let mut text = PerlString::Bytes(Cow::Owned(Vec::new()));
        let mut is_first = true;
        for (name, value) in parts.drain(..) {
            let mut part = name.into_owned();
            if encode(&mut part, value) {
                text.push_literal(if is_first { "" } else { "," });
                text.push(part.as_perl());
                is_first = false;
            }
        }
        if key == "content" && !text.as_perl().is_true() {
            text = PerlString::literal("none");
        }
        Ok(Some(text))
    }

    fn after_parse<'a>(&self, sections: &mut Vec<Section<'a>>) {
        force_local(sections);
        for section in sections.iter_mut() {
            let kind = section.kind.and_then(|kind| self.kind_of(kind));
            let (Some(kind), Some(settings)) = (kind, section.settings.as_mut()) else { continue };
            if let Some(default) = &kind.default_content {
                if settings.get("content").is_none() {
                    settings.push("content", set(default));
                }
            }
            if kind.shared {
                settings.set("shared", Scalar::Int(1));
            }
        }
    }
}

/// Sees to a storage `local` that is a folder, the same one on all nodes.
fn force_local(sections: &mut Vec<Section<'_>>) {
    let place = sections.iter().position(|section| section.id.as_bytes() == b"local");
    let known = place.and_then(|place| sections.get_mut(place));
    let text = |settings: &Map<'_>, key: &str| {
        settings.get(key).and_then(Value::as_scalar).map(|text| text.to_perl().into_owned())
    };
    if let Some(Section { settings: Some(settings), .. }) = known {
        let path = text(settings, "path").filter(|path| path.as_perl().is_true());
        let is_elsewhere = path.as_ref().is_some_and(|p| p.as_bytes() != LOCAL_PATH.as_bytes());
        let is_dir = text(settings, "type").is_some_and(|kind| kind.as_bytes() == b"dir");
        if is_dir && !is_elsewhere {
            if path.is_none() {
                settings.insert("path", PerlString::literal(LOCAL_PATH));
            }
            settings.remove("nodes");
            return;
        }
    }
    let mut settings = Map::with_capacity(5);
    settings.push("type", PerlString::literal("dir"));
    settings.push("priority", Scalar::Int(0));
    settings.push("path", PerlString::literal(LOCAL_PATH));
    settings.push("prune-backups", PerlString::literal("keep-all=1"));
    let content = ["backup", "images", "iso", "rootdir", "snippets", "vztmpl"];
    settings.push("content", set(&content.map(Cow::Borrowed)));
    match place.and_then(|place| sections.get_mut(place)) {
        Some(section) => {
            section.kind = None;
            section.settings = Some(settings);
        }
        None => sections.push(Section {
            id: PerlString::literal("local"),
            kind: None,
            order: None,
            settings: Some(settings),
        }),
    }
}

/// A hash whose values are 1.
fn set(names: &[Cow<'static, str>]) -> Map<'static> {
    let mut set = Map::with_capacity(names.len());
    for name in names {
        add(&mut set, name.clone());
    }
    set
}

/// Adds a name to a hash whose values are 1.
fn add(set: &mut Map<'static>, name: Cow<'static, str>) {
    match name {
        Cow::Borrowed(name) => set.set(name, Scalar::Int(1)),
        Cow::Owned(name) => {
            set.insert(PerlStr::Bytes(name.as_bytes()).into_owned(), Scalar::Int(1));
        }
    }
}

fn named<'n>(names: &'n [Cow<'static, str>], name: PerlStr<'_>) -> Option<&'n Cow<'static, str>> {
    names.iter().find(|known| known.as_bytes() == name.as_bytes())
}

fn unsupported(what: &'static str, value: PerlStr<'_>, warnings: &mut Vec<PerlString<'static>>) {
    warnings.push(PerlString::concat(&[
        PerlStr::literal("storage does not support "),
        PerlStr::literal(what),
        PerlStr::literal(" '"),
        value,
        PerlStr::literal("'\n"),
    ]));
}

/// The items of a list in a text.
fn items(text: PerlStr<'_>, mut item: impl FnMut(PerlStr<'_>)) {
    let all: Result<(), std::convert::Infallible> = split_list(text, |part| {
        item(part);
        Ok(())
    });
    let Ok(()) = all;
}

fn decode_content(
    kind: &StorageKind,
    text: &Scalar<'_>,
    warnings: &mut Vec<PerlString<'static>>,
) -> Result<Map<'static>, Error> {
    let text = text.to_perl();
    let commas = text.as_bytes().iter().filter(|b| **b == b',').count();
    let mut content = Map::with_capacity(kind.content.len().min(commas + 1));
    items(text.as_perl(), |name| {
        if let Some(name) = named(&kind.content, name) {
            add(&mut content, name.clone());
        } else {
            unsupported("content type", name, warnings);
        }
    });
    if content.len() > 1 && content.get("none").is_some() {
        let text = "unable to combine 'none' with other content types\n";
        return Err(Error::died(&[PerlStr::literal(text)]));
    }
    if content.is_empty() && named(&kind.content, PerlStr::literal("none")).is_none() {
        let text = "storage does not support content type 'none'\n";
        return Err(Error::died(&[PerlStr::literal(text)]));
    }
    Ok(content)
}

fn decode_content_dirs(
    kind: &StorageKind,
    text: &Scalar<'_>,
    warnings: &mut Vec<PerlString<'static>>,
) -> Map<'static> {
    let mut folders = Map::new();
    items(text.to_perl().as_perl(), |folder| {
        let (content, path) = match memchr::memchr(b'=', folder.as_bytes()) {
            Some(at) => (folder.slice(0, at), Scalar::from(folder.tail(at + 1).into_owned())),
            None => (folder, Scalar::Undef),
        };
        if named(&kind.content, content).is_some() {
            folders.insert(content.into_owned(), path);
        } else {
            unsupported("content type", content, warnings);
        }
    });
    folders
}

/// Whether a folder's path has only what such a path may have.
fn is_folder_path(path: PerlStr<'_>) -> bool {
    let path = path.strip_final_newline().unwrap_or(path).as_bytes();
    let fine = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'_' | b'.' | b'@');
    matches!(path, [b'/', rest @ ..] if !rest.is_empty() && rest.iter().all(fine))
}

/// An absolute path without empty and `.` parts, leading `..` and a slash at its end (`File::Spec::Unix::canonpath`);
/// `None` if it is so already.
fn canonical_path(path: &[u8]) -> Option<Vec<u8>> {
    let mut canonical: Vec<u8> = Vec::with_capacity(path.len());
    for part in path.split(|b| *b == b'/') {
        let skipped = matches!(part, b"" | b".") || (part == b".." && canonical.is_empty());
        if !skipped {
            canonical.push(b'/');
            canonical.extend_from_slice(part);
        }
    }
    if canonical.is_empty() {
        canonical.push(b'/');
    }
    (canonical != path).then_some(canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_brought_into_their_shortest_form() {
        for (path, canonical) in [
            ("/a", None),
            ("/a/", Some("/a")),
            ("//a//b/./c/.", Some("/a/b/c")),
            ("/../../a/../b", Some("/a/../b")),
            ("/..", Some("/")),
            ("/.", Some("/")),
        ] {
            let expected = canonical.map(|path| path.as_bytes().to_vec());
            assert_eq!(canonical_path(path.as_bytes()), expected, "{path}");
        }
    }
}
