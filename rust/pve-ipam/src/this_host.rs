//! This host: /etc/pve, dnsmasq, servers on the network.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use pve_container::atomic_write::atomic_write;
use pve_container::read_file::{CONFIG_LIMIT, read_file};
use pve_sdn::dnsmasq::is_of_vnet;

use crate::api::{Request, Response};
use crate::cfs_lock::CfsLock;
use crate::proxy::Proxies;
use crate::{Error, Held, Host, Interrupted, dnsmasq, http};

/// This host. Warnings are collected, for the caller to pass on.
pub struct ThisHost<'a> {
    root: PathBuf,
    interrupt: &'a mut dyn FnMut() -> Result<(), Interrupted>,
    was_interrupted: bool,
    /// What it was told to warn about.
    pub warnings: Vec<String>,
}

impl<'a> ThisHost<'a> {
    /// This host, with all files below `root`; an empty one stands for `/`. While it waits it calls `interrupt` every
    /// 50 ms or sooner.
    pub fn new(
        root: impl Into<PathBuf>,
        interrupt: &'a mut dyn FnMut() -> Result<(), Interrupted>,
    ) -> ThisHost<'a> {
        let root = root.into();
        let root = if root.as_os_str().is_empty() { PathBuf::from("/") } else { root };
        ThisHost { root, interrupt, was_interrupted: false, warnings: Vec::new() }
    }

    fn cluster(&self, file: &str) -> PathBuf {
        self.root.join("etc/pve").join(file)
    }

    /// Once the caller wants to stop, nothing is begun any more.
    fn go_on(&self) -> Result<(), Error> {
        if self.was_interrupted { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// Runs what waits.
    fn waiting<T>(
        &mut self,
        run: impl FnOnce(&mut dyn FnMut() -> Result<(), Interrupted>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.go_on()?;
        let result = run(self.interrupt);
        self.was_interrupted = matches!(result, Err(Error::Interrupted));
        result
    }
}

impl Host for ThisHost<'_> {
    fn read(&mut self, file: &str) -> Result<Option<Vec<u8>>, Error> {
        self.go_on()?;
        let content = read_file(&self.cluster(file), CONFIG_LIMIT)?;
        Ok(content.map(|content| content.bytes))
    }

    fn write(&mut self, file: &str, content: &[u8]) -> Result<(), Error> {
        self.go_on()?;
        Ok(atomic_write(&self.cluster(file), content, 0o644)?)
    }

    fn lock(&mut self, file: &str) -> Result<Box<dyn Held>, Error> {
        let folder = self.root.join("etc/pve");
        self.waiting(|interrupt| {
            CfsLock::acquire(&folder, file, interrupt).map(|lock| Box::new(lock) as Box<dyn Held>)
        })
    }

    fn send(&mut self, request: &Request) -> Result<Response, Error> {
        let datacenter = self.read("datacenter.cfg")?.unwrap_or_default();
        let proxies = Proxies::new(&datacenter, |name| std::env::var(name).ok());
        self.waiting(|interrupt| http::send(request, &proxies, interrupt))
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    fn print(&mut self, text: &str) {
        // Nothing depends on whether somebody reads it.
        let _ = io::stdout().write_all(text.as_bytes());
    }

    fn change_ethers(
        &mut self,
        dhcp: &str,
        change: &mut dyn FnMut(&[u8]) -> Vec<u8>,
    ) -> Result<(), Error> {
        let path = self.root.join(format!("etc/dnsmasq.d/{dhcp}/ethers"));
        self.waiting(|interrupt| dnsmasq::change_ethers(&path, change, interrupt))
    }

    fn systemctl(&mut self, action: &str, unit: &str) -> Result<(), Error> {
        self.waiting(|interrupt| dnsmasq::systemctl(action, unit, interrupt))
    }

    fn has_dnsmasq(&self) -> bool {
        ["usr/sbin/dnsmasq", "lib/systemd/system/dnsmasq.service"]
            .iter()
            .all(|path| self.root.join(path).exists())
    }

    fn write_node_file(&mut self, path: &str, content: &str) -> Result<(), Error> {
        let root = self.root.clone();
        self.waiting(|interrupt| dnsmasq::write_file(&root, path, content, interrupt))
    }

    fn make_dhcp_folder(&mut self, dhcp: &str) {
        let _ = fs::create_dir(self.root.join("etc/dnsmasq.d").join(dhcp));
    }

    fn remove_vnet_settings(&mut self, dhcp: &str) {
        let Ok(entries) = fs::read_dir(self.root.join("etc/dnsmasq.d").join(dhcp)) else { return };
        for entry in entries.flatten() {
            if entry.file_name().to_str().is_some_and(is_of_vnet) {
                // As the reference, which does not look whether that works either.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn complain(&mut self, text: &str) {
        let _ = writeln!(io::stderr(), "WARN: {text}");
    }

    fn add_lease(&mut self, dhcp: &str, ip4: &str, mac: &str) -> Result<(), Error> {
        let socket = self.root.join("run/dbus/system_bus_socket");
        self.waiting(|interrupt| dnsmasq::add_lease(&socket, dhcp, ip4, mac, interrupt))
    }
}
