//! A private root folder with one container folder, removed with its owner.
#![allow(dead_code)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use pve_container::config_file::{ConfigFiles, Wait};
use pve_container::lock::Interrupted;
use pve_container::paths::Paths;

/// A root folder for one test.
pub struct Root {
    folder: PathBuf,
}

impl Root {
    /// A new root with the folders of node `node`.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("root-{}-{number}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join("etc/pve/nodes/node/lxc")).unwrap();
        Self { folder }
    }

    /// A new root of a node whose firewall is the one on iptables, which has bridges of its own.
    pub fn with_iptables_firewall() -> Self {
        let root = Self::new();
        let run = root.folder.join("run");
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("proxmox-nftables-firewall-force-disable"), "").unwrap();
        root
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn files(&self) -> ConfigFiles {
        files_below(&self.folder)
    }

    pub fn config(&self, vmid: u32) -> PathBuf {
        self.files().paths().config(vmid, None).unwrap()
    }

    /// The names in the container folder, sorted.
    pub fn names(&self) -> Vec<String> {
        names(&self.folder.join("etc/pve/nodes/node/lxc"))
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

pub fn files_below(root: &Path) -> ConfigFiles {
    ConfigFiles::new(Paths::new(root, "node").unwrap())
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn never() -> Result<(), Interrupted> {
    Ok(())
}

/// Calls `action` with a wait of ten seconds that nothing interrupts.
pub fn waiting<T>(action: impl FnOnce(&mut Wait<'_>) -> T) -> T {
    action(&mut Wait { timeout: Duration::from_secs(10), interrupt: &mut never })
}

/// Makes the file at `path` an hour old, so that its time stamps can be trusted. Its ctime cannot be set.
pub fn age(path: &Path) {
    let old = SystemTime::now() - Duration::from_secs(3600);
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(old).unwrap();
}
