//! The keys of a container's configuration file, as a table.

use pve_schema::format::{CONFIG_ID, DNS_NAME, STARTUP_ORDER, TAG, VOLUME_ID};
use pve_schema::{Format, Property, Schema};

use super::{DEVICE, FEATURES, MOUNT_POINT, NETWORK, ROOTFS, UNUSED};
use crate::lxc::formats;

/// The keys of a container's configuration file.
pub static CONTAINER: Schema = Schema::of_file(
    "container",
    &[
        Property::string("net", "A network interface.").optional().numbered(32).format(Format::Properties(&NETWORK)),
        Property::string("mp", "A mount point.").optional().numbered(256).format(Format::Properties(&MOUNT_POINT)),
        Property::string("unused", "A volume that is not mounted. Kept by the system.")
            .optional()
            .numbered(256)
            .format(Format::Properties(&UNUSED)),
        Property::string("dev", "A device of the host.").optional().numbered(256).format(Format::Properties(&DEVICE)),
        Property::string("rootfs", "The root file system.").optional().format(Format::Properties(&ROOTFS)),
        Property::string("arch", "The processor architecture.")
            .optional()
            .one_of(&["amd64", "i386", "arm64", "armhf", "riscv32", "riscv64"])
            .default("amd64"),
        Property::integer("cores", "How many processor cores it may use. Without it, all.")
            .optional()
            .minimum(1)
            .maximum(8192),
        Property::string("hostname", "Its host name.").optional().format(Format::One(&DNS_NAME)).max_length(255),
        Property::integer("memory", "Its memory in MiB.").optional().minimum(16).default("512"),
        Property::integer("swap", "Its swap in MiB.").optional().minimum(0).default("512"),
        Property::string("ostype", "The distribution inside, for what the host sets up there; C<unmanaged> for none.")
            .optional()
            .one_of(&[
                "debian",
                "devuan",
                "ubuntu",
                "centos",
                "fedora",
                "opensuse",
                "archlinux",
                "alpine",
                "gentoo",
                "nixos",
                "unmanaged",
            ]),
        Property::boolean("unprivileged", "Whether its users are mapped to others on the host.").optional().default("0"),
        Property::string("features", "What it may do beyond the usual.").optional().format(Format::Properties(&FEATURES)),
        Property::boolean("onboot", "Whether it starts with the host.").optional().default("0"),
        Property::string("startup", "Its place in the order of starting, and seconds to wait after start and at stop.")
            .optional()
            .placeholder("[order=]N,up=N,down=N")
            .format(Format::One(&STARTUP_ORDER)),
        Property::string("tags", "Tags, for people.").optional().format(Format::List(&TAG)),
        Property::string("nameserver", "Name servers. Without it, and without C<searchdomain>, those of the host.")
            .optional()
            .format(Format::List(&formats::IP_WITH_INTERFACE)),
        Property::string("searchdomain", "Domains in which names are looked up.")
            .optional()
            .format(Format::List(&DNS_NAME)),
        Property::string("timezone", "Its time zone; C<host> for the one of the host.")
            .optional()
            .format(Format::One(&formats::TIME_ZONE)),
        Property::string("description", "Notes. In the file, they stand as comments.").optional().max_length(8192),
        Property::string("parent", "The snapshot that this state comes from. Kept by the system.")
            .optional()
            .format(Format::One(&CONFIG_ID))
            .max_length(40),
        Property::integer("snaptime", "When the snapshot was taken, in seconds since 1970.").optional().minimum(0),
        Property::string("lock", "The operation that has locked the container.").optional().one_of(&[
            "backup",
            "create",
            "destroyed",
            "disk",
            "fstrim",
            "migrate",
            "mounted",
            "rollback",
            "snapshot",
            "snapshot-delete",
        ]),
        Property::boolean("template", "Whether it is a template.").optional().default("0"),
        Property::boolean("console", "Whether it has F</dev/console>.").optional().default("1"),
        Property::integer("tty", "How many terminals it has.").optional().minimum(0).maximum(6).default("2"),
        Property::string("cmode", "What the console shows: a terminal, F</dev/console>, or a shell without login.")
            .optional()
            .one_of(&["shell", "console", "tty"])
            .default("tty"),
        Property::number("cpulimit", "How much processor time it may use, 1 being one processor all the time; 0 for any.")
            .optional()
            .minimum(0)
            .maximum(8192)
            .default("0"),
        Property::integer("cpuunits", "Its share of processor time beside other guests; 1 to 10000 with cgroup v2.")
            .optional()
            .minimum(0)
            .maximum(500_000)
            .default("cgroup v1: 1024, cgroup v2: 100"),
        Property::string("entrypoint", "The command that runs as init.")
            .optional()
            .pattern("[^\\x00-\\x08\\x0a-\\x1F\\x7F]+", formats::is_command)
            .default("/sbin/init"),
        Property::string("env", "The environment of init, as C<NAME=VALUE> between NULs. Replaces C<lxc.environment.runtime>.")
            .optional()
            .pattern("\\w+=…(?:\\0\\w+=…)*", formats::is_environment),
        Property::boolean("protection", "Whether the container and its volumes may not be removed.").optional().default("0"),
        Property::string("hookscript", "A script on a storage that runs when the container starts and stops.")
            .optional()
            .format(Format::One(&VOLUME_ID)),
        Property::boolean("debug", "Whether starting it logs more.").optional().default("0"),
    ],
);
