//! A save onto a full disk: a small tmpfs in a private mount namespace.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{Root, files_below, names, waiting};

const SIZE: usize = 64 << 10;

#[test]
fn a_full_disk_leaves_the_old_version() {
    let root = Root::new();
    let is_root = nix::unistd::geteuid().is_root();
    let namespaces: &[&str] = if is_root { &["-m"] } else { &["-U", "-r", "-m"] };
    let output = Command::new("unshare")
        .args(namespaces)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "in_the_namespace", "--nocapture"])
        .env("FULL_DISK", root.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("saved again"), "{text}");
}

#[test]
fn in_the_namespace() {
    let Some(root) = std::env::var_os("FULL_DISK") else {
        return;
    };
    let root = Path::new(&root);
    let mount = Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={SIZE}"), "none"])
        .arg(root)
        .status();
    assert!(mount.unwrap().success());
    std::fs::create_dir_all(root.join("etc/pve/nodes/node/lxc")).unwrap();
    let files = files_below(root);
    let save = |size: usize| waiting(|wait| files.save(100, &vec![b'#'; size], None, wait));

    save(20_000).unwrap();
    let error = save(SIZE).unwrap_err().to_string();
    assert!(error.starts_with("unable to write '"), "{error}");
    assert!(error.ends_with("' - No space left on device"), "{error}");
    assert_eq!(files.load(100, None).unwrap().len(), 20_000);
    assert_eq!(names(&root.join("etc/pve/nodes/node/lxc")), ["100.conf"]);

    // There is room for the new version, but none for the backup of the old one.
    let error = save(30_000).unwrap_err().to_string();
    assert!(error.contains("config-backup"), "{error}");
    assert_eq!(files.load(100, None).unwrap().len(), 20_000);
    assert_eq!(names(&root.join("etc/pve/nodes/node/lxc")), ["100.conf"]);

    save(1000).unwrap();
    assert_eq!(files.load(100, None).unwrap().len(), 1000);
    println!("saved again");
}
