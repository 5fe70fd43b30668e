//! The cache of parsed configurations.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use common::Root;
use pve_container::config_cache::{CacheCounts, ConfigCache};
use pve_container::config_error::ConfigError;
use pve_container::datacenter::read_mac_prefix;
use pve_container::paths::Paths;
use pve_files::error::FileError;

type Texts = ConfigCache<String>;

fn get(cache: &mut Texts, path: &Path) -> Option<Arc<String>> {
    let parse = |raw: &[u8]| Ok::<_, ConfigError>(String::from_utf8_lossy(raw).into_owned());
    cache.get(path, 1000, parse).unwrap()
}

/// Writes files and waits until their time stamps are old enough to be trusted.
fn write_and_settle(files: &[(&Path, &str)]) {
    for (path, text) in files {
        fs::write(path, text).unwrap();
    }
    sleep(Duration::from_millis(3100));
}

fn counts(hits: u64, misses: u64, unsettled: u64, evicted: u64) -> CacheCounts {
    CacheCounts { hits, misses, unsettled, evicted }
}

#[test]
fn an_unchanged_file_is_read_once() {
    let root = Root::new();
    let path = root.config(100);
    let mut cache = Texts::new(8);
    assert!(get(&mut cache, &path).is_none());
    write_and_settle(&[(&path, "one")]);
    for _ in 0..3 {
        assert_eq!(*get(&mut cache, &path).unwrap(), "one");
    }
    assert_eq!(cache.counts(), counts(2, 1, 0, 0));

    // Rewritten in place, the same size, the old time stamp: the ctime tells.
    let stamp = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, "two").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(stamp).unwrap();
    assert_eq!(*get(&mut cache, &path).unwrap(), "two");

    fs::remove_file(&path).unwrap();
    assert!(get(&mut cache, &path).is_none());
    assert!(cache.is_empty());
}

#[test]
fn a_file_changed_a_moment_ago_is_not_remembered() {
    let root = Root::new();
    let path = root.config(100);
    let mut cache = Texts::new(8);
    fs::write(&path, "one").unwrap();
    for _ in 0..3 {
        get(&mut cache, &path).unwrap();
    }
    assert_eq!(cache.counts(), counts(0, 3, 3, 0));
    assert!(cache.is_empty());
}

#[test]
fn the_least_recently_used_makes_room() {
    let root = Root::new();
    let paths: Vec<_> = (100..103).map(|vmid| root.config(vmid)).collect();
    let mut cache = Texts::new(2);
    write_and_settle(&[(&paths[0], "0"), (&paths[1], "1"), (&paths[2], "2")]);
    for which in [0, 1, 0, 2, 0, 1] {
        assert_eq!(*get(&mut cache, &paths[which]).unwrap(), which.to_string());
    }
    assert_eq!(cache.counts(), counts(2, 4, 0, 2));
    assert_eq!(cache.len(), 2);
}

#[test]
fn errors_are_not_remembered() {
    let root = Root::new();
    let path = root.config(100);
    let mut cache = Texts::new(2);
    write_and_settle(&[(&path, "text")]);
    let fail = |_: &[u8]| Err(ConfigError::NodeName);
    assert!(cache.get(&path, 1000, fail).is_err());
    let error = cache.get(&path, 3, |_| Ok::<_, ConfigError>(String::new()));
    assert!(matches!(error, Err(ConfigError::File(FileError::TooLong { .. }))));
    assert_eq!(*get(&mut cache, &path).unwrap(), "text");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let error = cache.get(&path, 1000, |_| Ok::<_, ConfigError>(String::new()));
    assert!(matches!(error, Err(ConfigError::File(FileError::NotRegular { .. }))));
    assert!(cache.is_empty());
}

#[test]
fn the_mac_prefix_comes_from_the_datacenter_file() {
    let root = Root::new();
    let paths = Paths::new(root.path(), "node").unwrap();
    let mut cache = ConfigCache::new(1);
    let (found, _) = read_mac_prefix(&paths, &mut cache).unwrap();
    assert_eq!(found.prefix, "BC:24:11");
    write_and_settle(&[(&paths.datacenter(), "mac_prefix: 02:aa\nx\n")]);
    let (found, parsed_now) = read_mac_prefix(&paths, &mut cache).unwrap();
    assert_eq!((found.prefix.as_str(), parsed_now), ("02:aa", true));
    assert_eq!(found.warnings, [b"ignore config line: x\n"]);
    let (_, parsed_now) = read_mac_prefix(&paths, &mut cache).unwrap();
    assert!(!parsed_now);
}
