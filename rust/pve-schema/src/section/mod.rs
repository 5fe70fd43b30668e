//! Section files: `storage.cfg`, the files of SDN and others (`PVE::SectionConfig`).
//!
//! A file has sections, each of a type and with an ID: a line `TYPE: ID`, then indented lines `KEY VALUE`, up to an empty
//! line. A [`Table`] knows the types and what their sections may hold; it is made of the base plugin's properties and of
//! one [`TypeDeclaration`] a type, most of which are constant tables ([`SectionType`]). What a file's plugins do beyond
//! tables is a [`BasePlugin`].

mod api_schema;
mod base;
mod check;
mod config;
mod declare;
mod definition;
mod init;
mod line;
mod names;
mod parse;
mod table;
mod update;
mod write;

pub use api_schema::{create_schema, update_schema};
pub use base::{BasePlugin, Header};
pub use check::{CheckConfig, check_config};
pub use config::{Config, Section, ValueError};
pub use declare::Formats;
pub use definition::{Declared, Definition};
pub use line::parse_section_header;
pub use parse::{Parsed, parse_config};
pub use table::{
    Exposed, Isolation, SectionType, Table, Type, TypeDeclaration, Usage, fixed, fixed_option,
    option, required,
};
pub use update::delete_from_config;
pub use write::{Written, write_config};
