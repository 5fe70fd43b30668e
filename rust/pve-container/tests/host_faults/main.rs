//! What a kernel itself refuses or loses while a function of `PVE::Network` is at work, one fault after the other for each
//! function (`cases.rs`): the caller gets the first error, and everything else is as the fault alone leaves it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cases;
#[path = "../room/mod.rs"]
mod room;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use cases::{CASES, Case, Fault};
use nix::sched::{CloneFlags, unshare};
use pve_netlink::host::{Call, Died};
use pve_netlink::plan::{Change, Link, Refused, Step};
use pve_netlink::transaction::Transaction;
use pve_netlink::wait::Cancel;
use pve_netlink::{Host, Kernel};
use room::fault::Faulty;
use room::free::Free;
use room::plug::Function;
use room::tools::Tools;
use room::{own_namespace, run, try_run};
use serde_json::Value;

/// Only functions whose names contain this; after an exclamation mark, only others.
const ONLY: &str = "HOST_FAULTS";

/// What the function died with, or nothing. Undoing must not fail.
fn call(kernel: &dyn Kernel, function: Function) -> Result<(), String> {
    let surroundings = Free::surroundings();
    let cancel = Cancel::new();
    let mut call = Call::here(kernel, &cancel, &surroundings);
    let result = function(&mut call);
    let warnings = call.take_warnings().concat();
    let undone = !warnings.contains("undoing failed");
    result.map_err(|died| match died {
        Died::Text(text) | Died::AtCaller(text) if undone => text,
        other => format!("{other:?}: {warnings}"),
    })
}

/// Runs a fault's commands; one that comes too late may fail.
fn happen(commands: &[&str]) {
    for command in commands {
        let _ = try_run(&command.split(' ').collect::<Vec<_>>());
    }
}

/// Carries out lines for ip(8), whether all were.
fn batch(lines: impl Iterator<Item = String>) -> bool {
    let mut child = Command::new("ip").args(["-batch", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut to = child.stdin.take().unwrap();
    lines.for_each(|line| writeln!(to, "{line}").unwrap());
    drop(to);
    child.wait().unwrap().success()
}

/// Deletes links, some of which may go with others, without starting a process.
fn delete(links: &[String]) {
    let cancel = Cancel::new();
    let mut tx = Transaction::begin(&Host, Host.wire().unwrap(), &cancel, None);
    let delete = |link: &String| {
        Step::new(&Link::Host(link.as_str().into()), Change::Delete).refused(Refused::IsFine)
    };
    let steps: Vec<_> = links.iter().filter(|link| *link != "lo").map(delete).collect();
    tx.carry_out(&steps).unwrap();
}

/// A namespace for one case after the other.
struct Place {
    tools: Tools,
    wrong: Vec<String>,
}

impl Place {
    fn start(&mut self, case: &Case) {
        let _ = try_run(&["umount", "-q", "/proc/sys"]);
        delete(&self.tools.links());
        let lines = case.room.iter().flat_map(|lines| lines.lines()).map(str::trim);
        let lines = lines.filter_map(|line| line.strip_prefix("ip ")).map(ToOwned::to_owned);
        assert!(batch(lines), "{}", case.function);
        for function in case.start {
            call(&Host, *function).unwrap_or_else(|died| panic!("{}: {died}", case.function));
        }
    }

    fn check(&mut self, what: &str, wanted: &Value) {
        let differences = self.tools.differences(wanted);
        if !differences.is_empty() {
            self.wrong.push(format!("{what}:\n    {}", differences.join("\n    ")));
        }
    }

    /// It is there from the beginning.
    fn before(&mut self, case: &Case, commands: &[&str], text: &str) {
        self.start(case);
        for command in commands {
            run(&command.split(' ').collect::<Vec<_>>());
        }
        let before = self.tools.settled();
        let what = format!("{}, {commands:?}", case.function);
        match call(&Host, case.call) {
            Err(died) if died == text => {}
            other => self.wrong.push(format!("{what}: {other:?} instead of {text:?}")),
        }
        self.check(&what, &before);
    }

    /// It happens before each send in turn.
    fn meanwhile(&mut self, case: &Case, commands: &'static [&'static str], texts: &[&str]) {
        self.start(case);
        happen(commands);
        let undone = self.tools.settled();
        self.start(case);
        let kernel = Faulty::default();
        call(&kernel, case.call).unwrap_or_else(|died| panic!("{}: {died}", case.function));
        happen(commands);
        let done = self.tools.settled();
        let mut found = BTreeSet::new();
        for send in 0..kernel.sends().len() {
            self.start(case);
            let result = call(&Faulty::before_send(send, move || happen(commands)), case.call);
            let what = format!("{}, {commands:?} before send {send}, {result:?}", case.function);
            match result {
                Err(text) => {
                    self.check(&what, &undone);
                    found.insert(text);
                }
                // Early enough, it is as if it had been there from the beginning.
                Ok(()) if self.tools.differences(&done).is_empty() => {}
                Ok(()) => {
                    let now = self.tools.settled();
                    self.start(case);
                    happen(commands);
                    let _ = call(&Host, case.call);
                    self.check(&what, &now);
                }
            }
        }
        let wanted: BTreeSet<_> = texts.iter().map(ToString::to_string).collect();
        if found != wanted {
            let what = format!("{}, {commands:?}", case.function);
            self.wrong.push(format!("{what}: {found:?} instead of {wanted:?}"));
        }
    }

    fn run(&mut self, case: &Case) {
        for fault in case.faults {
            match fault {
                Fault::Before(commands, text) => self.before(case, commands, text),
                Fault::Meanwhile(commands, texts) => self.meanwhile(case, commands, texts),
            }
        }
    }
}

fn wrong_of(cases: &[&Case]) -> Vec<String> {
    own_namespace();
    // Mounts of its own, and no addresses that the kernel makes up and that come and go with a carrier.
    unshare(CloneFlags::CLONE_FS | CloneFlags::CLONE_NEWNS).unwrap();
    run(&["mount", "--make-rprivate", "/"]);
    std::fs::write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1\n").unwrap();
    run(&["ip", "link", "set", "lo", "up"]);
    let mut place = Place { tools: Tools::start(), wrong: Vec::new() };
    cases.iter().for_each(|case| place.run(case));
    place.wrong
}

#[test]
#[ignore = "needs a kernel with all that a container host has: t/kernel runs it"]
fn each_function_with_each_fault() {
    let only = std::env::var(ONLY).unwrap_or_default();
    let wanted = |case: &&Case| match only.strip_prefix('!') {
        Some(others) => !case.function.contains(others),
        None => case.function.contains(&only),
    };
    let cases: Vec<_> = CASES.iter().filter(wanted).collect();
    // While one waits for the kernel, others go on.
    let (wrong, died) = thread::scope(|scope| {
        let shares = (0..4).map(|first| {
            let share: Vec<_> = cases.iter().skip(first).step_by(4).copied().collect();
            scope.spawn(move || wrong_of(&share))
        });
        let shares: Vec<_> = shares.collect();
        let results: Vec<_> = shares.into_iter().map(|share| share.join()).collect();
        let died = results.iter().filter(|result| result.is_err()).count();
        (results.into_iter().flatten().flatten().collect::<Vec<_>>(), died)
    });
    assert!(!cases.is_empty());
    assert!(wrong.is_empty() && died == 0, "{died} died\n{}", wrong.join("\n"));
}
