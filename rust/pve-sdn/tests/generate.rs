//! Configurations made at random: generation neither panics nor depends on anything but them, and differences add up.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use pve_schema::{Error, Map, PerlStr, PerlString, Scalar, Value};
use pve_sdn::diff::{Line, diff};
use pve_sdn::generate::{Answer, Bridge, Machine, Plan, Route, generate};

struct Node;

fn string(text: &str) -> PerlString<'static> {
    PerlString::from(text).into_owned()
}

impl Machine for Node {
    fn node_name(&mut self) -> Result<PerlString<'static>, Error> {
        Ok(string("here"))
    }

    fn interfaces(&mut self) -> Result<Map<'static>, Error> {
        Ok(Map::new())
    }

    fn bridge(&mut self, name: PerlStr<'_>) -> Bridge {
        Bridge {
            exists: name != PerlStr::Text("gone"),
            is_vlan_aware: name == PerlStr::Text("aware"),
            is_ovs: Ok(name == PerlStr::Text("ovs")).into(),
            ports: Ok(vec![string("eth0"), string("eth1")]).into(),
        }
    }

    fn route(&mut self, _: PerlStr<'_>) -> Answer<Route> {
        Ok(Route { source: Some(string("192.0.2.1")), interface: Some(string("eth0")) }).into()
    }
}

/// Numbers that a seed repeats (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).expect("small")
    }

    fn pick(&mut self, from: &[&str]) -> String {
        from[self.below(from.len())].to_owned()
    }

    fn section(&mut self, options: &[(&str, &[&str])]) -> Map<'static> {
        let mut section = Map::new();
        for (key, values) in options {
            if self.below(4) > 0 {
                let value = self.pick(values);
                section.push(string(key), Scalar::from(string(&value)));
            }
        }
        section
    }

    fn objects(&mut self, ids: &[&str], options: &[(&str, &[&str])]) -> Map<'static> {
        let mut objects = Map::new();
        for id in ids {
            if self.below(3) > 0 {
                let section = self.section(options);
                objects.push(string(id), section);
            }
        }
        let mut ids = Map::new();
        ids.push("ids", objects);
        ids
    }

    fn running(&mut self) -> Map<'static> {
        let zones = self.objects(
            &["z1", "z2", "z3"],
            &[
                ("type", &["simple", "vlan", "qinq", "vxlan", "evpn", "faucet"]),
                ("bridge", &["plain", "aware", "ovs", "gone"]),
                ("mtu", &["1500", "0", "x"]),
                ("tag", &["7", ""]),
                ("peers", &["10.0.0.1,10.0.0.2", " "]),
                ("controller", &["c", "d"]),
                ("vrf-vxlan", &["9"]),
                ("vlan-protocol", &["802.1q", "802.1ad"]),
            ],
        );
        let vnets = self.objects(
            &["v1", "v2", "v3", "v4", "z_z1", "plain"],
            &[
                ("zone", &["z1", "z2", "z3", "gone"]),
                ("tag", &["5", "6", "0"]),
                ("alias", &["a b", "\u{263a}", "\u{e4}"]),
                ("vlanaware", &["1", "0"]),
            ],
        );
        let subnets = self.objects(
            &["z1-10.0.0.0-24", "z1-10.1.0.0-32", "z2-fd00::-64", "odd", "z--"],
            &[
                ("vnet", &["v1", "v2", "v3"]),
                ("gateway", &["10.0.0.1", "fd00::1", "", "::1::"]),
                ("snat", &["1", "0"]),
            ],
        );
        let controllers = self.objects(
            &["c", "d", "e"],
            &[
                ("type", &["evpn", "bgp", "isis"]),
                ("peers", &["10.0.0.1"]),
                ("node", &["here", "there"]),
                ("loopback", &["lo0"]),
            ],
        );
        let mut running = Map::new();
        running.push("version", Scalar::Int(1));
        running.push("zones", zones);
        running.push("vnets", vnets);
        running.push("subnets", subnets);
        running.push("controllers", controllers);
        running
    }
}

fn reversed(map: &Map<'static>) -> Map<'static> {
    let mut entries: Vec<_> = map.clone().into_entries().collect();
    entries.reverse();
    let mut map = Map::new();
    for (key, value) in entries {
        let value = match value {
            Value::Map(inner) => Value::Map(reversed(&inner)),
            other => other,
        };
        map.push(key, value);
    }
    map
}

fn plan(running: &Map<'static>) -> Option<Plan> {
    generate(running, &mut Node).plan.ok()
}

#[test]
fn the_order_of_hashes_does_not_matter() {
    let mut random = Random(0x5eed);
    let mut stanzas = 0;
    for round in 0..2_000 {
        let running = random.running();
        let (one, other) =
            (generate(&running, &mut Node), generate(&reversed(&running), &mut Node));
        assert_eq!(one.plan, other.plan, "round {round}");
        assert_eq!(one.warnings, other.warnings, "round {round}");
        stanzas += one.plan.map_or(0, |plan| plan.stanzas.iter().count());
    }
    assert!(stanzas > 2_000, "there is something to compare: {stanzas}");
}

#[test]
fn differences_lead_from_one_configuration_to_the_other() {
    let mut random = Random(0xd1ff);
    for round in 0..1_000 {
        let (old, new) = (random.running(), random.running());
        let (Some(before), Some(after)) = (plan(&old), plan(&new)) else { continue };
        let same = diff((&old, &before), (&old, &before)).expect("hashes");
        assert!(same.is_empty() && same.text().as_bytes().is_empty(), "round {round}");
        let there = diff((&old, &before), (&new, &after)).expect("hashes");
        assert_eq!(there.is_empty(), there.text().as_bytes().is_empty());
        for (name, options) in after.stanzas.iter() {
            let lines: Vec<_> = options.lines().map(PerlStr::into_owned).collect();
            let Some((_, found)) =
                there.interfaces.iter().find(|(known, _)| known.0.as_perl() == name)
            else {
                let was = before.stanzas.iter().find(|(known, _)| *known == name);
                assert_eq!(was.map(|(_, options)| options), Some(options), "round {round}");
                continue;
            };
            let shown = found.lines.iter().filter(|(line, _)| *line != Line::Removed);
            assert_eq!(shown.map(|(_, text)| text.clone()).collect::<Vec<_>>(), lines);
        }
    }
}
