//! Measures reading and writing of container configurations. With an argument, only those whose name has it in.

use std::fmt::Write as _;
use std::hint::black_box;

use nix::time::{ClockId, clock_gettime};
use pve_config::lxc::{Config, Parsed, Section, parse_pct_config, write_pct_config};
use pve_schema::{Environment, Map, PerlStr, PerlString, Scalar, Value};

const FILENAME: PerlStr<'static> = PerlStr::literal("/etc/pve/nodes/test/lxc/100.conf");

const PLAIN: &str = "#Mail server
arch: amd64
cores: 2
features: nesting=1
hostname: mail
memory: 2048
mp0: local-lvm:vm-100-disk-1,mp=/var/mail,backup=1,size=32G
nameserver: 10.0.0.53
net0: name=eth0,bridge=vmbr0,gw=10.0.0.1,hwaddr=BC:24:11:00:00:01,ip=10.0.0.2/24,tag=5,type=veth
onboot: 1
ostype: debian
rootfs: local-lvm:vm-100-disk-0,size=8G
startup: order=2
swap: 512
unprivileged: 1
";

/// A configuration with this many snapshots, and eight interfaces and mount points in each section.
fn large(snapshots: usize) -> String {
    let mut section = String::from("arch: amd64\ncores: 4\nhostname: large\nmemory: 8192\n");
    for i in 0..8 {
        let _ = writeln!(
            section,
            "mp{i}: tank:subvol-100-disk-{i},mp=/srv/data{i},backup=1,size={}G",
            i + 1
        );
    }
    for i in 0..8 {
        let _ = writeln!(
            section,
            "net{i}: name=eth{i},bridge=vmbr{i},hwaddr=BC:24:11:00:00:{i:02X},ip=10.0.{i}.2/24,tag={},type=veth",
            i + 10
        );
    }
    section.push_str("ostype: debian\nrootfs: tank:subvol-100-disk-0,size=8G\nswap: 512\n");
    let mut text = section.clone();
    for i in 1..=snapshots {
        let _ = write!(text, "\n[snap{i}]\n{section}snaptime: {}\n", 1_700_000_000 + i);
    }
    text
}

fn main() {
    for (name, text) in [
        ("15 lines", PLAIN.to_owned()),
        ("10 snapshots", large(10)),
        ("100 snapshots", large(100)),
        ("100,000 small snapshots", (0..100_000).map(|i| format!("[s{i}]\nmemory: 1\n")).collect()),
        ("1,000,000 distinct keys", (0..1_000_000).map(|i| format!("k{i}: 1\n")).collect()),
        ("1,000,000 times one key", "memory: 1\n".repeat(1_000_000)),
        ("a line of 1 MiB", format!("net0: {}\n", "a=b,".repeat(1 << 18))),
        ("1 MiB of unknown keys", {
            let keys: Vec<String> = (0..1 << 17).map(|i| format!("k{i}=1")).collect();
            format!("net0: {}\n", keys.join(","))
        }),
    ] {
        if std::env::args().nth(1).is_some_and(|wanted| !name.contains(&wanted)) {
            continue;
        }
        let lines = text.lines().count();
        let parse = time(|| drop(black_box(parse(black_box(text.as_bytes())))));
        let parsed = parse_structure(text.as_bytes());
        let write = time(|| drop(black_box(write_pct_config(black_box(&parsed)))));
        println!(
            "{name:<26} {:>8.1} KiB  parse {:>12.2} us, {:>7.1} ns a line   write {:>12.2} us",
            text.len() as f64 / 1024.0,
            parse * 1e6,
            parse * 1e9 / lines as f64,
            write * 1e6
        );
    }
}

fn parse(raw: &[u8]) -> Parsed<'_> {
    parse_pct_config(FILENAME, raw, false, &Environment::empty())
}

/// The best of some rounds, in seconds of processor time.
fn time(mut call: impl FnMut()) -> f64 {
    let start = processor_time();
    call();
    let calls = (0.02 / (processor_time() - start)).clamp(1.0, 1e5) as usize;
    let rounds = (0..15).map(|_| {
        let start = processor_time();
        for _ in 0..calls {
            call();
        }
        (processor_time() - start) / calls as f64
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn processor_time() -> f64 {
    let time = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    time.map_or(0.0, |time| time.tv_sec() as f64 + time.tv_nsec() as f64 / 1e9)
}

fn parse_structure(raw: &[u8]) -> Map<'_> {
    parse(raw).config.map(|config| structure(&config)).unwrap_or_default()
}

fn structure<'a>(config: &Config<'a>) -> Map<'a> {
    let mut map = section(config.current());
    let mut snapshots = Map::new();
    for (name, snapshot) in config.snapshots() {
        snapshots.push(PerlStr::Bytes(name), section(snapshot));
    }
    map.push(PerlString::literal("snapshots"), snapshots);
    map.push(PerlString::literal("pending"), section(config.pending()));
    map
}

fn section<'a>(section: Section<'_, 'a>) -> Map<'a> {
    let mut map = Map::new();
    for (key, value) in section.iter() {
        let value: Scalar<'a> = value.clone();
        map.push(PerlStr::Bytes(key), Value::from(value));
    }
    map
}
