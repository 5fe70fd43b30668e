//! Typed configurations: what the dialects read, and that what is written is read again.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use pve_config::lxc::container::{
    Container, ContainerError, Device, Dialect, Flag, IdKind, IdMap, IdRange, Index, MountPoint,
    Name, Network, Options, Settings, Startup, parse_container_config,
};
use pve_config::lxc::generate_container_config;
use pve_schema::{Environment, PerlString, Scalar};
use serde::Deserialize;
use serde_json::{Value, json};

fn options(dialect: Dialect) -> Options<'static> {
    let environment = Environment::new(&|zone| zone == b"Europe/Vienna");
    Options { dialect, is_vnet: &|name| name == b"vnet1" || name == b"blue", environment }
}

fn relaxed(raw: &str) -> (Container<'_>, Vec<String>) {
    let parsed = parse_container_config(100, raw.as_bytes(), &options(Dialect::Relaxed));
    let warnings = parsed.warnings.iter().map(PerlString::to_string).collect();
    (parsed.container.expect("a configuration"), warnings)
}

fn strict(raw: &str) -> Result<Container<'_>, String> {
    parse_container_config(100, raw.as_bytes(), &options(Dialect::Strict))
        .container
        .map_err(|e| e.to_string())
}

fn written(container: &Container<'_>) -> Result<String, String> {
    generate_container_config(container)
        .map(|text| text.to_string())
        .map_err(|error| error.to_string())
}

fn word(text: &'static str) -> PerlString<'static> {
    PerlString::literal(text)
}

#[test]
fn an_interface_without_a_name_is_named_after_its_number() {
    let (container, warnings) = relaxed("net3: bridge=vmbr0,firewall=yes\n");
    let network = Network {
        name: word("eth3"),
        bridge: Some(word("vmbr0")),
        firewall: Some(Flag(true)),
        ..Network::default()
    };
    assert_eq!(container.current.net, [(Index(3), network)].into());
    assert!(warnings.is_empty());
    assert_eq!(written(&container), Ok("net3: name=eth3,bridge=vmbr0,firewall=1\n".into()));
    let missing = "format error\nname: property is missing and it is not optional\n";
    let error = format!("vm 100 - unable to parse value of 'net3' - {missing}");
    assert_eq!(strict("net3: bridge=vmbr0\n"), Err(error));
}

#[test]
fn an_interface_named_after_a_vnet_is_plugged_into_it() {
    let (container, _) = relaxed(
        "net0: name=vnet1\nnet1: name=blue,bridge=vmbr0\nnet2: name=eth2,bridge=blue\nnet3: name=x\n",
    );
    let network = |name, bridge: Option<&'static str>, vnet| Network {
        name: word(name),
        bridge: bridge.map(word),
        vnet: Flag(vnet),
        ..Network::default()
    };
    let expected = [
        (Index(0), network("eth0", Some("vnet1"), true)),
        (Index(1), network("blue", Some("vmbr0"), false)),
        (Index(2), network("eth2", Some("blue"), true)),
        (Index(3), network("x", None, false)),
    ];
    assert_eq!(container.current.net, expected.into());
    let text = written(&container).expect("a text");
    assert!(text.starts_with("net0: name=eth0,bridge=vnet1\n"), "{text}");
    let strictly = strict("net0: name=vnet1\n").expect("a configuration");
    assert_eq!(strictly.current.net, [(Index(0), network("vnet1", None, false))].into());
}

