//! How a pair is plugged in.

use pve_netlink::host::plug::{Plug, tap_plug};
use pve_netlink::host::{Call, Died};

pub const MAC: &str = "BC:24:11:00:00:01";

pub type Function = fn(&mut Call<'_>) -> Result<(), Died>;

pub fn plug(call: &mut Call<'_>, plug: &Plug) -> Result<(), Died> {
    tap_plug(call, "veth101i0", "vmbr0", plug)
}

pub fn plain() -> Plug {
    Plug { learning: Some(true), ..Plug::default() }
}

pub fn behind_firewall() -> Plug {
    Plug {
        firewall: true,
        learning: Some(false),
        isolated: true,
        mac: Some(MAC.into()),
        ..Plug::default()
    }
}
