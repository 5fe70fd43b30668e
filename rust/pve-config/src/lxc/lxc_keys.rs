//! The keys of LXC itself that a configuration may have (lxc.container.conf(5)).

use pve_schema::{PerlStr, PerlString};

/// What becomes of a line with such a key.
pub enum Verdict {
    /// It is kept.
    Kept,
    /// It is an error, with a reason or without one.
    Refused(Option<&'static str>),
}

/// Judges a key; keys of old are warned of. `vmid` is the number of the container, for the warning.
///
/// Stands for `PVE::LXC::Config::is_valid_lxc_conf_key`.
pub fn judge(vmid: PerlStr<'_>, key: &[u8], warn: &mut impl FnMut(PerlString<'static>)) -> Verdict {
    let mut warning = |before: &'static str, middle: &'static str, new_name: &'static str| {
        warn(PerlString::concat(&[
            PerlStr::literal("vm "),
            vmid,
            PerlStr::literal(" - "),
            PerlStr::Bytes(key),
            PerlStr::literal(before),
            PerlStr::literal(middle),
            PerlStr::literal(new_name),
            PerlStr::literal("\n"),
        ]));
    };
    if key.starts_with(b"lxc.limit.") {
        warning(": ", "lxc.limit.* was renamed to ", "lxc.prlimit.*");
        return Verdict::Kept;
    }
    if let Ok(at) = RENAMED.binary_search_by(|(old, _)| old.as_bytes().cmp(key)) {
        let new_name = RENAMED.get(at).map_or("", |(_, new)| new);
        warning(" is deprecated and was ", "renamed to ", new_name);
        return Verdict::Kept;
    }
    if KEYS.binary_search_by(|known| known.as_bytes().cmp(key)).is_ok() {
        return Verdict::Kept;
    }
    match key {
        b"lxc.rootfs.path" => {
            Verdict::Refused(Some("lxc.rootfs.path is auto generated from rootfs"))
        }
        b"lxc.rootfs.options" => Verdict::Refused(Some(
            "lxc.rootfs.options is not supported, please use mount point options in the \"rootfs\" key",
        )),
        _ if key.starts_with(b"lxc.cgroup.") => {
            warning(" is deprecated, ", "this will be a hard error in the future!", "");
            Verdict::Kept
        }
        _ if [&b"lxc.cgroup2."[..], b"lxc.prlimit.", b"lxc.net."]
            .iter()
            .any(|p| key.starts_with(p)) =>
        {
            Verdict::Kept
        }
        _ => Verdict::Refused(None),
    }
}

/// Keys that are kept, sorted.
static KEYS: &[&str] = &[
    "lxc.apparmor.allow_incomplete",
    "lxc.apparmor.allow_nesting",
    "lxc.apparmor.profile",
    "lxc.apparmor.raw",
    "lxc.arch",
    "lxc.autodev",
    "lxc.cap.drop",
    "lxc.cap.keep",
    "lxc.console.logfile",
    "lxc.console.path",
    "lxc.devtty.dir",
    "lxc.environment",
    "lxc.environment.hooks",
    "lxc.environment.runtime",
    "lxc.group",
    "lxc.hook.autodev",
    "lxc.hook.clone",
    "lxc.hook.destroy",
    "lxc.hook.mount",
    "lxc.hook.post-stop",
    "lxc.hook.pre-mount",
    "lxc.hook.pre-start",
    "lxc.hook.start",
    "lxc.hook.stop",
    "lxc.hook.version",
    "lxc.idmap",
    "lxc.include",
    "lxc.init.cmd",
    "lxc.init.cwd",
    "lxc.init.gid",
    "lxc.init.groups",
    "lxc.init.uid",
    "lxc.kmsg",
    "lxc.log.file",
    "lxc.log.level",
    "lxc.mount.auto",
    "lxc.mount.entry",
    "lxc.mount.fstab",
    "lxc.pty.max",
    "lxc.rootfs.mount",
    "lxc.seccomp.notify.cookie",
    "lxc.seccomp.notify.proxy",
    "lxc.seccomp.profile",
    "lxc.selinux.context",
    "lxc.signal.halt",
    "lxc.signal.reboot",
    "lxc.signal.stop",
    "lxc.start.auto",
    "lxc.start.delay",
    "lxc.start.order",
    "lxc.sysctl.fs.mqueue",
    "lxc.sysctl.kernel.msgmax",
    "lxc.sysctl.kernel.msgmnb",
    "lxc.sysctl.kernel.msgmni",
    "lxc.sysctl.kernel.sem",
    "lxc.sysctl.kernel.shm_rmid_forced",
    "lxc.sysctl.kernel.shmall",
    "lxc.sysctl.kernel.shmmax",
    "lxc.sysctl.kernel.shmmni",
    "lxc.tty.max",
    "lxc.uts.name",
];

