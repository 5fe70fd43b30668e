//! `ip link set dev NAME up` and `down`, run as they are by `PVE::LXC::net_tap_plug`.

use super::{Call, Died, words};
use crate::link::LinkSettings;
use crate::plan::{Change, Link, Step};

const NOT_FOUND: u8 = 1;
const REFUSED: u8 = 2;

/// Bring an interface up or down.
///
/// # Errors
/// [`Died`] with the command's text, and everything as it was.
pub fn link_set(call: &mut Call<'_>, name: &str, up: bool) -> Result<(), Died> {
    let state = if up { "up" } else { "down" };
    let command = ["/sbin/ip", "link", "set", "dev", name, state];
    call.change(|call, tx| {
        let Some(shown) = call.look(tx, &[name])?.pop().flatten() else {
            return Err(call.not_found(name, words::failed(&command, NOT_FOUND)));
        };
        let settings = if up { LinkSettings::UP } else { LinkSettings::DOWN };
        let step = Step::new(&Link::Host(name.into()), Change::Set(settings.clone()))
            .undone_by(Change::Set(settings.as_shown(&shown)));
        call.carry_out(tx, &[step]).map_err(|died| match died {
            Died::Text(_) => Died::Text(words::failed(&command, REFUSED)),
            other => other,
        })
    })
}
