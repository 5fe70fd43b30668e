//! `tc`: the rate of an interface, as Proxmox VE limits it: what is sent out through an htb class, what comes in
//! policed at the ingress (the reference: `PVE::Network`, `setup_tc_rate_limit`).

use netlink_packet_core::{NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL};

use crate::attribute::{find, nest, put, u32_at};
use crate::request::{Raw, Request};

mod clock;

pub use clock::{Clock, Rounding};

/// Bytes that may pass at once.
const BURST: u32 = 1024 * 1024;
/// The largest packet that the police lets pass, in bytes.
const POLICE_MTU: u32 = 64 * 1024;
/// The largest packet that tc(8) reckons a class with, in bytes.
const CLASS_MTU: u32 = 1600;
/// Entries of a rate table (`TC_RTAB_SIZE` / 4).
const TABLE: u32 = 256;

const ROOT: u32 = 0xffff_ffff;
const INGRESS: u32 = 0xffff_fff1;
const INGRESS_HANDLE: u32 = 0xffff_0000;
const HTB: u32 = 0x0001_0000;
const CLASS: u32 = 0x0001_0001;
/// The filter's priority, and all protocols (`ETH_P_ALL`, in network byte order).
const PRIORITY_50: u32 = (50 << 16) | (0x0003_u16.to_be() as u32);

const TCA_KIND: u16 = 1;
const TCA_OPTIONS: u16 = 2;
const TCA_HTB_PARMS: u16 = 1;
const TCA_HTB_INIT: u16 = 2;
const TCA_HTB_CTAB: u16 = 3;
const TCA_HTB_RTAB: u16 = 4;
const TCA_HTB_RATE64: u16 = 6;
const TCA_HTB_CEIL64: u16 = 7;
const TCA_BASIC_POLICE: u16 = 4;
const TCA_POLICE_TBF: u16 = 1;
const TCA_POLICE_RATE: u16 = 2;
const TCA_POLICE_RATE64: u16 = 8;
const TC_ACT_SHOT: u32 = 2;
/// `TC_LINKLAYER_ETHERNET`
const ETHERNET: u8 = 1;
/// The size of `struct tcmsg`.
const TCMSG: usize = 20;

/// A limit in bytes a second, not 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate(u64);

impl Rate {
    /// A limit, unless it is 0, which is none.
    #[must_use]
    pub fn new(bytes_per_second: u64) -> Option<Self> {
        (bytes_per_second > 0).then_some(Self(bytes_per_second))
    }

    /// In bytes a second.
    #[must_use]
    pub fn bytes_per_second(self) -> u64 {
        self.0
    }

    /// What the kernel's older structures hold.
    fn short(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }

    fn is_long(self) -> bool {
        u32::try_from(self.0).is_err()
    }
}

/// The part of an interface's traffic control that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The queueing discipline of what is sent.
    Root,
    /// Class 1:1 of it.
    Class,
    /// The one of what comes in.
    Ingress,
    /// The filter of priority 50 there, of the kind that an older release left.
    OldFilter,
    /// The filter of priority 50 there.
    Filter,
}

fn message(kind: u16, index: u32, part: Part, name: Option<&str>) -> Raw {
    let (handle, parent, info) = match part {
        Part::Root => (0, ROOT, 0),
        Part::Class => (CLASS, HTB, 0),
        Part::Ingress => (INGRESS_HANDLE, INGRESS, 0),
        Part::OldFilter | Part::Filter => (0, INGRESS_HANDLE, PRIORITY_50),
    };
    let mut body = vec![0; 4];
    for word in [index, handle, parent, info] {
        body.extend(word.to_ne_bytes());
    }
    if let Some(name) = name {
        put(&mut body, TCA_KIND, &[name.as_bytes(), b"\0"].concat());
    }
    Raw { kind, body }
}

fn set_handle(raw: &mut Raw, handle: u32) {
    for (to, from) in raw.body.iter_mut().skip(8).zip(handle.to_ne_bytes()) {
        *to = from;
    }
}

fn request(raw: Raw, flags: u16) -> Request {
    Request::raw(raw.kind, raw.body, flags)
}

/// `tc … del …`, each as the reference removes it.
#[must_use]
pub fn delete(index: u32, part: Part) -> Request {
    let raw = match part {
        Part::Root => message(libc::RTM_DELQDISC, index, part, None),
        Part::Ingress => message(libc::RTM_DELQDISC, index, part, Some("ingress")),
        Part::Class => message(libc::RTM_DELTCLASS, index, part, None),
        Part::OldFilter => message(libc::RTM_DELTFILTER, index, part, Some("u32")),
        Part::Filter => message(libc::RTM_DELTFILTER, index, part, Some("basic")),
    };
    request(raw, 0)
}