/// Keys that LXC 3.0 renamed, sorted, with their new names.
static RENAMED: &[(&str, &str)] = &[
    ("lxc.aa_allow_incomplete", "lxc.apparmor.allow_incomplete"),
    ("lxc.aa_profile", "lxc.apparmor.profile"),
    ("lxc.console", "lxc.console.path"),
    ("lxc.devttydir", "lxc.tty.dir"),
    ("lxc.haltsignal", "lxc.signal.halt"),
    ("lxc.id_map", "lxc.idmap"),
    ("lxc.init_cmd", "lxc.init.cmd"),
    ("lxc.logfile", "lxc.log.file"),
    ("lxc.loglevel", "lxc.log.level"),
    ("lxc.mount", "lxc.mount.fstab"),
    ("lxc.network.flags", "lxc.net.INDEX.flags"),
    ("lxc.network.hwaddr", "lxc.net.INDEX.hwaddr"),
    ("lxc.network.ipv4", "lxc.net.INDEX.ipv4.address"),
    ("lxc.network.ipv4.gateway", "lxc.net.INDEX.ipv4.gateway"),
    ("lxc.network.ipv6", "lxc.net.INDEX.ipv6.address"),
    ("lxc.network.ipv6.gateway", "lxc.net.INDEX.ipv6.gateway"),
    ("lxc.network.link", "lxc.net.INDEX.link"),
    ("lxc.network.mtu", "lxc.net.INDEX.mtu"),
    ("lxc.network.name", "lxc.net.INDEX.name"),
    ("lxc.network.script.down", "lxc.net.INDEX.script.down"),
    ("lxc.network.script.up", "lxc.net.INDEX.script.up"),
    ("lxc.network.type", "lxc.net.INDEX.type"),
    ("lxc.pts", "lxc.pty.max"),
    ("lxc.rebootsignal", "lxc.signal.reboot"),
    ("lxc.se_context", "lxc.selinux.context"),
    ("lxc.seccomp", "lxc.seccomp.profile"),
    ("lxc.stopsignal", "lxc.signal.stop"),
    ("lxc.tty", "lxc.tty.max"),
    ("lxc.utsname", "lxc.uts.name"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(key: &str) -> (bool, Vec<String>) {
        let mut warnings = Vec::new();
        let verdict =
            judge(PerlStr::literal("7"), key.as_bytes(), &mut |w| warnings.push(w.to_string()));
        (matches!(verdict, Verdict::Kept), warnings)
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(KEYS.is_sorted() && RENAMED.is_sorted());
    }

    #[test]
    fn old_keys_are_kept_with_a_warning() {
        for (key, warning) in [
            ("lxc.tty", "vm 7 - lxc.tty is deprecated and was renamed to lxc.tty.max\n"),
            (
                "lxc.limit.nofile",
                "vm 7 - lxc.limit.nofile: lxc.limit.* was renamed to lxc.prlimit.*\n",
            ),
            (
                "lxc.cgroup.x",
                "vm 7 - lxc.cgroup.x is deprecated, this will be a hard error in the future!\n",
            ),
        ] {
            assert_eq!(warnings(key), (true, vec![warning.to_owned()]));
        }
    }

    #[test]
    fn other_keys_are_kept_or_refused_in_silence() {
        for (key, kept) in [
            ("lxc.idmap", true),
            ("lxc.net.0.type", true),
            ("lxc.cgroup2.", true),
            ("lxc.cgroup2", false),
            ("lxc.rootfs.path", false),
            ("lxc.network.foo", false),
        ] {
            assert_eq!(warnings(key), (kept, vec![]), "{key}");
        }
    }
}
