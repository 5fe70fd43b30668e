//! `PVE::Network::Rust::LXC::Config`

use std::time::Duration;

use perlxs::sys::PERL_VERSION;
use perlxs::{Error, Return, Returned, to_perl};
use pve_config::lxc;
use pve_config::lxc::container::{Container, Dialect, Options};
use pve_container::config_file::{Outcome, Recovery, Saved, Wait};
use pve_container::lock;
use pve_schema::{Environment, Map, PerlStr, PerlString};
use serde::{Deserialize, Deserializer, Serialize};

use crate::waiting::interruptible;
use crate::{error, node, string};

fn environment() -> Environment<'static> {
    Environment::new(&node::has_time_zone).with_perl(PERL_VERSION)
}

/// A configuration on its way to Perl: it is parsed where its text still lives.
pub(crate) struct Loaded(node::ConfigText);

impl Return for Loaded {
    fn into_perl(self, perl: perlxs::Perl) -> Result<Returned, Error> {
        let name = format!("/etc/pve/{}", self.0.name);
        let name = PerlStr::Bytes(name.as_bytes());
        let parsed = lxc::parse_pct_config(name, &self.0.bytes, false, &environment());
        to_perl(perl, &parsed.config.map_err(error::schema)?).map(Returned::Scalar)
    }
}

/// A hash of the caller's in a function that waits: signal handlers may change the caller's own meanwhile.
pub(crate) struct OwnedMap(Map<'static>);

impl<'de> Deserialize<'de> for OwnedMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OwnedMap, D::Error> {
        Map::deserialize(deserializer).map(|map| OwnedMap(map.into_owned()))
    }
}

/// What is taken for a configuration.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DialectName {
    #[default]
    Relaxed,
    Strict,
}

/// How to read a configuration into typed data.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContainerOptions {
    #[serde(default)]
    dialect: DialectName,
    vnets: Option<Vec<String>>,
}

impl ContainerOptions {
    fn dialect(&self) -> Dialect {
        match self.dialect {
            DialectName::Relaxed => Dialect::Relaxed,
            DialectName::Strict => Dialect::Strict,
        }
    }

    /// The VNets that a bridge or an interface's name may be.
    fn vnets(&mut self) -> Result<Vec<String>, Error> {
        match self.vnets.take() {
            Some(vnets) => Ok(vnets),
            None => node::vnets().map_err(error::config_file),
        }
    }
}

/// What a save did.
#[derive(Serialize)]
pub(crate) struct SavedHash {
    digest: String,
    replaced: Option<String>,
}

impl From<Saved> for SavedHash {
    fn from(saved: Saved) -> SavedHash {
        SavedHash { digest: saved.digest, replaced: saved.replaced }
    }
}

/// What a recovery did.
#[derive(Serialize)]
pub(crate) struct RecoveryHash {
    name: String,
    digest: String,
    saved: u64,
    outcome: &'static str,
    replaced: Option<String>,
    removed: Vec<String>,
}

impl From<Recovery> for RecoveryHash {
    fn from(recovery: Recovery) -> RecoveryHash {
        let (outcome, replaced) = match recovery.outcome {
            Outcome::Unchanged => ("unchanged", None),
            Outcome::Restored => ("restored", None),
            Outcome::Replaced { digest } => ("replaced", Some(digest)),
        };
        let since_epoch = recovery.saved.duration_since(std::time::UNIX_EPOCH);
        RecoveryHash {
            name: recovery.name,
            digest: recovery.digest,
            saved: since_epoch.map_or(0, |time| time.as_secs()),
            outcome,
            replaced,
            removed: recovery.removed.iter().map(|path| path.display().to_string()).collect(),
        }
    }
}

fn lock_timeout(seconds: Option<u32>) -> Duration {
    seconds.map_or(lock::DEFAULT_TIMEOUT, |seconds| Duration::from_secs(seconds.into()))
}

/// Configurations of containers.
#[perlxs::package(name = "PVE::Network::Rust::LXC::Config")]
pub mod package {
    use super::*;

    use perlxs::{Context, Data, Empty, Hash, Ignored, PerlData, Signals, Truth};

    use crate::string::{Text, Words};

