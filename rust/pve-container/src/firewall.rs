//! Which of Proxmox VE's two firewalls is at work on the node.

use std::path::Path;

/// The file by which the firewall on iptables keeps the one on nftables from its work (the reference:
/// `PVE::Firewall::Helpers`, `$FORCE_NFT_DISABLE_FLAG_FILE`).
const NO_NFTABLES: &str = "run/proxmox-nftables-firewall-force-disable";

/// Whether it is the one on iptables, for which interfaces of guests are behind bridges of their own, on the node whose
/// files are below `root`.
pub(crate) fn needs_bridges(root: &Path) -> bool {
    root.join(NO_NFTABLES).exists()
}
