//! Reading typed configurations.

use std::borrow::Cow;
use std::convert::Infallible;

use pve_schema::format::split_list;
use pve_schema::{
    Environment, PerlStr, PerlString, Scalar, check_value, parse_boolean, parse_property_string,
    text,
};

use super::property::{misfit, parse_number, string};
use super::settings::SlotMut;
use super::{
    Container, ContainerError, Device, Features, Flag, Index, MountPoint, Name, Network, Settings,
    Startup,
};
use crate::lxc::config::Section;
use crate::lxc::keys::{self, Known};
use crate::lxc::parse::{Judgement, Reader, trimmed, unknown_setting};
use crate::lxc::schema::UNUSED;

/// How a file is read; see the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// What is not in order is a warning.
    Relaxed,
    /// What is not in order is an error.
    Strict,
}

/// What reading depends on.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The dialect.
    pub dialect: Dialect,
    /// Whether a name is that of a VNet.
    pub is_vnet: &'o dyn Fn(&[u8]) -> bool,
    /// The host.
    pub environment: Environment<'o>,
}

/// What reading a file gave.
#[derive(Debug)]
pub struct ParsedContainer<'a> {
    /// The configuration.
    pub container: Result<Container<'a>, ContainerError>,
    /// The warnings, in order, each ending in a newline.
    pub warnings: Vec<PerlString<'static>>,
}

/// Reads the configuration `raw` of the container `vmid`.
pub fn parse_container_config<'a>(
    vmid: u32,
    raw: &'a [u8],
    options: &Options<'_>,
) -> ParsedContainer<'a> {
    if !(100..=999_999_999).contains(&vmid) {
        return ParsedContainer {
            container: Err(ContainerError::Vmid(vmid)),
            warnings: Vec::new(),
        };
    }
    let number = vmid.to_string();
    let strict = options.dialect == Dialect::Strict;
    let judge = |key: &'a [u8], known, value| judge(key, known, value, options);
    let decoder = options.environment.decoder();
    let parsed = Reader::new(PerlStr::Bytes(number.as_bytes()), strict, decoder, judge).read(raw);
    let container = parsed.config.map_err(|error| ContainerError::Line(error.to_perl()));
    let container = container.map(|config| Container {
        vmid,
        digest: Some(config.digest().to_owned()),
        current: settings(config.current(), options),
        pending: settings(config.pending(), options),
        snapshots: config
            .snapshots()
            .map(|(name, section)| (Name(PerlStr::Bytes(name).into()), settings(section, options)))
            .collect(),
    });
    ParsedContainer { container, warnings: parsed.warnings }
}

/// Keys that are no settings, because the reference's structure has something else there.
const NO_SETTINGS: [&[u8]; 5] = [b"digest", b"lxc", b"pending", b"snapname", b"snapshots"];

fn judge<'a>(
    key: &'a [u8],
    known: Option<Known>,
    value: &'a [u8],
    options: &Options<'_>,
) -> Judgement<'a> {
    let Some(known) = known else {
        let problem = unknown_setting(key);
        return if NO_SETTINGS.contains(&key) {
            Judgement::Dropped(problem)
        } else {
            Judgement::Kept(problem)
        };
    };
    if known.property.name == "description" {
        // Any other one is a comment.
        return Judgement::Dropped(PerlString::literal("there is no text\n"));
    }
    match Settings::default().take(known, PerlStr::Bytes(value), options) {
        Ok(()) => Judgement::Fine(Scalar::bytes(value)),
        Err(problem) => Judgement::Kept(problem),
    }
}

fn settings<'a>(section: Section<'_, 'a>, options: &Options<'_>) -> Settings<'a> {
    let mut settings = Settings::default();
    for (key, value) in section.iter() {
        match (key, value) {
            (b"description", value) => settings.description = description(value),
            (b"env", value) => settings.env = variables(value.to_perl().as_bytes()),
            (b"delete", Scalar::Bytes(Cow::Borrowed(value))) if !trimmed(value).is_empty() => {
                settings.delete = items(PerlStr::Bytes(value));
            }
            (b"snapstate", Scalar::Bytes(Cow::Borrowed(state @ (b"prepare" | b"delete")))) => {
                settings.snapstate = Some(PerlStr::Bytes(state).into());
            }
            (key, Scalar::Bytes(Cow::Borrowed(value))) => {
                let value = PerlStr::Bytes(value);
                let taken = keys::find(key)
                    .is_some_and(|known| settings.take(known, value, options).is_ok());
                if !taken {
                    settings.other.insert(Name(PerlStr::Bytes(key).into()), value.into());
                }
            }
            // A file's text is borrowed, but for descriptions and environments.
            _ => {}
        }
    }
    let field = |field: &'a [u8]| PerlString::from(PerlStr::Bytes(field));
    settings.lxc = section.lxc().iter().map(|(key, value)| (field(key), field(value))).collect();
    settings
}

