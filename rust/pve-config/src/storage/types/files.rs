//! Storages of files: folders, and what is mounted to be one.

use pve_schema::format::CONFIG_ID;
use pve_schema::section::{SectionType, fixed, fixed_option, option};
use pve_schema::{Format, Property};

use crate::storage::formats::{BWLIMIT, PATH, SERVER};
use crate::storage::storages::{Path, StorageType};

const ALL: &[&str] =
    &["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "none", "import"];
const OF_SHARES: &[&str] = &["images", "rootdir", "vztmpl", "iso", "backup", "snippets", "import"];
const FILES: &[&str] = &["raw", "qcow2", "vmdk"];

/// `dir`: a folder.
pub static DIR: StorageType = StorageType {
    section: SectionType {
        name: "dir",
        properties: &[
            Property::string("path", "The folder.").format(Format::One(&PATH)),
            Property::boolean(
                "mkdir",
                "The folder and the ones in it are made where they are missing. Of old: \
                 B<create-base-path> and B<create-subdirs> tell them apart.",
            )
            .default("yes"),
            Property::boolean("create-base-path", "The folder is made where it is missing.")
                .default("yes"),
            Property::boolean(
                "create-subdirs",
                "The folders of the types of content are made in it.",
            )
            .default("yes"),
            Property::string(
                "is_mountpoint",
                "The storage is there only while something is mounted: at its path if this is \
                 C<yes>, or at the path that this is.",
            )
            .default("no"),
            Property::string("bwlimit", "Limits of bandwidth.").format(BWLIMIT),
        ],
        options: &[
            fixed("path"),
            option("content-dirs"),
            option("nodes"),
            option("shared"),
            option("disable"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("content"),
            option("format"),
            option("mkdir"),
            option("create-base-path"),
            option("create-subdirs"),
            option("is_mountpoint"),
            option("bwlimit"),
            option("preallocation"),
            fixed_option("snapshot-as-volume-chain"),
        ],
    },
    content: ALL,
    default_content: &["images", "rootdir"],
    formats: &["raw", "qcow2", "vmdk", "subvol"],
    sensitive: &[],
    shared: false,
    path: Path::Folder,
};

/// `nfs`: an export of an NFS server.
pub static NFS: StorageType = StorageType {
    section: SectionType {
        name: "nfs",
        properties: &[
            Property::string("export", "The path that the server exports.")
                .format(Format::One(&PATH)),
            Property::string("server", "The server's address or name.")
                .format(Format::One(&SERVER)),
        ],
        options: &[
            fixed("path"),
            option("content-dirs"),
            fixed("server"),
            fixed("export"),
            option("nodes"),
            option("disable"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("options"),
            option("content"),
            option("format"),
            option("mkdir"),
            option("create-base-path"),
            option("create-subdirs"),
            option("bwlimit"),
            option("preallocation"),
            fixed_option("snapshot-as-volume-chain"),
        ],
    },
    content: OF_SHARES,
    default_content: &["images"],
    formats: FILES,
    sensitive: &[],
    shared: true,
    path: Path::Mounted,
};

/// `cifs`: a share of an SMB server.
pub static CIFS: StorageType = StorageType {
    section: SectionType {
        name: "cifs",
        properties: &[
            Property::string("share", "The share."),
            Property::string("password", "The password. It is kept apart from this file.")
                .max_length(256),
            Property::string("domain", "The user's domain.").optional().max_length(256),
            Property::string(
                "smbversion",
                "The version of the protocol; the best one of 2.1 and later if it is C<default>.",
            )
            .optional()
            .default("default")
            .one_of(&["default", "2.0", "2.1", "3", "3.0", "3.11"]),
        ],
        options: &[
            fixed("path"),
            option("content-dirs"),
            fixed("server"),
            fixed("share"),
            option("subdir"),
            option("nodes"),
            option("disable"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("content"),
            option("format"),
            option("username"),
            option("password"),
            option("domain"),
            option("smbversion"),
            option("mkdir"),
            option("create-base-path"),
            option("create-subdirs"),
            option("bwlimit"),
            option("preallocation"),
            option("options"),
            fixed_option("snapshot-as-volume-chain"),
        ],
    },
    content: OF_SHARES,
    default_content: &["images"],
    formats: FILES,
    sensitive: &["password"],
    shared: true,
    path: Path::Mounted,
};

/// `cephfs`: a file system of Ceph.
pub static CEPHFS: StorageType = StorageType {
    section: SectionType {
        name: "cephfs",
        properties: &[
            Property::boolean("fuse", "The file system is mounted with FUSE."),
            Property::string("fs-name", "The name of the file system.")
                .format(Format::One(&CONFIG_ID)),
        ],
        options: &[
            fixed("path"),
            option("content-dirs"),
            option("monhost"),
            option("nodes"),
            option("subdir"),
            option("disable"),
            option("options"),
            option("username"),
            option("content"),
            option("format"),
            option("mkdir"),
            option("create-base-path"),
            option("create-subdirs"),
            option("fuse"),
            option("bwlimit"),
            option("keyring"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("fs-name"),
        ],
    },
    content: &["vztmpl", "iso", "backup", "snippets", "import"],
    default_content: &["backup"],
    formats: &[],
    sensitive: &["keyring"],
    shared: true,
    path: Path::Mounted,
};

/// `btrfs`: a folder on btrfs.
pub static BTRFS: StorageType = StorageType {
    section: SectionType {
        name: "btrfs",
        properties: &[Property::boolean(
            "nocow",
            "Files are changed in place, without checksums: data errors can be neither seen nor mended.",
        )
        .default("0")],
        options: &[
            fixed("path"),
            option("nodes"),
            option("shared"),
            option("disable"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("content"),
            option("format"),
            option("is_mountpoint"),
            option("nocow"),
            option("mkdir"),
            option("create-base-path"),
            option("create-subdirs"),
            option("preallocation"),
        ],
    },
    content: ALL,
    default_content: &["images", "rootdir"],
    formats: &["raw", "subvol"],
    sensitive: &[],
    shared: false,
    path: Path::Folder,
};