/// What is there of a part, if anything is.
#[must_use]
pub fn show(index: u32, part: Part) -> Request {
    let raw = match part {
        Part::Root => message(libc::RTM_GETQDISC, index, part, None),
        // Asked for by its place alone, it is found whatever it is.
        Part::Ingress => {
            let mut raw = message(libc::RTM_GETQDISC, index, part, None);
            set_handle(&mut raw, 0);
            raw
        }
        Part::Class => message(libc::RTM_GETTCLASS, index, part, None),
        Part::OldFilter => message(libc::RTM_GETTFILTER, index, part, Some("u32")),
        Part::Filter => {
            let mut raw = message(libc::RTM_GETTFILTER, index, part, Some("basic"));
            set_handle(&mut raw, 1);
            raw
        }
    };
    // Kernels before 6.8 show a queueing discipline or a class to those only who ask for an echo.
    request(raw, NLM_F_ECHO)
}

/// `tc qdisc add dev INDEX root handle 1: htb default 1`.
#[must_use]
pub fn add_htb(index: u32) -> Request {
    let mut raw = message(libc::RTM_NEWQDISC, index, Part::Root, Some("htb"));
    set_handle(&mut raw, HTB);
    // struct tc_htb_glob: version, rate2quantum, defcls, debug, direct_pkts
    let glob: Vec<u8> = [3_u32, 10, 1, 0, 0].iter().flat_map(|word| word.to_ne_bytes()).collect();
    nest(&mut raw.body, TCA_OPTIONS, |options| put(options, TCA_HTB_INIT, &glob));
    request(raw, NLM_F_CREATE | NLM_F_EXCL)
}

/// `tc qdisc add dev INDEX handle ffff: ingress`.
#[must_use]
pub fn add_ingress(index: u32) -> Request {
    request(
        message(libc::RTM_NEWQDISC, index, Part::Ingress, Some("ingress")),
        NLM_F_CREATE | NLM_F_EXCL,
    )
}

/// `tc class add dev INDEX parent 1: classid 1:1 htb rate RATEbps burst 1048576b`, or the same with `change`, for a
/// class that is there. The kernel gives back what it made.
#[must_use]
pub fn class(index: u32, rate: Rate, change: bool, clock: Clock) -> Request {
    let mut raw = message(libc::RTM_NEWTCLASS, index, Part::Class, Some("htb"));
    let table = table(clock, rate.short(), CLASS_MTU);
    let spec = spec(rate, CLASS_MTU);
    let ceil_burst = clock.in_a_timer_tick(rate.0).saturating_add(CLASS_MTU);
    // struct tc_htb_opt: rate, ceil, buffer, cbuffer, quantum, level, prio
    let mut opt = [spec, spec].concat();
    let (buffer, cbuffer) = (clock.ticks(rate.0, BURST), clock.ticks(rate.0, ceil_burst));
    for word in [buffer, cbuffer, 0, 0, 0] {
        opt.extend(word.to_ne_bytes());
    }
    nest(&mut raw.body, TCA_OPTIONS, |options| {
        if rate.is_long() {
            put(options, TCA_HTB_RATE64, &rate.0.to_ne_bytes());
            put(options, TCA_HTB_CEIL64, &rate.0.to_ne_bytes());
        }
        put(options, TCA_HTB_PARMS, &opt);
        put(options, TCA_HTB_RTAB, &table);
        put(options, TCA_HTB_CTAB, &table);
    });
    let flags = if change { 0 } else { NLM_F_CREATE | NLM_F_EXCL };
    request(raw, flags | NLM_F_ECHO)
}

/// `tc filter add dev INDEX parent ffff: prio 50 basic police rate RATEbps burst 1048576b mtu 64kb drop`, or the same in
/// place of a filter that is there. The kernel gives back what it made.
#[must_use]
pub fn police(index: u32, rate: Rate, change: bool, clock: Clock) -> Request {
    let mut raw = message(libc::RTM_NEWTFILTER, index, Part::Filter, Some("basic"));
    // struct tc_police: index, action, limit, burst, mtu, rate, peakrate, refcnt, bindcnt, capab
    let mut police = Vec::new();
    for word in [0, TC_ACT_SHOT, 0, clock.ticks(rate.0, BURST), POLICE_MTU] {
        police.extend(word.to_ne_bytes());
    }
    police.extend(spec(rate, POLICE_MTU));
    police.resize(56, 0);
    let table = table(clock, rate.short(), POLICE_MTU);
    nest(&mut raw.body, TCA_OPTIONS, |options| {
        nest(options, TCA_BASIC_POLICE, |nested| {
            put(nested, TCA_POLICE_TBF, &police);
            put(nested, TCA_POLICE_RATE, &table);
            if rate.is_long() {
                put(nested, TCA_POLICE_RATE64, &rate.0.to_ne_bytes());
            }
        });
    });
    let flags = if change {
        set_handle(&mut raw, 1);
        NLM_F_CREATE
    } else {
        NLM_F_CREATE | NLM_F_EXCL
    };
    request(raw, flags | NLM_F_ECHO)
}

