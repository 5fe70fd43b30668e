//! Network configurations: bad input, and what is written is read again as it was.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pve_config::interfaces::{Link, read, validate, write};
use pve_schema::text::Decoder;
use pve_schema::{Map, PerlStr, Scalar, Value};

/// Stanzas that go together; `N` is replaced by a number of their own.
const STANZAS: &[&str] = &[
    "auto ethN\niface ethN inet manual\n",
    "iface ethN inet static\n\taddress 10.0.N.1/24\n\tgateway 10.0.N.254\n#a note\n# caf\u{e9}\n",
    "iface ethN inet6 static\n\taddress fd00:N::1/64\n#six\n",
    "iface ethN inet static\n\taddress 10.1.N.1\n\tnetmask 255.255.0.0\n\tmtu 9000\n\tpost-up true\niface ethN inet6 auto\n",
    "auto vmbrN\niface vmbrN inet static\n\taddress 10.2.N.1/24\n\tbridge_ports none\n\tbridge_stp off\n",
    "iface vmbrN inet manual\n\tbridge-ports nicN nicN.5\n\tbridge-stp yes\n\tbridge-fd 3\n\tbridge-vlan-aware yes\n\tbridge-vids 5\niface nicN inet manual\n\tbridge-access 5\n",
    "iface bondN inet manual\n\tbond-slaves enaN enbN\n\tbond-mode 4\n\tbond-miimon 100\n\tbond-xmit-hash-policy layer2+3\nauto enaN enbN\niface enaN inet manual\niface enbN inet manual\n",
    "iface ifN inet manual\niface ifN.7 inet manual\niface ifN.7:1 inet static\n\taddress 10.3.N.1/24\n",
    "iface ethN inet manual\niface vlanN inet manual\n\tvlan-raw-device ethN\n",
    "iface ethN inet manual\niface customN inet manual\n\tvlan-raw-device ethN\n\tvlan-id N\n",
    "iface vxN\n\tvxlan-id N\n\tvxlan-remoteip 10.0.0.2\n\tvxlan-remoteip 10.0.0.3\n",
    "iface dumN inet manual\n\tlink-type dummy\n",
    "iface vmbrN inet manual\n\tovs_type OVSBridge\n\tovs_ports inN ethN\nauto inN\niface inN inet static\n\taddress 10.4.N.1/24\n\tovs_type OVSIntPort\n\tovs_bridge vmbrN\n\tovs_options tag=5\nauto ethN\niface ethN inet manual\n\tovs_type OVSPort\n\tovs_bridge vmbrN\n",
    "source /etc/network/interfaces.d/N\n\n",
    "mapping ethN\n\n",
];

/// Lines that go together with nothing.
const LINES: &[&str] = &[
    "iface eth0 inet manual",
    "iface eth0.5",
    "iface bond0 inet static",
    "iface br0 inet6 auto",
    "iface x ipx y",
    "auto eth0 bond0",
    "allow-hotplug br0",
    "allow-br0 eth0 in0",
    "\taddress 10.0.0.1",
    "\taddress /24",
    "\tnetmask 0.0.0.0",
    "\tnetmask x",
    "\tbridge_ports eth0 eth0.5",
    "\tbridge-ports",
    "\tbond-slaves eth0",
    "\tovs_type OVSBond",
    "\tovs_options a=b tag= lacp=active",
    "\tovs_bonds eth0",
    "\tovs_ports bond0",
    "\tvlan-raw-device eth0.5",
    "\tvxlan-id 5",
    "#note",
    "\t# \u{e9}",
    "",
    " ",
    "source x",
];

/// xorshift64, Marsaglia 2003.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }
}

fn parsed(text: &[u8]) -> Map<'_> {
    read(text, &[], &[], Decoder::new()).into_map()
}

