//! Storages that are servers of their own: backups, and hosts to import guests from.

use pve_schema::Property;
use pve_schema::format::is_fingerprint;
use pve_schema::section::{SectionType, fixed, option, required};

use crate::storage::storages::{Path, StorageType};

/// `pbs`: a Proxmox Backup Server.
pub static PBS: StorageType = StorageType {
    section: SectionType {
        name: "pbs",
        properties: &[
            Property::string("datastore", "The datastore of the server."),
            Property::string("fingerprint", "The SHA-256 fingerprint of the server's certificate.")
                .pattern("([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}", is_fingerprint),
            Property::string(
                "encryption-key",
                "The key that backups are encrypted with; C<autogen> makes one. It is kept apart from this file.",
            ),
            Property::string(
                "master-pubkey",
                "The public RSA key, PEM in Base64, that the encryption key is encrypted with for each backup. It is kept apart from this file.",
            ),
        ],
        options: &[
            fixed("server"),
            fixed("datastore"),
            option("namespace"),
            option("port"),
            option("nodes"),
            option("disable"),
            option("content"),
            option("username"),
            option("password"),
            option("encryption-key"),
            option("master-pubkey"),
            option("prune-backups"),
            option("max-protected-backups"),
            option("fingerprint"),
        ],
    },
    content: &["backup", "none"],
    default_content: &["backup"],
    formats: &[],
    sensitive: &["encryption-key", "master-pubkey", "password"],
    shared: true,
    path: Path::Any,
};

/// `esxi`: a host of VMware, to import guests from.
pub static ESXI: StorageType = StorageType {
    section: SectionType {
        name: "esxi",
        properties: &[Property::boolean(
            "skip-cert-verification",
            "The host's certificate is not looked at: for networks that are trusted fully.",
        )
        .default("false")],
        options: &[
            option("nodes"),
            option("shared"),
            option("disable"),
            option("content"),
            required("server"),
            required("username"),
            option("password"),
            option("skip-cert-verification"),
            option("port"),
        ],
    },
    content: &["import"],
    default_content: &["import"],
    formats: &["raw", "qcow2", "vmdk"],
    sensitive: &["password"],
    shared: false,
    path: Path::Any,
};