#[test]
fn settings_have_their_types() {
    let raw = "#a\n#b\nmemory: 0512\ncpulimit: 1.5\nonboot: On\ntags: a;b c\nstartup: 2,up=5\n\
               mp0: local:100/x.raw,mp=/a,size=1.5G,ro=no,mountoptions=noatime;nodev,idmap=u:0:100000:65536\n\
               dev0: /dev/fuse,mode=0660,uid=5\nunused1: local:100/y\nlxc.environment.runtime: A=1\n\
               lxc.environment.runtime: B=2\nlxc.idmap = u 0 1 1\n\
               [pve:pending]\nmemory: 1024\ndelete: net0,mp1\n[snap]\nsnapstate: prepare\nsnaptime: 17\n";
    let (container, warnings) = relaxed(raw);
    assert_eq!(warnings, [""; 0]);
    let mount_point = MountPoint {
        volume: word("local:100/x.raw"),
        mp: Some(word("/a")),
        size: Some(1536 << 20),
        ro: Some(Flag(false)),
        mountoptions: vec![word("noatime"), word("nodev")],
        idmap: Some(IdMap::Ranges(vec![IdRange {
            kind: IdKind::User,
            container: 0,
            disk: 100_000,
            count: 65_536,
        }])),
        ..MountPoint::default()
    };
    let device = Device {
        path: word("/dev/fuse"),
        mode: Some(word("0660")),
        uid: Some(5),
        ..Device::default()
    };
    let current = Settings {
        description: Some(Scalar::Text("a\nb\n".into())),
        memory: Some(512),
        cpulimit: Some(1.5),
        onboot: Some(Flag(true)),
        tags: vec![word("a"), word("b"), word("c")],
        startup: Some(Startup { order: Some(2), up: Some(5), down: None }),
        mp: [(Index(0), mount_point)].into(),
        dev: [(Index(0), device)].into(),
        unused: [(Index(1), word("local:100/y"))].into(),
        env: vec![word("A=1"), word("B=2")],
        lxc: vec![(word("lxc.idmap"), word("u 0 1 1"))],
        ..Settings::default()
    };
    assert_eq!(container.current, current);
    let pending = Settings {
        memory: Some(1024),
        delete: vec![word("net0"), word("mp1")],
        ..Settings::default()
    };
    assert_eq!(container.pending, pending);
    let snapshot =
        Settings { snapstate: Some(word("prepare")), snaptime: Some(17), ..Settings::default() };
    assert_eq!(container.snapshots, [(Name(word("snap")), snapshot)].into());
}

#[test]
fn a_volume_with_an_equals_sign_is_written_with_its_key() {
    let (container, _) = relaxed("mp0: volume=/a=b,mp=/c,ro=1\n");
    assert_eq!(written(&container), Ok("mp0: volume=/a=b,mp=/c,ro=1\n".into()));
}

#[test]
fn what_does_not_fit_is_kept_or_refused() {
    let raw = "cores: 0\narch: vax\nnet0: tag=5000\nfoo: bar\ndigest: x\nGarbage\ntimezone: Mars\n";
    let (container, warnings) = relaxed(raw);
    let other = container.current.other.iter().map(|(Name(key), value)| format!("{key}={value}"));
    assert_eq!(
        other.collect::<Vec<_>>(),
        ["arch=vax", "cores=0", "foo=bar", "net0=tag=5000", "timezone=Mars"]
    );
    assert_eq!(warnings.len(), 7, "{warnings:?}");
    assert_eq!(
        warnings[0],
        "vm 100 - unable to parse value of 'cores' - value must have a minimum value of 1\n"
    );
    assert_eq!(
        written(&container),
        Ok("arch: vax\ncores: 0\nfoo: bar\nnet0: tag=5000\ntimezone: Mars\n".into())
    );
    for line in raw.lines() {
        assert!(strict(line).is_err(), "{line}");
    }
    let error = parse_container_config(99, b"", &options(Dialect::Relaxed)).container.err();
    assert_eq!(error, Some(ContainerError::Vmid(99)));
}