/// A description whose lines each end in a newline, the last one not being empty.
fn description<'a>(text: &Scalar<'a>) -> Option<Scalar<'a>> {
    let trimmed = |bytes: &[u8]| {
        let length = bytes.iter().rposition(|b| *b != b'\n')? + 1;
        Some([bytes.get(..length).unwrap_or_default(), b"\n"].concat())
    };
    match text {
        Scalar::Extended(bytes) => trimmed(bytes).map(Scalar::Extended),
        text => trimmed(text.to_perl().as_bytes()).map(text::decoded),
    }
}

/// The variables of an environment.
fn variables(environment: &[u8]) -> Vec<PerlString<'static>> {
    let variables = environment.split(|b| *b == 0).map(trimmed);
    variables.filter(|v| !v.is_empty()).map(|v| PerlStr::Bytes(v).into_owned()).collect()
}

/// The elements of a list.
fn items<'a>(list: PerlStr<'a>) -> Vec<PerlString<'a>> {
    let mut items = Vec::new();
    for part in list.split(0) {
        let _: Result<(), Infallible> = split_list(part, |item| {
            items.push(item.into());
            Ok(())
        });
    }
    items
}

impl<'a> Settings<'a> {
    /// Takes a setting in that the table has.
    ///
    /// # Errors
    ///
    /// What is wrong with the value, as a text that ends in a newline; nothing has changed then.
    fn take(
        &mut self,
        known: Known,
        value: PerlStr<'a>,
        options: &Options<'_>,
    ) -> Result<(), PerlString<'static>> {
        if value.as_bytes().contains(&b'\r') {
            return Err(PerlString::literal("property contains a line feed\n"));
        }
        let index = Index(known.index);
        match known.property.name {
            "net" => drop(self.net.insert(index, Network::read(known.index, value, options)?)),
            "mp" => drop(self.mp.insert(index, MountPoint::read(false, value)?)),
            "rootfs" => self.rootfs = Some(MountPoint::read(true, value)?),
            "dev" => drop(self.dev.insert(index, Device::read(value)?)),
            "unused" => drop(self.unused.insert(index, unused(value)?)),
            "features" => {
                self.features = Some(Features::read(value)?).filter(|f| *f != Features::default())
            }
            "startup" => self.startup = Some(Startup::read(value)?),
            "env" => self.env = variables(value.as_bytes()),
            _ => self.take_plain(known, value, options)?,
        }
        Ok(())
    }

    fn take_plain(
        &mut self,
        known: Known,
        value: PerlStr<'a>,
        options: &Options<'_>,
    ) -> Result<(), PerlString<'static>> {
        let name = known.property.name;
        let Some((_, slot)) = self.plain_mut().into_iter().find(|(key, _)| *key == name) else {
            return Err(misfit(name, value));
        };
        if let SlotMut::Flag(flag) = slot {
            let read = parse_boolean(value).ok_or_else(|| misfit(name, value));
            *flag = Some(Flag(read?));
            return Ok(());
        }
        check_value(known.property, Some(&value.into()), &options.environment).map_err(
            |mut text| {
                if !text.as_bytes().ends_with(b"\n") {
                    text.push_literal("\n");
                }
                text
            },
        )?;
        match slot {
            SlotMut::Flag(_) => {}
            SlotMut::Integer(number) => *number = Some(parse_number(name, value)?),
            SlotMut::Number(number) => *number = Some(parse_number(name, value)?),
            SlotMut::Word(word) => *word = Some(value.into()),
            SlotMut::List(list) => *list = items(value),
        }
        Ok(())
    }
}

fn unused(value: PerlStr<'_>) -> Result<PerlString<'_>, PerlString<'static>> {
    let properties = parse_property_string(&UNUSED, value, &Environment::empty());
    let properties = properties.map_err(|error| error.to_perl())?;
    Ok(string(&properties, "volume").unwrap_or_default())
}