/// Put a queueing discipline, a class or a filter back as the kernel showed it.
#[must_use]
pub fn restore(index: u32, shown: &Raw, clock: Clock) -> Request {
    let (head, attributes) = shown.body.split_at(TCMSG.min(shown.body.len()));
    let mut body = head.to_vec();
    // The link may have been made again meanwhile.
    for (to, from) in body.iter_mut().skip(4).zip(index.to_ne_bytes()) {
        *to = from;
    }
    // tcm_info of a queueing discipline is its number of references.
    if shown.kind == libc::RTM_NEWQDISC {
        body.truncate(TCMSG - 4);
        body.extend([0; 4]);
    }
    put(&mut body, TCA_KIND, find(attributes, TCA_KIND).unwrap_or_default());
    if let Some(options) = find(attributes, TCA_OPTIONS) {
        match find(options, TCA_BASIC_POLICE) {
            // The kernel does not show the rate table that it wants.
            Some(police) if shown.kind == libc::RTM_NEWTFILTER && kind(shown) == "basic" => {
                let tbf = find(police, TCA_POLICE_TBF).unwrap_or_default();
                let rate = u32_at(tbf, 20 + 8).unwrap_or_default();
                let mtu = u32_at(tbf, 16).unwrap_or_default();
                // A new one, by its index of 0. What the table is made by is not shown either.
                let mut tbf = [&[0; 4], tbf.get(4..).unwrap_or_default()].concat();
                if let Some(log) = tbf.get_mut(20) {
                    *log = cell_log(mtu);
                }
                nest(&mut body, TCA_OPTIONS, |options| {
                    nest(options, TCA_BASIC_POLICE, |nested| {
                        put(nested, TCA_POLICE_TBF, &tbf);
                        put(nested, TCA_POLICE_RATE, &table(clock, rate, mtu));
                        if let Some(long) = find(police, TCA_POLICE_RATE64) {
                            put(nested, TCA_POLICE_RATE64, long);
                        }
                    });
                });
            }
            _ => {
                let mut options = options.to_vec();
                if shown.kind == libc::RTM_NEWQDISC && kind(shown) == "htb" {
                    set_version(&mut options);
                }
                put(&mut body, TCA_OPTIONS, &options);
            }
        }
    }
    let flags = NLM_F_CREATE | if shown.kind == libc::RTM_NEWTFILTER { NLM_F_EXCL } else { 0 };
    Request::raw(shown.kind, body, flags)
}

/// What the kernel shows as htb's version is more than it wants to be told: the first half.
fn set_version(options: &mut [u8]) {
    let start = options.windows(4).position(|head| head == [24, 0, TCA_HTB_INIT as u8, 0]);
    let version = start.and_then(|start| options.get_mut(start + 4..start + 8));
    if let Some(version) = version {
        let shown = u32_at(version, 0).unwrap_or_default();
        let told = if shown > 0xffff { shown >> 16 } else { shown };
        version.copy_from_slice(&told.to_ne_bytes());
    }
}

/// The kind (`htb`, `noqueue`) of what the kernel showed.
#[must_use]
pub fn kind(shown: &Raw) -> &str {
    let attributes = shown.body.get(TCMSG..).unwrap_or_default();
    let name = find(attributes, TCA_KIND).unwrap_or_default();
    std::str::from_utf8(name).unwrap_or_default().trim_end_matches('\0')
}

/// The handle of what the kernel showed; 0 is a queueing discipline that the kernel made by itself.
#[must_use]
pub fn handle(shown: &Raw) -> u32 {
    u32_at(&shown.body, 8).unwrap_or_default()
}

/// The rate of a class or of the filter, in bytes a second, as the kernel showed it.
#[must_use]
pub fn rate(shown: &Raw) -> Option<u64> {
    let options = find(shown.body.get(TCMSG..)?, TCA_OPTIONS)?;
    let long = |attributes, kind| {
        let value: &[u8] = find(attributes, kind)?;
        Some(u64::from_ne_bytes(value.try_into().ok()?))
    };
    // The same number means something else to htb.
    if let Some(police) = find(options, TCA_BASIC_POLICE).filter(|_| kind(shown) == "basic") {
        let short = u32_at(find(police, TCA_POLICE_TBF)?, 20 + 8)?;
        return long(police, TCA_POLICE_RATE64).or(Some(short.into()));
    }
    let short = u32_at(find(options, TCA_HTB_PARMS)?, 8)?;
    long(options, TCA_HTB_RATE64).or(Some(short.into()))
}

