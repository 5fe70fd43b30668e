//! Writing typed configurations.

use pve_schema::{Environment, Error, Map, PerlStr, PerlString, Scalar, Value, check_value};

use super::property::{Pairs, joined};
use super::settings::Slot;
use super::{Container, ContainerError, Features, Name, Settings};
use crate::lxc::lxc_keys::{self, Verdict};
use crate::lxc::schema::UNUSED;
use crate::lxc::write_pct_config;
use crate::lxc::{keys, parse};

/// Writes a configuration in the reference's form, keys in string order.
///
/// As the reference does, it leaves out an `unusedN` whose volume is in use.
///
/// # Errors
///
/// The first value that does not fit its type, or that would be read as something else.
pub fn generate_container_config(
    container: &Container<'_>,
) -> Result<PerlString<'static>, ContainerError> {
    if !(100..=999_999_999).contains(&container.vmid) {
        return Err(ContainerError::Vmid(container.vmid));
    }
    let mut config = section("current", &container.current)?;
    config.push(PerlString::literal("pending"), section("pending", &container.pending)?);
    let mut snapshots = Map::with_capacity(container.snapshots.len());
    for (Name(name), settings) in &container.snapshots {
        let path = format!("snapshots.{name}");
        let line =
            PerlString::concat(&[PerlStr::literal("["), name.as_perl(), PerlStr::literal("]")]);
        if !parse::is_snapshot_line(line.as_bytes()) {
            return Err(ContainerError::value(&path, "this is no name that a snapshot may have"));
        }
        snapshots.push(name.as_perl(), section(&path, settings)?);
    }
    config.push(PerlString::literal("snapshots"), snapshots);
    write_pct_config(&config).text.map_err(|error| ContainerError::value("configuration", error))
}

/// A section as the reference has it.
struct Section<'p, 's> {
    path: &'p str,
    map: Map<'s>,
}

fn section<'s>(path: &str, settings: &'s Settings<'_>) -> Result<Map<'s>, ContainerError> {
    let mut section = Section { path, map: Map::new() };
    section.plain(settings)?;
    section.numbered(settings)?;
    section.structured(settings)?;
    section.lxc(settings)?;
    section.other(settings)?;
    Ok(section.map)
}