/// A structure in the order of the names, without what depends on the order in the file.
fn without_priorities(map: &Map<'_>) -> Map<'static> {
    let mut config = Map::new();
    let ifaces = map.get("ifaces").and_then(Value::as_map).expect("ifaces");
    let mut ifaces: Vec<_> = ifaces.iter().collect();
    ifaces.sort_by_key(|(name, _)| *name);
    for (name, iface) in ifaces {
        let mut copy = iface.as_map().expect("an interface").clone().into_owned();
        copy.remove("priority");
        let mut entries: Vec<_> =
            copy.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        let entries = entries
            .into_iter()
            .map(|(key, value)| Value::List(vec![Scalar::Text(key.into()).into(), as_text(value)]));
        config.push(name.into_owned(), entries.collect::<Vec<_>>());
    }
    let lines = map.get("options").and_then(Value::as_list).expect("options").iter();
    let lines = lines.map(|line| {
        line.as_list().and_then(|line| line.get(1)).cloned().expect("a line").into_owned()
    });
    config.push("source lines", lines.collect::<Vec<_>>());
    config
}

/// Numbers that are set where the file has none come back as texts.
fn as_text(value: Value<'static>) -> Value<'static> {
    match value {
        Value::Scalar(scalar) if scalar.is_defined() => {
            Scalar::from(scalar.to_perl().into_owned()).into()
        }
        other => other,
    }
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..1_000 {
        let count = 1 + random.below(8);
        let text: String = (0..count)
            .map(|at| STANZAS[random.below(STANZAS.len())].replace('N', &(at + 1).to_string()))
            .collect();
        let first = parsed(text.as_bytes());
        let written = write(&first, true).text.expect(&text);
        let again = parsed(written.as_bytes());
        assert_eq!(
            without_priorities(&first),
            without_priorities(&again),
            "round {round}:\n{text}\n{written}"
        );
    }
}

#[test]
fn nothing_panics() {
    let bytes = b"\0\t\r\x0b #,./0129:;=\\ayz~\x80\x85\xa0\xc3\xa9\xff";
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..2_000 {
        let count = random.below(25);
        let lines: Vec<&str> = (0..count).map(|_| LINES[random.below(LINES.len())]).collect();
        let mut text = lines.join("\n").into_bytes();
        for _ in 0..random.below(6) {
            let at = random.below(text.len() + 1);
            text.insert(at, bytes[random.below(bytes.len())]);
        }
        let altered = PerlStr::literal("enx1");
        let eth0 =
            Link { name: PerlStr::literal("eth0"), altnames: vec![altered], is_physical: true };
        let config = read(&text, &[eth0], &[PerlStr::literal("eth0")], Decoder::new()).into_map();
        let lines = text.split(|byte| *byte == b'\n').count();
        for finding in validate(&config, Some(&text)) {
            assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?}");
        }
        for ifupdown2 in [false, true] {
            if let Ok(written) = write(&config, ifupdown2).text {
                let _ = write(&parsed(written.as_bytes()), ifupdown2);
            }
        }
    }
}

fn text_of(config: &Map<'_>, iface: &str, key: &str) -> Option<String> {
    let iface = config.get("ifaces")?.as_map()?.get(iface)?.as_map()?;
    Some(iface.get(key)?.as_scalar()?.to_perl().to_string())
}

#[test]
fn bad_input_is_read_as_the_reference_reads_it() {
    let crlf = parsed(
        b"auto lo\r\niface lo inet loopback\r\niface eth0 inet static\r\n\taddress 10.0.0.1/24\r\n",
    );
    assert_eq!(text_of(&crlf, "eth0", "address").as_deref(), Some("10.0.0.1"));
    let nul = parsed(b"iface eth0 inet manual\n\tmtu 15\x0000\n");
    assert_eq!(text_of(&nul, "eth0", "mtu").as_deref(), Some("15\x0000"));
    let bom = parsed(b"\xef\xbb\xbfiface eth0 inet manual\niface eth1 inet manual\n");
    assert_eq!(text_of(&bom, "eth0", "type"), None);
    assert_eq!(text_of(&bom, "eth1", "type").as_deref(), Some("eth"));
    let invalid = parsed(b"iface eth0 inet manual\n#\xff\xe2\x82\n");
    assert_eq!(text_of(&invalid, "eth0", "comments").as_deref(), Some("\u{fffd}\u{fffd}\n"));
}

#[test]
fn long_lines_are_read_whole() {
    let long = "x".repeat(1 << 20);
    let text =
        format!("iface eth0 inet manual\n\tpost-up {long}\n#{long}\nsource {long}\nauto {long}\n");
    let config = parsed(text.as_bytes());
    assert_eq!(text_of(&config, "eth0", "comments").map(|text| text.len()), Some(long.len() + 1));
    let many: String = (0..1 << 17).map(|at| format!("eth{at} ")).collect();
    let text = format!("iface br0 inet manual\n\tbridge-ports {many}\n");
    let config = parsed(text.as_bytes());
    let ports = text_of(&config, "br0", "bridge_ports").expect("ports");
    assert_eq!(ports.split(' ').count(), 1 << 17);
}

#[test]
fn remote_ends_of_a_vxlan_are_a_list() {
    let mut config = parsed(b"iface vx1\n\tvxlan-id 1\n\tvxlan-remoteip 10.0.0.2\n").into_owned();
    assert!(write(&config, true).text.is_ok());
    let Some(Value::Map(ifaces)) = config.get_mut("ifaces") else { unreachable!("interfaces") };
    let Some(Value::Map(iface)) = ifaces.get_mut("vx1") else { unreachable!("a VXLAN") };
    iface.set("vxlan-remoteip", PerlStr::literal("10.0.0.2"));
    let error = write(&config, true).text.expect_err("a text is none").to_perl().to_string();
    assert!(error.starts_with("Can't use string (\"10.0.0.2\") as an ARRAY ref"), "{error}");
}