/// struct tc_ratespec: cell_log, linklayer, overhead, cell_align, mpu, rate
fn spec(rate: Rate, mtu: u32) -> [u8; 12] {
    let mut spec = [0; 12];
    let align = (-1_i16).to_ne_bytes();
    let fields = [cell_log(mtu), ETHERNET, 0, 0, align[0], align[1], 0, 0];
    let bytes = fields.into_iter().chain(rate.short().to_ne_bytes());
    for (to, from) in spec.iter_mut().zip(bytes) {
        *to = from;
    }
    spec
}

/// By how many bits sizes are cut so that the largest one has an entry in a rate table.
fn cell_log(mtu: u32) -> u8 {
    let mtu = if mtu == 0 { 2047 } else { mtu };
    let mut log = 0;
    while mtu >> log >= TABLE {
        log += 1;
    }
    log
}

/// How long packets of 256 sizes up to `mtu` take.
fn table(clock: Clock, rate: u32, mtu: u32) -> Vec<u8> {
    let log = cell_log(mtu);
    let sizes = (1..=TABLE).map(|entry| entry << log);
    sizes.flat_map(|size| clock.ticks(rate.into(), size).to_ne_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: Clock = Clock::precise(Rounding::Down);

    fn rate(megabytes: u64) -> Rate {
        Rate::new(megabytes * 1024 * 1024).unwrap()
    }

    fn body(request: Request) -> Vec<u8> {
        request.into_raw().unwrap().body
    }

    /// As `tc class add … htb rate 13107200bps burst 1048576b` of iproute2 6.1 sends it.
    #[test]
    fn a_class_is_what_tc_makes() {
        let rate = Rate::new(13_107_200).unwrap();
        let body = body(class(3, rate, false, CLOCK));
        let parms = find(find(&body[TCMSG..], TCA_OPTIONS).unwrap(), TCA_HTB_PARMS).unwrap();
        let words: Vec<_> = (0..11).map(|word| u32_at(parms, 4 * word).unwrap()).collect();
        let spec = [0x0103, 0xffff, 13_107_200];
        assert_eq!(words, [&spec[..], &spec, &[1_250_000, 1906, 0, 0, 0]].concat());
        let table = find(find(&body[TCMSG..], TCA_OPTIONS).unwrap(), TCA_HTB_RTAB).unwrap();
        let first: Vec<_> = (0..6).map(|entry| u32_at(table, 4 * entry).unwrap()).collect();
        assert_eq!((first, table.len()), (vec![0, 15, 15, 31, 46, 46], 1024));
    }

    #[test]
    fn a_filter_is_what_tc_makes() {
        let rate = Rate::new(13_107_200).unwrap();
        let body = body(police(3, rate, false, CLOCK));
        assert_eq!(body.len(), 1144 - 16);
        assert_eq!(body[4..20], [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 3, 0x32, 0]);
        let options = find(&body[TCMSG..], TCA_OPTIONS).unwrap();
        let nested = find(options, TCA_BASIC_POLICE).unwrap();
        let tbf = find(nested, TCA_POLICE_TBF).unwrap();
        let words: Vec<_> = (0..8).map(|word| u32_at(tbf, 4 * word).unwrap()).collect();
        assert_eq!(words, [0, 2, 0, 1_250_000, 65536, 0x0109, 0xffff, 13_107_200]);
        let table = find(nested, TCA_POLICE_RATE).unwrap();
        assert_eq!((u32_at(table, 0), u32_at(table, 4)), (Some(0x261), Some(0x4c2)));
    }

    #[test]
    fn a_rate_is_read_as_it_was_written() {
        for wanted in [rate(1), rate(4095), rate(4096), rate(100_000)] {
            for request in [class(3, wanted, false, CLOCK), police(3, wanted, true, CLOCK)] {
                let raw = request.into_raw().unwrap();
                assert_eq!(super::rate(&raw), Some(wanted.bytes_per_second()));
            }
        }
        assert_eq!(Rate::new(0), None);
    }

    #[test]
    fn what_was_cut_has_no_rate() {
        let whole = class(3, rate(1), false, CLOCK).into_raw().unwrap();
        for length in 0..whole.body.len() {
            let cut = Raw { kind: whole.kind, body: whole.body[..length].to_vec() };
            let _ = super::rate(&cut);
            let _ = kind(&cut);
            let _ = restore(3, &cut, CLOCK);
        }
    }
}
