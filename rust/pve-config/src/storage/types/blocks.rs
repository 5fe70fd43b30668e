//! Storages of block devices.

use pve_schema::format::VOLUME_ID;
use pve_schema::section::{SectionType, fixed, fixed_option, option};
use pve_schema::{Format, Property};

use crate::storage::formats::{BLOCK_SIZE, PATH, PORTAL, VGNAME};
use crate::storage::storages::{Path, StorageType};

const GUESTS: &[&str] = &["images", "rootdir"];
const IMAGES: &[&str] = &["images"];

/// `lvm`: a volume group.
pub static LVM: StorageType = StorageType {
    section: SectionType {
        name: "lvm",
        properties: &[
            Property::string("vgname", "The volume group.").format(Format::One(&VGNAME)),
            Property::string("base", "A volume that is activated with the storage.")
                .format(Format::One(&VOLUME_ID)),
            Property::boolean("saferemove", "Removed volumes are overwritten with zeros."),
            Property::integer("saferemove-stepsize", "How much is overwritten at once, in MiB.")
                .default("32")
                .one_of(&["1", "2", "4", "8", "16", "32"]),
            Property::string(
                "saferemove_throughput",
                "How fast is overwritten (cstream(1), B<-t>).",
            ),
            Property::boolean("tagged_only", "Only volumes with a tag C<pve-vm-VMID> are listed."),
        ],
        options: &[
            fixed("vgname"),
            option("nodes"),
            option("shared"),
            option("disable"),
            option("saferemove"),
            option("saferemove-stepsize"),
            option("saferemove_throughput"),
            option("content"),
            fixed_option("base"),
            option("tagged_only"),
            option("bwlimit"),
            option("snapshot-as-volume-chain"),
        ],
    },
    content: GUESTS,
    default_content: IMAGES,
    formats: &["raw", "qcow2"],
    sensitive: &[],
    shared: false,
    path: Path::Any,
};

/// `lvmthin`: a thin pool of LVM.
pub static LVMTHIN: StorageType = StorageType {
    section: SectionType {
        name: "lvmthin",
        properties: &[Property::string("thinpool", "The thin pool.").format(Format::One(&VGNAME))],
        options: &[
            fixed("thinpool"),
            fixed("vgname"),
            option("nodes"),
            option("disable"),
            option("content"),
            option("bwlimit"),
        ],
    },
    content: GUESTS,
    default_content: GUESTS,
    formats: &[],
    sensitive: &[],
    shared: false,
    path: Path::Any,
};

/// `iscsi`: the units of an iSCSI target, through the kernel.
pub static ISCSI: StorageType = StorageType {
    section: SectionType {
        name: "iscsi",
        properties: &[
            Property::string("target", "The target."),
            Property::string("portal", "The server's address or name, perhaps with a port.")
                .format(Format::One(&PORTAL)),
        ],
        options: &[
            fixed("portal"),
            fixed("target"),
            option("nodes"),
            option("disable"),
            option("content"),
            option("bwlimit"),
        ],
    },
    content: &["images", "none"],
    default_content: IMAGES,
    formats: &[],
    sensitive: &[],
    shared: true,
    path: Path::Any,
};

/// `iscsidirect`: the units of an iSCSI target, through a library.
pub static ISCSIDIRECT: StorageType = StorageType {
    section: SectionType {
        name: "iscsidirect",
        properties: &[],
        options: &[
            fixed("portal"),
            fixed("target"),
            option("nodes"),
            option("disable"),
            option("content"),
            option("bwlimit"),
        ],
    },
    content: &["images", "none"],
    default_content: IMAGES,
    formats: &[],
    sensitive: &[],
    shared: true,
    path: Path::Any,
};

/// `rbd`: a pool of Ceph's block devices.
pub static RBD: StorageType = StorageType {
    section: SectionType {
        name: "rbd",
        properties: &[
            Property::string("monhost", "The addresses of the monitors of another cluster.")
                .format(Format::List(&PORTAL)),
            Property::string("pool", "The pool."),
            Property::string("data-pool", "The pool of the data, where it is erasure coded."),
            Property::string("namespace", "The namespace."),
            Property::string("username", "The name of the user."),
            Property::string("authsupported", "The ways to log in."),
            Property::boolean("krbd", "Devices are always mapped by the kernel.").default("0"),
            Property::string(
                "keyring",
                "The keys for another cluster. They are kept apart from this file.",
            ),
        ],
        options: &[
            option("nodes"),
            option("disable"),
            option("monhost"),
            option("pool"),
            option("data-pool"),
            option("namespace"),
            option("username"),
            option("content"),
            option("krbd"),
            option("keyring"),
            option("bwlimit"),
        ],
    },
    content: GUESTS,
    default_content: IMAGES,
    formats: &[],
    sensitive: &["keyring"],
    shared: true,
    path: Path::Any,
};

/// `zfspool`: a ZFS pool of the node.
pub static ZFSPOOL: StorageType = StorageType {
    section: SectionType {
        name: "zfspool",
        properties: &[
            Property::string("blocksize", "The size of blocks.")
                .placeholder("a power of 2 with optional k or m suffix")
                .format(Format::One(&BLOCK_SIZE)),
            Property::boolean("sparse", "Space is taken when it is written to."),
            Property::string("mountpoint", "Where the pool is mounted.").format(Format::One(&PATH)),
        ],
        options: &[
            fixed("pool"),
            option("blocksize"),
            option("sparse"),
            option("nodes"),
            option("disable"),
            option("content"),
            option("bwlimit"),
            option("mountpoint"),
        ],
    },
    content: GUESTS,
    default_content: GUESTS,
    formats: &["raw", "subvol"],
    sensitive: &[],
    shared: false,
    path: Path::Any,
};

/// `zfs`: a ZFS pool of a server, over iSCSI.
pub static ZFS: StorageType = StorageType {
    section: SectionType {
        name: "zfs",
        properties: &[
            Property::string("iscsiprovider", "The server's software for iSCSI."),
            Property::boolean("nowritecache", "The server does not cache writes."),
            Property::string("comstar_tg", "The target group of comstar's views."),
            Property::string("comstar_hg", "The host group of comstar's views."),
            Property::string("lio_tpg", "The target portal group of LIO."),
            Property::string(
                "zfs-base-path",
                "Where the server has its block devices; found out when the storage is made.",
            )
            .format(Format::One(&PATH)),
        ],
        options: &[
            option("nodes"),
            option("disable"),
            fixed("portal"),
            fixed("target"),
            fixed("pool"),
            fixed("blocksize"),
            fixed("iscsiprovider"),
            option("nowritecache"),
            option("sparse"),
            option("comstar_hg"),
            option("comstar_tg"),
            option("lio_tpg"),
            option("content"),
            option("bwlimit"),
            option("zfs-base-path"),
        ],
    },
    content: IMAGES,
    default_content: IMAGES,
    formats: &[],
    sensitive: &[],
    shared: true,
    path: Path::Any,
};
