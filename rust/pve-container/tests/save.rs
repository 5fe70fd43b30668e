//! Loading, saving and recovering configuration files.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;

use common::{Root, names, waiting};
use pve_container::backup::digest;
use pve_container::config_error::ConfigError;
use pve_container::config_file::{Outcome, Wait};
use pve_container::lock::{ConfigLock, Interrupted, LockMode};
use pve_files::error::FileError;

fn save(root: &Root, text: &str, expected: Option<&str>) -> Result<String, String> {
    let saved = waiting(|wait| root.files().save(100, text.as_bytes(), expected, wait));
    saved.map(|saved| saved.digest).map_err(|error| error.to_string())
}

fn load(root: &Root) -> String {
    String::from_utf8(root.files().load(100, None).unwrap()).unwrap()
}

#[test]
fn what_was_saved_is_loaded() {
    let root = Root::new();
    let digest = save(&root, "memory: 512\n", None).unwrap();
    assert_eq!(digest, "21b62d471309a3f7474fdb8b45e9ae722dfe5e51");
    assert_eq!(load(&root), "memory: 512\n");
    assert_eq!(root.names(), ["100.conf"]);
}

#[test]
fn a_missing_configuration_is_named_as_the_reference_does() {
    let root = Root::new();
    let error = |node| root.files().load(100, node).unwrap_err().to_string();
    assert_eq!(error(None), "Configuration file 'nodes/node/lxc/100.conf' does not exist");
    assert_eq!(
        error(Some("other")),
        "Configuration file 'nodes/other/lxc/100.conf' does not exist"
    );
    assert_eq!(error(Some("a/b")), "unknown file type 'nodes/a/b/lxc/100.conf'");
}

#[test]
fn an_empty_file_is_an_empty_configuration() {
    let root = Root::new();
    fs::write(root.config(100), "").unwrap();
    assert_eq!(load(&root), "");
}

#[test]
fn a_save_expects_the_version_that_was_read() {
    let root = Root::new();
    let first = save(&root, "memory: 1\n", None).unwrap();
    let second = save(&root, "memory: 2\n", Some(&first)).unwrap();
    assert_eq!(
        save(&root, "memory: 3\n", Some(&first)).unwrap_err(),
        "detected modified configuration - file changed by other user? Try again."
    );
    assert_eq!(load(&root), "memory: 2\n");
    // The reference compares digests as strings, and takes "" and "0" for none.
    assert!(save(&root, "memory: 3\n", Some(&second.to_uppercase())).is_err());
    save(&root, "memory: 3\n", Some("")).unwrap();
    save(&root, "memory: 4\n", Some("0")).unwrap();
    fs::remove_file(root.config(100)).unwrap();
    assert_eq!(
        save(&root, "memory: 5\n", Some(&second)).unwrap_err(),
        "Configuration file 'nodes/node/lxc/100.conf' does not exist"
    );
}

#[test]
fn a_save_keeps_owner_and_permissions() {
    let root = Root::new();
    fs::write(root.config(100), "").unwrap();
    fs::set_permissions(root.config(100), Permissions::from_mode(0o640)).unwrap();
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if is_root {
        std::os::unix::fs::chown(root.config(100), Some(12), Some(34)).unwrap();
    }
    save(&root, "memory: 1\n", None).unwrap();
    let found = fs::metadata(root.config(100)).unwrap();
    assert_eq!(found.mode() & 0o7777, 0o640);
    if is_root {
        assert_eq!((found.uid(), found.gid()), (12, 34));
    }
}

#[test]
fn the_backup_is_private() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    save(&root, "memory: 2\n", None).unwrap();
    let paths = root.files().paths().clone();
    let mode = |path| fs::metadata(path).unwrap().mode() & 0o7777;
    let backup = paths.config_backup(100);
    assert_eq!(mode(backup.clone()), 0o600);
    assert_eq!(mode(backup.parent().unwrap().to_owned()), 0o700);
    assert_eq!(mode(paths.state()), 0o700);
}

#[test]
fn a_recovery_brings_the_last_version_back_and_can_be_undone() {
    let root = Root::new();
    let recover = || waiting(|wait| root.files().recover(100, wait));
    save(&root, "memory: 1\n", None).unwrap();
    assert!(matches!(recover(), Err(ConfigError::NoBackup { .. })));
    save(&root, "memory: 2\n", None).unwrap();
    // Writing the same again does not push the last version out of the backup.
    let current = save(&root, "memory: 2\n", None).unwrap();

    let recovery = recover().unwrap();
    assert_eq!(recovery.name, "nodes/node/lxc/100.conf");
    assert_eq!(recovery.digest, digest(b"memory: 1\n"));
    assert_eq!(recovery.outcome, Outcome::Replaced { digest: current });
    assert_eq!(load(&root), "memory: 1\n");

    recover().unwrap();
    assert_eq!(load(&root), "memory: 2\n");
    fs::remove_file(root.config(100)).unwrap();
    assert_eq!(recover().unwrap().outcome, Outcome::Restored);
    assert_eq!(load(&root), "memory: 1\n");
    assert_eq!(recover().unwrap().outcome, Outcome::Unchanged);
}

