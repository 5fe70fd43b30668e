//! The settings of a container, as tables: what is parsed, checked, printed and documented follows from them.

mod container;

use pve_schema::format::{DISK_SIZE, IPV4, IPV4_CONFIG, IPV6, IPV6_CONFIG, MAC_ADDR, VOLUME_ID};
use pve_schema::{Format, Property, Schema};

use super::formats;
pub use container::CONTAINER;

/// The mount options that a mount point may have.
pub const MOUNT_OPTIONS: [&str; 6] =
    ["discard", "lazytime", "noatime", "nodev", "noexec", "nosuid"];

const NETWORK_PROPERTIES: [Property; 15] = [
    Property::string("name", "The name of the interface inside the container.")
        .placeholder("string")
        .pattern("[-_.\\w\\d]+", formats::is_device_name),
    Property::string(
        "bridge",
        "The bridge or VNet of the host that the interface is plugged into.",
    )
    .optional()
    .placeholder("bridge")
    .pattern("[-_.\\w\\d]+", formats::is_device_name),
    Property::string(
        "hwaddr",
        "The hardware address; an individual one. A random one is made where it is missing.",
    )
    .optional()
    .placeholder("XX:XX:XX:XX:XX:XX")
    .format(Format::One(&MAC_ADDR)),
    Property::integer("mtu", "The largest packet in bytes. Without it, the one of the bridge.")
        .optional()
        .minimum(64)
        .maximum(65535),
    Property::string(
        "ip",
        "How the interface gets its IPv4 address: a fixed one with its prefix length, or a way.",
    )
    .optional()
    .placeholder("(IPv4/CIDR|dhcp|manual)")
    .format(Format::One(&IPV4_CONFIG)),
    Property::string("gw", "The IPv4 address of the default gateway.")
        .optional()
        .placeholder("GatewayIPv4")
        .format(Format::One(&IPV4)),
    Property::string(
        "ip6",
        "How the interface gets its IPv6 address: a fixed one with its prefix length, or a way.",
    )
    .optional()
    .placeholder("(IPv6/CIDR|auto|dhcp|manual)")
    .format(Format::One(&IPV6_CONFIG)),
    Property::string("gw6", "The IPv6 address of the default gateway.")
        .optional()
        .placeholder("GatewayIPv6")
        .format(Format::One(&IPV6)),
    Property::boolean(
        "firewall",
        "Whether the firewall's rules for the container apply to the interface.",
    )
    .optional(),
    Property::integer("tag", "The VLAN that the interface is in.")
        .optional()
        .minimum(1)
        .maximum(4094),
    Property::string("trunks", "The VLANs that pass through the interface with their tag on.")
        .optional()
        .placeholder("vlanid[;vlanid...]")
        .pattern("\\d+(?:;\\d+)*", formats::is_vlan_list),
    Property::number(
        "rate",
        "The most that the interface may send and receive, in megabytes per second.",
    )
    .optional()
    .placeholder("mbps"),
    Property::boolean("link_down", "Whether the interface is unplugged.").optional(),
    Property::boolean(
        "host-managed",
        "Whether the host sets the addresses, for containers that cannot.",
    )
    .optional(),
    Property::string("type", "The kind of interface.").optional().one_of(&["veth"]),
];

/// `netN`: a network interface.
pub static NETWORK: Schema = Schema::new("pve-lxc-network", &NETWORK_PROPERTIES);

/// `netN` in the relaxed dialect, where the name inside may be missing.
pub static RELAXED_NETWORK: Schema = {
    const PROPERTIES: [Property; 15] = {
        let mut properties = NETWORK_PROPERTIES;
        properties[0] = properties[0].optional();
        properties
    };
    Schema::new("network", &PROPERTIES)
};

const VOLUME: Property =
    Property::string("volume", "The volume, device or directory of the host to mount.")
        .default_key()
        .placeholder("volume")
        .format(Format::One(&formats::MOUNT_POINT));
const MOUNT_PATH: Property =
    Property::string("mp", "The path inside the container. No part of it may be a symbolic link.")
        .placeholder("Path")
        .format(Format::One(&formats::MOUNT_POINT));
const SIZE: Property = Property::string("size", "The size of the volume, for information.")
    .optional()
    .placeholder("DiskSize")
    .format(Format::One(&DISK_SIZE));
