//! `tun` and `tap` links (`IFLA_TUN_…`), of which each virtual machine's interface is one.

use nix::unistd::{Gid, Group, Uid, User};
use serde::ser::SerializeMap;

use super::super::attributes::{ByType, attributes};
use super::super::field::{Form, Table, add_one, table};
use super::super::links::Links;
use super::super::value::Boolean;

static FIELDS: Table<10> =
    table(&[(4, "pi", Form::Flag), (5, "vnet_hdr", Form::Flag), (6, "persist", Form::Flag)]);
const OWNER: usize = 1;
const GROUP: usize = 2;
const TYPE: usize = 3;
const MULTI_QUEUE: usize = 7;
const NUM_QUEUES: usize = 8;
const NUM_DISABLED_QUEUES: usize = 9;

pub(super) fn add_tun<M: SerializeMap>(
    map: &mut M,
    data: &[u8],
    links: &Links,
) -> Result<(), M::Error> {
    let tun = ByType::<10>::new(data);
    match tun.u8(TYPE) {
        None => {}
        Some(1) => map.serialize_entry("type", "tun")?,
        Some(2) => map.serialize_entry("type", "tap")?,
        Some(other) => map.serialize_entry("type", &format!("UNKNOWN:{other}"))?,
    }
    for (kind, value) in attributes(data) {
        add_one(map, &FIELDS, kind, value, links)?;
    }
    let multi_queue = tun.u8(MULTI_QUEUE).is_some_and(|queues| queues != 0);
    map.serialize_entry("multi_queue", &Boolean(multi_queue))?;
    if multi_queue {
        for (kind, key) in [(NUM_QUEUES, "numqueues"), (NUM_DISABLED_QUEUES, "numdisabled")] {
            if let Some(number) = tun.u32(kind) {
                map.serialize_entry(key, &number)?;
            }
        }
    }
    if let Some(uid) = tun.u32(OWNER) {
        match User::from_uid(Uid::from_raw(uid)) {
            Ok(Some(user)) => map.serialize_entry("user", &user.name)?,
            _ => map.serialize_entry("user", &uid)?,
        }
    }
    if let Some(gid) = tun.u32(GROUP) {
        match Group::from_gid(Gid::from_raw(gid)) {
            Ok(Some(group)) => map.serialize_entry("group", &group.name)?,
            _ => map.serialize_entry("group", &gid)?,
        }
    }
    Ok(())
}