    /// Stands for `PVE::LXC::Config::parse_pct_config`.
    ///
    /// `$filename` ends in `/lxc/<vmid>.conf`; the number is used in messages. `$raw` is the file's content, bytes. With
    /// `$strict` the first line that is not in order is an error; without, it is a warning.
    ///
    /// Returns a reference to a hash of the configuration, or undef if `$raw` is undef.
    ///
    /// # Errors
    ///
    /// `got strange filename '...'`; with `$strict`, what would have been the first warning.
    #[export]
    fn parse_pct_config<'a>(
        context: &mut Context,
        filename: Option<PerlData<Words<'_>>>,
        raw: Option<&'a [u8]>,
        strict: Option<Truth>,
    ) -> Result<Option<Data<lxc::Config<'a>>>, Error> {
        let Some(raw) = raw else { return Ok(None) };
        let filename = string::or_empty(&filename);
        let strict = strict.is_some_and(|strict| strict.0);
        let parsed = lxc::parse_pct_config(filename.as_perl(), raw, strict, &environment());
        string::warn_all(context, parsed.warnings);
        parsed.config.map(|config| Some(Data(config))).map_err(error::schema)
    }

    /// Stands for `PVE::LXC::Config::write_pct_config`.
    ///
    /// `$conf` is a reference to a hash as parse_pct_config returns it. As by the Perl function, `snapstate` and each
    /// `unusedN` whose volume is in use are deleted from that hash. `$filename` is not used.
    ///
    /// Returns the text of the file.
    ///
    /// # Errors
    ///
    /// `detected invalid newline inside property '...'`
    #[export]
    fn write_pct_config(
        context: &mut Context,
        _filename: Ignored,
        conf: Hash<Map<'_>>,
    ) -> Result<Text, Error> {
        let written = lxc::write_pct_config(&conf);
        for key in written.deleted {
            context.delete(&conf, string::message(key));
        }
        for key in written.created {
            context.create_hash(&conf, key)?;
        }
        written.text.map(Text).map_err(error::schema)
    }

    /// Stands for `PVE::LXC::Config->parse_lxc_network`.
    ///
    /// Returns a reference to a hash of the options of a `netN` value; an empty hash if `$data` is empty. Where
    /// `hwaddr` is missing, it gets a random address with the prefix that `datacenter.cfg` gives.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`, and what parsing a property string dies with.
    #[export]
    fn parse_lxc_network(
        context: &mut Context,
        _class: Ignored,
        data: Option<PerlData<Words<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let data = string::or_empty(&data);
        let mut address = Ok(());
        let network = lxc::parse_lxc_network(data.as_perl(), || match node::new_address() {
            Ok((new, warnings)) => {
                warnings.into_iter().for_each(|warning| context.warn(warning));
                PerlString::from(new)
            }
            Err(error) => {
                address = Err(error);
                PerlString::new()
            }
        });
        let network = network.map_err(error::schema)?;
        address.map_err(error::reference)?;
        Ok(Data(network.into_owned()))
    }

    /// Stands for `PVE::LXC::Config->print_lxc_network`.
    ///
    /// Returns the `netN` value of a reference to a hash of its options.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`; `illegal value with commas for ...`
    #[export]
    fn print_lxc_network(_class: Ignored, net: PerlData<Map<'_>>) -> Result<Text, Error> {
        let PerlData(mut net) = net;
        lxc::print_lxc_network(&mut net).map(Text).map_err(error::schema)
    }

    /// Stands for `PVE::LXC::Config->parse_volume`.
    ///
    /// `$key` is `rootfs`, `mpN` or `unusedN`. Returns a reference to a hash of the options of its value; `size` is in
    /// bytes, `idmap` a list of `[type, container, disk, range]`.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`; `parse_volume - unknown type: ...`. With `$noerr` the result is undef
    /// instead, and the empty list for an unknown type.
    #[export]
    fn parse_volume(
        _class: Ignored,
        key: PerlData<Words<'_>>,
        volume_string: Option<PerlData<Words<'_>>>,
        noerr: Option<Truth>,
    ) -> Result<Empty<Option<Data<Map<'static>>>>, Error> {
        let (key, data) = (key.0.to_perl(), string::or_empty(&volume_string));
        match lxc::parse_volume(key.as_perl(), data.as_perl()) {
            Ok(volume) => Ok(Empty::Value(Some(Data(volume.into_owned())))),
            Err(_) if noerr.is_some_and(|noerr| noerr.0) => {
                Ok(if lxc::is_volume_key(key.as_perl()) {
                    Empty::Value(None)
                } else {
                    Empty::Nothing
                })
            }
            Err(error) => Err(error::schema(error)),
        }
    }

    /// Stands for `PVE::LXC::Config->print_volume`.
    ///
    /// Returns the value of `$key` (`rootfs`, `mpN` or `unusedN`) for a reference to a hash of its options.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`; `illegal value with commas for ...`
    #[export]
    fn print_volume(
        _class: Ignored,
        key: PerlData<Words<'_>>,
        volume: PerlData<Map<'_>>,
    ) -> Result<Text, Error> {
        let PerlData(mut volume) = volume;
        lxc::print_volume(key.0.to_perl().as_perl(), &mut volume).map(Text).map_err(error::schema)
    }

    /// Stands for `PVE::LXC::Config->parse_device`.
    ///
    /// Returns a reference to a hash of the options of a `devN` value.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`; `Path has to be defined`. With `$noerr` the result is undef instead.
    #[export]
    fn parse_device(
        _class: Ignored,
        device_string: Option<PerlData<Words<'_>>>,
        noerr: Option<Truth>,
    ) -> Result<Option<Data<Map<'static>>>, Error> {
        match lxc::parse_device(string::or_empty(&device_string).as_perl()) {
            Ok(device) => Ok(Some(Data(device.into_owned()))),
            Err(_) if noerr.is_some_and(|noerr| noerr.0) => Ok(None),
            Err(error) => Err(error::schema(error)),
        }
    }

    /// Stands for `PVE::LXC::Config->print_device`.
    ///
    /// Returns the `devN` value of a reference to a hash of its options.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`; `illegal value with commas for ...`
    #[export]
    fn print_device(_class: Ignored, info: PerlData<Map<'_>>) -> Result<Text, Error> {
        let PerlData(mut info) = info;
        lxc::print_device(&mut info).map(Text).map_err(error::schema)
    }

    /// Stands for `PVE::LXC::Config->parse_features`.
    ///
    /// Returns a reference to a hash of the features of a `features` value; an empty hash if it is empty.
    ///
    /// # Errors
    ///
    /// `format error`, an exception with `errors`, and what parsing a property string dies with.
    #[export]
    fn parse_features(
        _class: Ignored,
        data: Option<PerlData<Words<'_>>>,
    ) -> Result<Data<Map<'static>>, Error> {
        let data = string::or_empty(&data);
        let features = lxc::parse_features(data.as_perl()).map_err(error::schema)?;
        Ok(Data(features.into_owned()))
    }

    /// Reads a configuration of container `$vmid` into typed data, every setting checked in full.
    ///
    /// `$raw` is the file's content, bytes. `$options` is a reference to a hash. `dialect` is `relaxed` (as without it)
    /// or `strict`. `vnets` is a list of the names of all VNets; those of `sdn/vnets.cfg` if it is missing.
    ///
    /// Strict: the first line that is not in order is an error. Relaxed: it is a warning; a setting that does not fit is
    /// kept as text under `other`; an interface without `name=` is called `eth<N>`, and one whose name is that of a VNet
    /// and that has no bridge is plugged into that VNet and called `eth<N>`. In both, booleans may be 1, on, yes, true,
    /// 0, off, no or false.
    ///
    /// Returns a reference to a hash: `vmid`, `digest`, `current`, `pending` and `snapshots` by name. In each of these
    /// `net`, `mp`, `dev` and `unused` are hashes by number; interfaces, mount points, devices, `features` and `startup`
    /// are hashes; `nameserver`, `searchdomain`, `tags`, `delete`, `env`, `lxc` and the lists in property strings are
    /// lists. Booleans are 1 or 0, integers and numbers are numbers, sizes are bytes. `vnet` of an interface tells
    /// whether its bridge is a VNet.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error.
    #[export]
    fn parse_container_config<'a>(
        context: &mut Context,
        vmid: u32,
        raw: &'a [u8],
        options: Option<Data<ContainerOptions>>,
    ) -> Result<Data<Container<'a>>, Error> {
        let mut options = options.map_or_else(ContainerOptions::default, |options| options.0);
        let (dialect, vnets) = (options.dialect(), options.vnets()?);
        let is_vnet = |name: &[u8]| vnets.iter().any(|vnet| vnet.as_bytes() == name);
        let options = Options { dialect, is_vnet: &is_vnet, environment: environment() };
        let parsed = lxc::parse_container_config(vmid, raw, &options);
        string::warn_all(context, parsed.warnings);
        parsed.container.map(Data).map_err(error::container)
    }

    /// Writes typed data as parse_container_config gives it, in the format of the configuration files.
    ///
    /// `$config` is a reference to a hash; booleans in it may be 1, on, yes, true, 0, off, no or false.
    ///
    /// Returns the text of the file.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error that names the value, such as `current.net.0`.
    #[export]
    fn generate_container_config(config: PerlData<Container<'_>>) -> Result<Text, Error> {
        lxc::generate_container_config(&config.0).map(Text).map_err(error::container)
    }

    /// Stands for `PVE::LXC::Config->load_config`.
    ///
    /// Reads the configuration of container `$vmid` of this node, or of node `$node`. It comes from memory while the
    /// file keeps device, inode, size and time stamps; warnings are those of reading it.
    ///
    /// Returns a reference to a hash as parse_pct_config does, the caller's own.
    ///
    /// # Errors
    ///
    /// `Configuration file '...' does not exist`, and why it could not be read.
    #[export]
    fn load_config(
        context: &mut Context,
        _class: Ignored,
        vmid: u32,
        node: Option<&str>,
    ) -> Result<Loaded, Error> {
        let text = node::config_text(vmid, node).map_err(error::reference)?;
        if text.read_now {
            let name = format!("/etc/pve/{}", text.name);
            let name = PerlStr::Bytes(name.as_bytes());
            let parsed = lxc::parse_pct_config(name, &text.bytes, false, &environment());
            string::warn_all(context, parsed.warnings);
        }
        Ok(Loaded(text))
    }

    /// Writes the configuration of container `$vmid` of this node, under its lock, so that a crash leaves the old or the
    /// new version whole; the old one is kept as backup.
    ///
    /// `$conf` is a reference to a hash as load_config returns it, and changed as by write_pct_config. If it has a
    /// `digest`, the file must still be that version. `$timeout` is how many seconds to wait for the lock, 10 if undef.
    ///
    /// Returns a reference to a hash: `digest` of the new version, `replaced`, that of the old one or undef.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error, among others `detected modified configuration - file changed by other
    /// user? Try again.` and `can't lock file '...' - got timeout`; what write_pct_config dies with. The old version is
    /// in place then.
    #[export]
    fn save_config(
        context: &mut Context,
        signals: &Signals,
        _class: Ignored,
        vmid: u32,
        conf: Hash<OwnedMap>,
        timeout: Option<u32>,
    ) -> Result<Data<SavedHash>, Error> {
        let written = lxc::write_pct_config(&conf.0);
        for key in written.deleted {
            context.delete(&conf, string::message(key));
        }
        let text = written.text.map_err(error::schema)?;
        let digest = string::scalar_text(&conf.0, "digest");
        let timeout = lock_timeout(timeout);
        let saved = interruptible(signals, error::config_file, |poll| {
            let mut interrupt = || poll().map_err(|_| lock::Interrupted);
            let mut wait = Wait { timeout, interrupt: &mut interrupt };
            node::config_files()?.save(vmid, text.as_bytes(), digest.as_deref(), &mut wait)
        })?;
        Ok(Data(saved.into()))
    }

    /// Puts the last version but one of the configuration of container `$vmid` of this node in place again, from the
    /// backup that save_config keeps, and removes what killed saves left. A second recovery undoes the first.
    ///
    /// `$timeout` is how many seconds to wait for the lock, 10 if undef.
    ///
    /// Returns a reference to a hash: `name` of the file below /etc/pve; `digest` of the backup; `saved`, the time when
    /// that version was replaced, in seconds since 1970; `outcome`: `unchanged`, `restored` (the file was missing) or
    /// `replaced`; `replaced`, the digest of the version that it replaced or undef; `removed`, the files removed.
    ///
    /// # Errors
    ///
    /// An object of PVE::Network::Rust::Error, among others if there is no backup, or it is damaged.
    #[export]
    fn recover_config(
        signals: &Signals,
        _class: Ignored,
        vmid: u32,
        timeout: Option<u32>,
    ) -> Result<Data<RecoveryHash>, Error> {
        let timeout = lock_timeout(timeout);
        let recovery = interruptible(signals, error::config_file, |poll| {
            let mut interrupt = || poll().map_err(|_| lock::Interrupted);
            let mut wait = Wait { timeout, interrupt: &mut interrupt };
            node::config_files()?.recover(vmid, &mut wait)
        })?;
        Ok(Data(recovery.into()))
    }

    /// Tells how load_config's memory has been used in this process.
    ///
    /// Returns a reference to a hash: `hits` and `misses`, `unsettled` (files too young to be remembered), `entries`.
    #[export]
    fn cache_statistics(_class: Ignored) -> Data<CacheStatistics> {
        Data(CacheStatistics::now())
    }

    /// Empties load_config's memory.
    #[export]
    fn clear_cache(_class: Ignored) {
        node::clear_config_cache();
    }
}

/// How the cache has been used.
#[derive(Serialize)]
pub(crate) struct CacheStatistics {
    hits: u64,
    misses: u64,
    unsettled: u64,
    entries: usize,
}

impl CacheStatistics {
    fn now() -> CacheStatistics {
        let (counts, entries) = node::config_cache_counts();
        CacheStatistics {
            hits: counts.hits,
            misses: counts.misses,
            unsettled: counts.unsettled,
            entries,
        }
    }
}