const ACL: Property =
    Property::boolean("acl", "Whether access control lists are on or off, where it is said.")
        .optional();
const OPTIONS: Property = Property::string("mountoptions", "More options for the mount.")
    .optional()
    .placeholder("opt[;opt...]")
    .pattern("(discard|lazytime|noatime|nodev|noexec|nosuid)(;…)*", formats::is_mount_options);
const ID_MAP: Property = Property::string(
    "idmap",
    "How user (C<u>) and group (C<g>) IDs of the container stand on the disk, each entry the first ID inside, the first one \
     on disk, and how many; C<passthrough> for no change. Other IDs follow the container's own map.",
)
.optional()
.placeholder("type:container:disk:range-size[;type:container:disk:range-size;...]")
.pattern("passthrough|[ug]:[0-9]+:[0-9]+:[1-9][0-9]*(?:;…)*", formats::is_id_map);
const READ_ONLY: Property = Property::boolean("ro", "Whether it is mounted read-only.").optional();
const QUOTA: Property = Property::boolean(
    "quota",
    "Whether the container may use quotas on it. Not for ZFS subvolumes.",
)
.optional();
const REPLICATE: Property =
    Property::boolean("replicate", "Whether replication jobs take the volume along.")
        .optional()
        .default("1");
const SHARED: Property = Property::boolean(
    "shared",
    "States that what is mounted, not being a volume, is there on every node. It is not made so by that.",
)
.optional()
.default("0");

/// `rootfs`: the root file system.
pub static ROOTFS: Schema = Schema::new(
    "pve-ct-rootfs",
    &[VOLUME, SIZE, ACL, OPTIONS, ID_MAP, READ_ONLY, QUOTA, REPLICATE, SHARED],
);

/// `mpN`: a mount point.
pub static MOUNT_POINT: Schema = Schema::new(
    "pve-ct-mountpoint",
    &[
        VOLUME,
        MOUNT_PATH,
        SIZE,
        ACL,
        OPTIONS,
        ID_MAP,
        READ_ONLY,
        QUOTA,
        REPLICATE,
        SHARED,
        Property::boolean("backup", "Whether backups have it. Only for volumes.").optional(),
        Property::boolean(
            "keepattrs",
            "Whether it takes over owner and mode of the directory that it is mounted on.",
        )
        .optional()
        .default("0"),
    ],
);

/// `unusedN`: a volume that belongs to the container and is not mounted.
pub static UNUSED: Schema = Schema::new(
    "unused",
    &[Property::string("volume", "The volume.")
        .default_key()
        .placeholder("volume")
        .format(Format::One(&VOLUME_ID))],
);

/// `devN`: a device of the host.
pub static DEVICE: Schema = Schema::new(
    "device",
    &[
        Property::string("path", "The device node of the host.")
            .optional()
            .default_key()
            .placeholder("Path")
            .format(Format::One(&formats::DEVICE_PATH)),
        Property::string("mode", "The access mode of the node inside.")
            .optional()
            .placeholder("Octal access mode")
            .pattern("0[0-7]{3}", formats::is_mode),
        Property::integer("uid", "The user that owns the node inside.").optional().minimum(0),
        Property::integer("gid", "The group of the node inside.").optional().minimum(0),
        Property::boolean("deny-write", "Whether the container may not write to it.")
            .optional()
            .default("0"),
    ],
);

/// `features`: what the container may do beyond the usual.
pub static FEATURES: Schema = Schema::new(
    "features",
    &[
        Property::string("mount", "Kinds of file systems that the container may mount itself. Mind what a mount can do to the host.")
            .optional()
            .placeholder("fstype;fstype;...")
            .pattern("[a-zA-Z0-9_; ]+", formats::is_file_systems),
        Property::boolean("nesting", "Whether containers may run inside; shows the host's F</proc> and F</sys>.")
            .optional()
            .default("0"),
        Property::boolean("keyctl", "Whether an unprivileged container may call keyctl(2), which some container engines need.")
            .optional()
            .default("0"),
        Property::boolean("fuse", "Whether file systems in user space may be mounted. Freezing such a container can hang.")
            .optional()
            .default("0"),
        Property::boolean("mknod", "Whether an unprivileged container may make some device nodes. Experimental.")
            .optional()
            .default("0"),
        Property::boolean("force_rw_sys", "Whether F</sys> is writable in an unprivileged container.")
            .optional()
            .default("0"),
    ],
);