#[test]
fn what_a_file_cannot_hold_is_refused() {
    let refusal = |settings: Settings<'static>| {
        written(&Container { vmid: 100, current: settings, ..Container::default() })
            .expect_err("a refusal")
    };
    let net = |network| Settings { net: [(Index(0), network)].into(), ..Settings::default() };
    for (settings, text) in [
        (
            Settings { cores: Some(0), ..Settings::default() },
            "cannot write current.cores: value must have a minimum value of 1",
        ),
        (
            Settings { entrypoint: Some(word(" a")), ..Settings::default() },
            "cannot write current.entrypoint: it is empty, or has a newline, or white space at an end",
        ),
        (
            net(Network { name: word("a,b"), ..Network::default() }),
            "cannot write current.net0: format error\nname: value does not match the regex pattern",
        ),
        (
            net(Network { name: word("eth0"), tag: Some(0), ..Network::default() }),
            "cannot write current.net0: format error\ntag: value must have a minimum value of 1",
        ),
        (
            Settings { unused: [(Index(256), word("local:a"))].into(), ..Settings::default() },
            "cannot write current.unused256: there are not so many",
        ),
        (
            Settings { delete: vec![word("a")], ..Settings::default() },
            "cannot write current.delete: only pending changes delete settings",
        ),
        (
            Settings { lxc: vec![(word("lxc.rootfs.path"), word("x"))], ..Settings::default() },
            "cannot write current.lxc.rootfs.path: LXC has no such key that may stand here",
        ),
        (
            Settings { other: [(Name(word("a b")), word("x"))].into(), ..Settings::default() },
            "cannot write current.a b: no line of the file can hold this",
        ),
    ] {
        assert_eq!(refusal(settings), text);
    }
}

#[test]
fn recorded_configurations_come_back() {
    for line in include_str!("../../../t/vectors/lxc.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a recorded case");
        let input = case["input"].as_str().unwrap_or_default();
        let input: Vec<u8> = input.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        support::round_trip::typed(&input, case["file"].as_str().unwrap_or_default());
    }
}

/// The reference's writer leaves such a list out.
#[test]
fn an_environment_that_perl_holds_to_be_false_comes_back() {
    support::round_trip::typed(b"env: 0\n", "a lone 0");
    support::round_trip::typed(b"env:\x0b\n", "white space");
    support::round_trip::typed(b"env: A=1\x0b\0 \0B=2\n", "white space at an end");
    support::round_trip::typed(b"lxc.environment.runtime: 0\n", "a lone 0 of LXC");
}

/// The reader takes white space off the ends of a line, not off its parts.
#[test]
fn white_space_at_an_end_of_a_part_comes_back() {
    for line in ["mp9:mp=/, \0", "mp0: local:a,mp=/x ,backup=1", "mp0: mp=/x , local:a"] {
        support::round_trip::typed(format!("{line}\n").as_bytes(), line);
    }
}

/// The reader takes the last white space of a line without a value for the value.
#[test]
fn a_value_of_white_space_comes_back() {
    for space in [" ", "  ", "\t", "\r", " \x0b"] {
        support::round_trip::typed(format!("entrypoint:{space}\n").as_bytes(), "white space");
    }
}

/// What a Perl program gets, it can hand back.
#[test]
fn structures_cross_a_boundary_and_come_back() {
    for line in include_str!("../../../t/vectors/lxc.jsonl").lines() {
        let case: Value = serde_json::from_str(line).expect("a recorded case");
        let input = case["input"].as_str().unwrap_or_default();
        let input: Vec<u8> = input.chars().map(|c| u8::try_from(c).expect("a byte")).collect();
        let parsed = parse_container_config(100, &input, &options(Dialect::Relaxed));
        let container = parsed.container.expect("a configuration");
        let json = support::json::to_json(&container);
        let back =
            Container::deserialize(&json).unwrap_or_else(|error| unreachable!("{error}: {json}"));
        assert_eq!(container, back, "{}", case["file"]);
    }
}

#[test]
fn booleans_may_be_words_and_unknown_fields_are_refused() {
    let read = |json: Value| {
        Container::deserialize(&json).map(|c| c.current.onboot).map_err(|e| e.to_string())
    };
    for (value, flag) in
        [(json!("yes"), true), (json!(0), false), (json!(true), true), (json!(""), false)]
    {
        assert_eq!(
            read(json!({ "vmid": 100, "current": { "onboot": value } })),
            Ok(Some(Flag(flag)))
        );
    }
    let error = read(json!({ "vmid": 100, "current": { "onboot": 2 } })).expect_err("a refusal");
    assert!(error.contains("a boolean: 1, 0, true, false, yes, no, on, off"), "{error}");
    let error = read(json!({ "vmid": 100, "current": { "onbot": 1 } })).expect_err("a refusal");
    assert!(error.contains("unknown field `onbot`"), "{error}");
}
