//! Properties that types of storage have in common (`PVE::Storage::Plugin::private`).

use pve_schema::format::{NODE_NAME, STORAGE_ID};
use pve_schema::{Format, Property};

use super::formats::{CONTENT, DIR_OVERRIDE, OPTIONS, PATH, PRUNE_BACKUPS};

/// The formats of images.
pub const IMAGE_FORMATS: [&str; 4] = ["raw", "qcow2", "subvol", "vmdk"];

/// What the base plugin declares.
pub static COMMON: [Property; 15] = [
    Property::string("type", "The type of the storage."),
    Property::string("storage", "The ID of the storage.").format(Format::One(&STORAGE_ID)),
    Property::string("nodes", "The nodes that have the storage; all where it is missing.")
        .optional()
        .format(Format::List(&NODE_NAME)),
    Property::string("content", "What the storage may hold, such as C<images,iso>.")
        .optional()
        .format(Format::List(&CONTENT)),
    Property::boolean("disable", "Nobody uses the storage.").optional(),
    Property::string("prune-backups", "Which backups are kept when others are removed.")
        .optional()
        .format(PRUNE_BACKUPS),
    Property::integer(
        "max-protected-backups",
        "How many protected backups a guest may have; -1 for any number.",
    )
    .optional()
    .minimum(-1),
    Property::boolean(
        "shared",
        "All nodes see the same content; it is the administrator's to see to that.",
    )
    .optional(),
    Property::string("subdir", "The folder of the server that is mounted.")
        .optional()
        .format(Format::One(&PATH)),
    Property::string("format", "The format of new images.").optional().one_of(&IMAGE_FORMATS),
    Property::string("preallocation", "How much of a new image is allocated at once.")
        .optional()
        .default("metadata")
        .one_of(&["off", "metadata", "falloc", "full"]),
    Property::string("content-dirs", "Folders of types of content, such as C<iso=images/iso>.")
        .optional()
        .format(Format::List(&DIR_OVERRIDE)),
    Property::string("options", "Mount options (nfs(5), mount.cifs(8)).")
        .optional()
        .format(Format::One(&OPTIONS)),
    Property::integer("port", "The server's port, where it is not the usual one.")
        .optional()
        .minimum(1)
        .maximum(65535),
    Property::boolean("snapshot-as-volume-chain", "Snapshots are chains of volumes.")
        .optional()
        .default("0"),
];