impl<'s> Section<'_, 's> {
    fn set(&mut self, key: impl Into<PerlString<'s>>, value: impl Into<Value<'s>>) {
        self.map.push(key, value);
    }

    fn refuse<T>(&self, key: &str, reason: impl std::fmt::Display) -> Result<T, ContainerError> {
        Err(ContainerError::value(&format!("{}.{key}", self.path), reason))
    }

    /// A value that stands in a line of its own: what is read of it is trimmed.
    fn check_line(&self, key: &str, value: PerlStr<'_>) -> Result<(), ContainerError> {
        let bytes = value.as_bytes();
        if bytes.is_empty() || bytes.contains(&b'\n') || !parse::is_trimmed(bytes) {
            return self.refuse(key, "it is empty, or has a newline, or white space at an end");
        }
        Ok(())
    }

    fn plain(&mut self, settings: &'s Settings<'_>) -> Result<(), ContainerError> {
        for (key, slot) in settings.plain() {
            let value: PerlString<'s> = match slot {
                Slot::Flag(Some(flag)) => PerlString::literal(if flag.0 { "1" } else { "0" }),
                Slot::Integer(Some(number)) => digits(number),
                Slot::Number(Some(number)) => digits(number),
                Slot::Word(Some(word)) => word.as_perl().into(),
                Slot::List(list) if !list.is_empty() => {
                    joined(list, if key == "tags" { ";" } else { " " })
                }
                _ => continue,
            };
            if !is_lone_space(value.as_bytes()) {
                self.check_line(key, value.as_perl())?;
            }
            if let Some(known) = keys::find(key.as_bytes()) {
                let scalar = Scalar::from(value.clone());
                // Which zones there are is for the host to say that reads it.
                let checked =
                    check_value(known.property, Some(&scalar), &Environment::new(&|_| true));
                checked.or_else(|reason| self.refuse(key, reason))?;
            }
            self.set(PerlString::literal(key), value);
        }
        if let Some(state) = &settings.snapstate {
            if self.path == "current" {
                return self.refuse("snapstate", "only snapshots are being made or removed");
            }
            if !matches!(state.as_bytes(), b"prepare" | b"delete") {
                return self.refuse("snapstate", "it is neither 'prepare' nor 'delete'");
            }
            self.set(PerlString::literal("snapstate"), state.as_perl());
        }
        if !settings.delete.is_empty() {
            let text = joined(&settings.delete, ",");
            // The reference takes a snapshot of this name for it.
            if self.path != "pending" && self.path != "snapshots.pending" {
                return self.refuse("delete", "only pending changes delete settings");
            }
            self.check_line("delete", text.as_perl())?;
            self.set(PerlString::literal("delete"), text);
        }
        Ok(())
    }

    fn property(
        &mut self,
        key: String,
        text: Result<PerlString<'static>, Error>,
    ) -> Result<(), ContainerError> {
        let text = text.or_else(|error| self.refuse(&key, error))?;
        let text = without_white_ends(text);
        self.check_line(&key, text.as_perl())?;
        self.set(PerlString::Bytes(key.into_bytes().into()), text);
        Ok(())
    }

    fn numbered(&mut self, settings: &'s Settings<'_>) -> Result<(), ContainerError> {
        for (index, network) in &settings.net {
            self.property(format!("net{index}"), network.write())?;
        }
        for (index, mount_point) in &settings.mp {
            self.property(format!("mp{index}"), mount_point.write(false))?;
        }
        for (index, device) in &settings.dev {
            self.property(format!("dev{index}"), device.write())?;
        }
        for (index, volume) in &settings.unused {
            let mut pairs = Pairs::default();
            pairs.string("volume", Some(volume));
            self.property(format!("unused{index}"), pairs.print(&UNUSED))?;
        }
        let is_unknown = |(key, _): &(PerlStr<'_>, &Value<'_>)| {
            key.as_bytes() != b"delete"
                && key.as_bytes() != b"snapstate"
                && keys::find(key.as_bytes()).is_none()
        };
        match self.map.iter().find(is_unknown).map(|(key, _)| key.to_string()) {
            Some(key) => self.refuse(&key, "there are not so many"),
            None => Ok(()),
        }
    }

    fn structured(&mut self, settings: &'s Settings<'_>) -> Result<(), ContainerError> {
        if let Some(rootfs) = &settings.rootfs {
            self.property("rootfs".to_owned(), rootfs.write(true))?;
        }
        if let Some(features) = settings.features.as_ref().filter(|f| **f != Features::default()) {
            self.property("features".to_owned(), features.write())?;
        }
        if let Some(startup) = settings.startup.as_ref().and_then(|startup| startup.write()) {
            self.set(PerlString::literal("startup"), PerlString::from(startup));
        }
        if let Some(description) = settings.description.as_ref().filter(|text| text.is_defined()) {
            self.set(PerlString::literal("description"), description.clone());
        }
        for variable in &settings.env {
            self.check_line("env", variable.as_perl())?;
            if variable.as_bytes().contains(&0) {
                return self.refuse("env", "a variable has a NUL");
            }
        }
        if !settings.env.is_empty() {
            let mut list = joined(&settings.env, "\0");
            // The writer takes a list that Perl holds to be false for none; one more separator at its end adds nothing.
            if list.as_bytes() == b"0" {
                list = PerlString::literal("0\0");
            }
            self.set(PerlString::literal("env"), list);
        }
        Ok(())
    }

    fn lxc(&mut self, settings: &'s Settings<'_>) -> Result<(), ContainerError> {
        let mut lines = Vec::with_capacity(settings.lxc.len());
        for (key, value) in &settings.lxc {
            let name = key.to_string();
            let is_key =
                parse::is_lxc_key(key.as_bytes()) && key.as_bytes() != b"lxc.environment.runtime";
            let verdict = lxc_keys::judge(PerlStr::literal(""), key.as_bytes(), &mut |_| {});
            if !is_key || matches!(verdict, Verdict::Refused(_)) {
                return self.refuse(&name, "LXC has no such key that may stand here");
            }
            if !value.as_bytes().is_empty() {
                self.check_line(&name, value.as_perl())?;
            }
            lines.push(Value::List(vec![key.as_perl().into(), value.as_perl().into()]));
        }
        if !lines.is_empty() {
            self.set(PerlString::literal("lxc"), lines);
        }
        Ok(())
    }

    fn other(&mut self, settings: &'s Settings<'_>) -> Result<(), ContainerError> {
        for (Name(key), value) in &settings.other {
            let name = key.to_string();
            if self.map.get(&name).is_some() {
                return self.refuse(&name, "it is set twice, once under 'other'");
            }
            let line =
                PerlString::concat(&[key.as_perl(), PerlStr::literal(": "), value.as_perl()]);
            if parse::setting_of(line.as_bytes()) != Some((key.as_bytes(), value.as_bytes())) {
                return self.refuse(&name, "no line of the file can hold this");
            }
            self.set(key.as_perl(), value.as_perl());
        }
        Ok(())
    }
}

fn digits(number: impl ToString) -> PerlString<'static> {
    PerlString::Bytes(number.to_string().into_bytes().into())
}

/// Whether a value is one byte of white space: of a line with nothing else after the key, the reader takes the last one
/// for the value.
fn is_lone_space(value: &[u8]) -> bool {
    value.len() == 1 && value != b"\n" && !parse::is_trimmed(value)
}

/// The text of a property string that begins or ends in white space, which the reader of its line would take off: with
/// commas there, between which and the text is nothing.
fn without_white_ends(text: PerlString<'static>) -> PerlString<'static> {
    let bytes = text.as_bytes();
    let is_white = |byte: Option<&u8>| byte.is_some_and(|byte| !parse::is_trimmed(&[*byte]));
    let (first, last) = (is_white(bytes.first()), is_white(bytes.last()));
    let mut text = text;
    if first {
        text = joined(&[PerlString::literal(""), text], ",");
    }
    if last {
        text = joined(&[text, PerlString::literal("")], ",");
    }
    text
}
