//! What `ip`, `bridge` and `tc` show of the calling thread's namespace, asked of one process each: where starting one takes
//! long, a state can be read hundreds of times.

use std::io::{BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use pve_netlink::host::before::{self, Traffic};
use pve_netlink::request::Raw;
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::{Host, Kernel, tc};
use serde_json::de::IoRead;
use serde_json::{Map, StreamDeserializer, Value, json};

use super::state::{differences, normalise};

type Answers = StreamDeserializer<'static, IoRead<BufReader<ChildStdout>>, Value>;

/// One program that reads its questions from a pipe.
struct Tool {
    child: Child,
    questions: Option<ChildStdin>,
    answers: Answers,
}

impl Tool {
    fn start(argv: &[&str]) -> Self {
        let mut child = Command::new(argv[0])
            .args(&argv[1..])
            .args(["-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        let answers = serde_json::Deserializer::from_reader(answers).into_iter();
        Self { questions: child.stdin.take(), child, answers }
    }

    fn ask(&mut self, question: &str) -> Value {
        writeln!(self.questions.as_mut().unwrap(), "{question}").unwrap();
        let mut answer = self.answers.next().unwrap().unwrap();
        normalise(&mut answer);
        without_carrier(&mut answer);
        answer
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// What shows the state of a namespace.
pub struct Tools {
    ip: Tool,
    ip6: Tool,
    bridge: Tool,
    ports: Tool,
    tc: Tool,
}

impl Tools {
    /// Of the calling thread's namespace.
    pub fn start() -> Self {
        Self {
            ip: Tool::start(&["ip", "-j", "-d"]),
            ip6: Tool::start(&["ip", "-6", "-j"]),
            // With -d, one that shows VLANs can do that once only.
            bridge: Tool::start(&["bridge", "-j"]),
            ports: Tool::start(&["bridge", "-j", "-d"]),
            tc: Tool::start(&["tc", "-j"]),
        }
    }

    fn state(&mut self) -> Value {
        let mut all = Map::new();
        for question in ["link show", "address show", "route show table all"] {
            all.insert(format!("ip {question}"), self.ip.ask(question));
        }
        all.insert("ip -6 route".into(), self.ip6.ask("route show table all"));
        all.insert("bridge vlan".into(), self.bridge.ask("vlan show"));
        all.insert("bridge link".into(), self.ports.ask("link show"));
        // The rest is learned, or follows from the links' own addresses.
        let mut fdb = self.bridge.ask("fdb show");
        if let Value::Array(entries) = &mut fdb {
            entries.retain(|entry| entry["state"] == "static");
            entries.sort_by_key(Value::to_string);
        }
        all.insert("bridge fdb".into(), fdb);
        all.insert("tc qdisc".into(), self.tc.ask("qdisc show"));
        for link in links(&all["ip link show"]) {
            let file = format!("/proc/sys/net/ipv6/conf/{link}/disable_ipv6");
            let disabled = std::fs::read_to_string(file).unwrap_or_default();
            all.insert(format!("disable_ipv6 {link}"), disabled.into());
            if link.starts_with("veth") || link.starts_with("tap") {
                all.insert(format!("limit {link}"), limit(&link));
            }
        }
        Value::Object(all)
    }

    /// The state once the kernel has done what it does on its own after a change.
    pub fn settled(&mut self) -> Value {
        let mut last = self.state();
        for _ in 0..200 {
            std::thread::sleep(Duration::from_millis(40));
            let now = self.state();
            if now == last {
                return now;
            }
            last = now;
        }
        panic!("the state does not settle: {last:#}");
    }

    /// What differs from the state that is wanted, also after the kernel had time to do what it does on its own.
    pub fn differences(&mut self, wanted: &Value) -> Vec<String> {
        for _ in 0..20 {
            if self.state() == *wanted {
                return Vec::new();
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        differences(wanted, &self.state())
    }

    /// The names of the links that are there.
    pub fn links(&mut self) -> Vec<String> {
        links(&self.ip.ask("link show"))
    }
}

/// What a packet changes.
const COUNTS: &str = "direct_packets_stat";
/// What the kernel makes of a link's hardware, and again when something is added to it.
const ABLE_TO: [&str; 2] = ["tso_max_size", "tso_max_segs"];
/// Ports are numbered in the order in which they come.
const NUMBERS: [&str; 3] = ["id", "no", "designated_port"];

/// The kernel looks at carriers in its own time. They follow from the rest: what is up, and what is a port of what.
fn without_carrier(value: &mut Value) {
    match value {
        Value::Array(values) => {
            // The route for multicast comes and goes with the carrier.
            values.retain(|value| value["type"] != "multicast");
            values.iter_mut().for_each(without_carrier);
        }
        Value::Object(map) => {
            let slave = map.contains_key("designated_port");
            map.retain(|key, value| match key.as_str() {
                "operstate" | COUNTS => false,
                "state" => value == "static",
                key => !(ABLE_TO.contains(&key) || slave && NUMBERS.contains(&key)),
            });
            if let Some(Value::Array(flags)) = map.get_mut("flags") {
                flags.retain(|flag| {
                    flag != "NO-CARRIER" && flag != "LOWER_UP" && flag != "linkdown"
                });
            }
            map.values_mut().for_each(without_carrier);
        }
        _ => {}
    }
}

fn links(shown: &Value) -> Vec<String> {
    let names = shown.as_array().unwrap().iter().map(|link| link["ifname"].as_str().unwrap());
    names.map(ToOwned::to_owned).collect()
}

/// The parts of a rate limit, without what counts and what the kernel numbers anew.
fn limit(name: &str) -> Value {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(&Host, Host.wire().unwrap(), &cancel, None);
    let Some(shown) = tx.look(&[name]).unwrap().pop().flatten() else { return Value::Null };
    let Traffic { root, class, ingress, filter } =
        before::read_traffic(&mut tx, shown.index).unwrap();
    let part = |part: Option<Raw>| {
        part.map(|part| json!([tc::kind(&part), tc::handle(&part), tc::rate(&part)]))
    };
    json!([part(root), part(class), part(ingress), part(filter)])
}
