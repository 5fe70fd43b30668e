//! The rate limit of an interface (the reference: `PVE::Network::tap_rate_limit`).

use super::before::{self, Before, Traffic};
use super::{Call, Died, words};
use crate::plan::{Change, Link, Refused, Step};
use crate::request::Raw;
use crate::tc::{self, Part, Rate};

/// The steps that remove any limit and set the one that is wanted. `before` is none for an interface that the same plan
/// makes, which has nothing to remove.
#[must_use]
pub fn set(link: &Link, before: Option<&Before>, rate: Option<Rate>) -> Vec<Step> {
    let mut steps = Vec::new();
    if let Some(before) = before {
        let traffic = &before.traffic;
        for (part, back) in [
            (Part::Class, traffic.class.clone().map(Change::RestoreTraffic).into_iter().collect()),
            (Part::OldFilter, Vec::new()),
            (Part::Ingress, traffic.received()),
            (Part::Root, traffic.sent()),
        ] {
            let back = back.into_iter().map(|change| (link.clone(), change)).collect();
            let step = Step::new(link, Change::DeleteTraffic(part)).refused(Refused::IsFine);
            steps.push(step.undone_by_all(back));
        }
    }
    if let Some(rate) = rate {
        let there = before.is_some();
        let of = |change, part| {
            let step = Step::new(link, change);
            if there { step.undone_by(Change::DeleteTraffic(part)) } else { step }
        };
        steps.push(of(Change::AddHtb, Part::Root));
        steps.push(Step::new(link, Change::SetClass(rate, false)));
        steps.push(of(Change::AddIngress, Part::Ingress));
        steps.push(Step::new(link, Change::SetPolice(rate, false)));
    }
    steps
}

/// The steps that change a limit that is there, as [`set`] made it, and nothing else; none where it is not there.
#[must_use]
pub fn change(link: &Link, traffic: &Traffic, rate: Rate) -> Option<Vec<Step>> {
    let old = |shown: &Option<Raw>, kind: &str| {
        let shown = shown.as_ref().filter(|shown| tc::kind(shown) == kind)?;
        Rate::new(tc::rate(shown)?)
    };
    let (old_class, old_police) = (old(&traffic.class, "htb")?, old(&traffic.filter, "basic")?);
    Some(vec![
        Step::new(link, Change::SetClass(rate, true)).undone_by(Change::SetClass(old_class, true)),
        Step::new(link, Change::SetPolice(rate, true))
            .undone_by(Change::SetPolice(old_police, true)),
    ])
}

/// `tap_rate_limit`: limit an interface to so many bytes a second in each direction, or no longer.
///
/// # Errors
/// [`Died`], with the interface's traffic control as it was.
pub fn tap_rate_limit(call: &mut Call<'_>, name: &str, rate: Option<Rate>) -> Result<(), Died> {
    call.change(|call, tx| {
        let found = call.look(tx, &[name])?.pop().flatten();
        let Some(shown) = found else {
            // Nothing to remove is fine with the reference; nothing to limit is not.
            return match rate {
                None => Ok(()),
                Some(_) => Err(call.not_found(name, words::no_htb(name))),
            };
        };
        let before = call.before(tx, shown, &[], true)?;
        call.carry_out(tx, &set(&before.link(), Some(&before), rate))
    })
}

/// Change an interface's limit in place: packets that wait in its queue stay there, and its counters go on. Where no
/// limit of this kind is there, or none is wanted, this is [`tap_rate_limit`].
///
/// # Errors
/// As [`tap_rate_limit`].
pub fn tap_rate_change(call: &mut Call<'_>, name: &str, rate: Option<Rate>) -> Result<(), Died> {
    let changed = call.change(|call, tx| {
        let (Some(found), Some(rate)) = (tx.interface(name)?, rate) else { return Ok(false) };
        let link = Link::Host(found.name.as_str().into());
        tx.knows(&link, found.index);
        let traffic = before::read_limits(tx, found.index)?;
        match change(&link, &traffic, rate) {
            Some(steps) => call.carry_out(tx, &steps).map(|()| true),
            None => Ok(false),
        }
    })?;
    if changed { Ok(()) } else { tap_rate_limit(call, name, rate) }
}