#[test]
fn a_damaged_backup_is_refused() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    save(&root, "memory: 2\n", None).unwrap();
    let path = root.files().paths().config_backup(100);
    let whole = fs::read(&path).unwrap();
    for damage in [&whole[..whole.len() - 1], &whole[1..], b"", b"\xff\n"] {
        fs::write(&path, damage).unwrap();
        let result = waiting(|wait| root.files().recover(100, wait));
        assert!(matches!(result, Err(ConfigError::DamagedBackup { .. })));
    }
    assert_eq!(load(&root), "memory: 2\n");
}

#[test]
fn a_guest_that_moved_is_not_restored_here() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    save(&root, "memory: 2\n", None).unwrap();
    let other = root.path().join("etc/pve/nodes/other/lxc");
    fs::create_dir_all(&other).unwrap();
    fs::rename(root.config(100), other.join("100.conf")).unwrap();
    let error = waiting(|wait| root.files().recover(100, wait)).unwrap_err();
    assert_eq!(error.to_string(), "CT 100 already exists on node 'other'");
    assert!(root.names().is_empty());
}

#[test]
fn a_leftover_of_a_killed_save_goes_with_the_next_one() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    save(&root, "memory: 2\n", None).unwrap();
    let leftover = root.config(100).with_extension("conf.tmp.pve-network-rust");
    fs::write(&leftover, "half").unwrap();
    save(&root, "memory: 3\n", None).unwrap();
    assert_eq!(root.names(), ["100.conf"]);
    fs::write(&leftover, "half").unwrap();
    let recovery = waiting(|wait| root.files().recover(100, wait)).unwrap();
    assert_eq!(recovery.removed, [leftover]);
    assert_eq!(root.names(), ["100.conf"]);
}

#[test]
fn what_is_no_regular_file_is_neither_read_nor_replaced() {
    let root = Root::new();
    let path = root.config(100);
    let refused = |kind: &str| {
        let wanted = format!(
            "'{}' is a {kind}, not a regular file - remove it or move it away",
            path.display()
        );
        let error = root.files().load(100, None).unwrap_err();
        assert_eq!(error.to_string(), wanted);
        assert_eq!(save(&root, "memory: 1\n", None).unwrap_err(), wanted);
        assert_eq!(root.names(), ["100.conf"]);
    };
    fs::create_dir(&path).unwrap();
    refused("directory");
    fs::remove_dir(&path).unwrap();
    symlink("elsewhere", &path).unwrap();
    refused("symbolic link");
    fs::remove_file(&path).unwrap();
    let status = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(status.unwrap().success());
    refused("FIFO");
}

#[test]
fn too_much_text_is_refused_before_anything_is_touched() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    let text = "#".repeat((16 << 20) + 1);
    let error = save(&root, &text, None).unwrap_err();
    assert!(error.ends_with("too long - aborting"), "{error}");
    assert_eq!(load(&root), "memory: 1\n");
}

#[test]
fn a_missing_folder_is_an_error_of_the_first_step() {
    let root = Root::new();
    fs::remove_dir(root.path().join("etc/pve/nodes/node/lxc")).unwrap();
    let error = save(&root, "memory: 1\n", None).unwrap_err();
    assert!(error.starts_with("unable to open file '"), "{error}");
    assert!(error.ends_with("' - No such file or directory"), "{error}");
}

#[test]
fn an_interrupted_wait_leaves_the_old_version() {
    let root = Root::new();
    save(&root, "memory: 1\n", None).unwrap();
    let files = root.files();
    let lock_path = files.paths().config_lock(100);
    // Another thread holds the lock until this one is done.
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let (locked, ready) = std::sync::mpsc::channel();
    let holder = std::thread::spawn(move || {
        let lock = ConfigLock::try_acquire(&lock_path, LockMode::Exclusive);
        let lock = lock.unwrap().unwrap();
        locked.send(()).unwrap();
        let _ = hold.recv();
        drop(lock);
    });
    ready.recv().unwrap();
    let mut calls = 0;
    let mut interrupt = || {
        calls += 1;
        if calls == 3 { Err(Interrupted) } else { Ok(()) }
    };
    let mut wait = Wait { timeout: Duration::from_secs(60), interrupt: &mut interrupt };
    let result = files.save(100, b"memory: 2\n", None, &mut wait);
    assert!(matches!(result, Err(ConfigError::File(FileError::Interrupted { .. }))));
    assert_eq!(calls, 3);
    assert_eq!(load(&root), "memory: 1\n");
    drop(release);
    holder.join().unwrap();
    save(&root, "memory: 2\n", None).unwrap();
}

#[test]
fn no_descriptor_stays_open() {
    let root = Root::new();
    save(&root, "", None).unwrap();
    let before = names("/proc/self/fd".as_ref()).len();
    for number in 0..100 {
        save(&root, &format!("memory: {number}\n"), None).unwrap();
        load(&root);
        save(&root, "", Some("no such digest")).unwrap_err();
        waiting(|wait| root.files().recover(100, wait)).unwrap();
    }
    // Other tests of this program have a few open at any time; a leak would be hundreds.
    let after = names("/proc/self/fd".as_ref()).len();
    assert!(after < before + 50, "{before} became {after}");
}
