//! Reading a file that others may replace, rewrite or remove meanwhile.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, CWD, FileType, OFlags, Statx, StatxFlags, StatxTimestamp, statx};

use crate::error::FileError;

/// Largest configuration that is read, in bytes: sixteen times the largest file that pmxcfs stores.
pub const CONFIG_LIMIT: u64 = 16 << 20;

/// How old a file's last change must be before its time stamps tell whether it was changed again. pmxcfs keeps whole
/// seconds; one more second is for clocks of nodes that differ.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// How often a file that changes while it is read is read.
const TRIES: u32 = 6;

/// What identifies one version of a file: a change of any of these is a change of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileVersion {
    device: (u32, u32),
    inode: u64,
    size: u64,
    modified: (i64, u32),
    changed: (i64, u32),
}

impl FileVersion {
    /// The version of the file at `path` now, or `None` when nothing is there.
    ///
    /// # Errors
    /// [`FileError::NotRegular`] and [`FileError::Open`].
    pub fn at(path: &Path) -> Result<Option<Self>, FileError> {
        // FUSE, and so pmxcfs, answers from attributes up to a second old unless asked to look again.
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::STATX_FORCE_SYNC;
        match statx(CWD, path, flags, StatxFlags::BASIC_STATS) {
            Ok(stat) => Self::of(path, &stat).map(Some),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(errno) => Err(FileError::Open { path: path.to_owned(), source: errno.into() }),
        }
    }

    fn of_open(path: &Path, file: &File) -> Result<Self, FileError> {
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_FORCE_SYNC;
        match statx(file, "", flags, StatxFlags::BASIC_STATS) {
            Ok(stat) => Self::of(path, &stat),
            Err(errno) => Err(FileError::Read { path: path.to_owned(), source: errno.into() }),
        }
    }

    fn of(path: &Path, stat: &Statx) -> Result<Self, FileError> {
        match FileType::from_raw_mode(stat.stx_mode.into()) {
            FileType::RegularFile => {}
            other => {
                return Err(FileError::NotRegular { path: path.to_owned(), kind: kind(other) });
            }
        }
        let time = |t: StatxTimestamp| (t.tv_sec, t.tv_nsec);
        Ok(Self {
            device: (stat.stx_dev_major, stat.stx_dev_minor),
            inode: stat.stx_ino,
            size: stat.stx_size,
            modified: time(stat.stx_mtime),
            changed: time(stat.stx_ctime),
        })
    }

    /// Whether a change made at `now` or later would show in the time stamps.
    fn is_settled(&self, now: SystemTime) -> bool {
        let last = self.modified.0.max(self.changed.0);
        let Ok(now) = now.duration_since(UNIX_EPOCH) else {
            return false;
        };
        // A time in the future, from another node's clock, is never settled.
        u64::try_from(last).map_or(true, |last| last + SETTLED_AFTER.as_secs() < now.as_secs())
    }
}

/// A whole file as it was at one moment.
#[derive(Debug)]
pub struct Content {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its version.
    pub version: FileVersion,
    /// Whether a later change must change `version` too. If not, `bytes` say nothing about the file's content later,
    /// even while `version` stays the same.
    pub settled: bool,
}

/// Reads the file at `path`, or gives `None` when nothing is there. Never follows a symbolic link, never waits for the
/// writer of a FIFO.
///
/// # Errors
/// [`FileError::Open`], [`FileError::Read`], [`FileError::NotRegular`], [`FileError::TooLong`] above `limit`
/// bytes, [`FileError::Unstable`] when each of several attempts saw the file change.
pub fn read_file(path: &Path, limit: u64) -> Result<Option<Content>, FileError> {
    read_watched(path, limit, &mut || ())
}

/// As [`read_file`]; calls `between` after each reading and before looking whether the file has changed.
fn read_watched(
    path: &Path,
    limit: u64,
    between: &mut dyn FnMut(),
) -> Result<Option<Content>, FileError> {
    let mut earlier: Option<Vec<u8>> = None;
    for attempt in 0..TRIES {
        let now = SystemTime::now();
        let Some(mut file) = open(path)? else {
            return Ok(None);
        };
        let before = FileVersion::of_open(path, &file)?;
        let bytes = read_all(path, &mut file, before.size, limit)?;
        between();
        let version = FileVersion::of_open(path, &file)?;
        if version != before || version.size != bytes.len() as u64 {
            earlier = None;
            thread::sleep(Duration::from_millis(1 << attempt));
            continue;
        }
        let settled = version.is_settled(now);
        // Two writes within one step of the clock look like none: then only a second reading tells.
        if settled || earlier.as_ref() == Some(&bytes) {
            return Ok(Some(Content { bytes, version, settled }));
        }
        earlier = Some(bytes);
    }
    Err(FileError::Unstable { path: path.to_owned(), tries: TRIES })
}

fn open(path: &Path) -> Result<Option<File>, FileError> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits() as i32).open(path);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => {
            // What stands there says more than the error of opening it.
            FileVersion::at(path)?;
            Err(FileError::Open { path: path.to_owned(), source })
        }
    }
}

fn read_all(path: &Path, file: &mut File, size: u64, limit: u64) -> Result<Vec<u8>, FileError> {
    let too_long = || FileError::TooLong { path: path.to_owned(), limit };
    if size > limit {
        return Err(too_long());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    let read = file.take(limit + 1).read_to_end(&mut bytes);
    read.map_err(|source| FileError::Read { path: path.to_owned(), source })?;
    if bytes.len() as u64 > limit {
        return Err(too_long());
    }
    Ok(bytes)
}

/// What a reader of an error message calls such a file.
fn kind(file_type: FileType) -> &'static str {
    match file_type {
        FileType::Directory => "directory",
        FileType::Symlink => "symbolic link",
        FileType::Fifo => "FIFO",
        FileType::Socket => "socket",
        FileType::CharacterDevice => "character device",
        FileType::BlockDevice => "block device",
        _ => "special file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn scratch(name: &str) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("pve-read-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn age(path: &Path) {
        let old = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
    }

    #[test]
    fn a_file_that_is_rewritten_meanwhile_is_read_again() {
        let folder = scratch("rewritten");
        let path = folder.join("100.conf");
        fs::write(&path, "memory: 1\n").unwrap();
        let mut rewrites = 2;
        let content = read_watched(&path, CONFIG_LIMIT, &mut || {
            if rewrites > 0 {
                rewrites -= 1;
                // The size stays; the time stamp is moved by hand, as a coarse clock would hide the change.
                fs::write(&path, format!("memory: {}\n", rewrites + 5)).unwrap();
                age(&path);
            }
        });
        assert_eq!(content.unwrap().unwrap().bytes, b"memory: 5\n");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_change_within_one_step_of_the_clock_is_seen() {
        let folder = scratch("step");
        let path = folder.join("100.conf");
        fs::write(&path, "memory: 1\n").unwrap();
        let stamp = SystemTime::now() + Duration::from_secs(60);
        let touch = |path: &Path| {
            let file = File::options().write(true).open(path).unwrap();
            file.set_modified(stamp).unwrap();
        };
        touch(&path);
        let mut rewrites = 1;
        let content = read_watched(&path, CONFIG_LIMIT, &mut || {
            if rewrites > 0 {
                rewrites -= 1;
                fs::write(&path, "memory: 2\n").unwrap();
                touch(&path);
            }
        });
        let content = content.unwrap().unwrap();
        assert_eq!(content.bytes, b"memory: 2\n");
        assert!(!content.settled);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_never_rests_is_given_up() {
        let folder = scratch("unrest");
        let path = folder.join("100.conf");
        fs::write(&path, "").unwrap();
        let mut length = 0;
        let result = read_watched(&path, CONFIG_LIMIT, &mut || {
            length += 1;
            fs::write(&path, "x".repeat(length)).unwrap();
        });
        assert_eq!(length, 6);
        assert!(matches!(result, Err(FileError::Unstable { tries: 6, .. })));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_vanishes_after_opening_is_still_read() {
        let folder = scratch("vanish");
        let path = folder.join("100.conf");
        fs::write(&path, "memory: 1\n").unwrap();
        let result = read_watched(&path, CONFIG_LIMIT, &mut || {
            let _ = fs::remove_file(&path);
        });
        // Removing changes the inode's ctime, so it is read again, and then it is gone.
        assert!(result.unwrap().is_none());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_named() {
        let folder = scratch("kinds");
        let path = folder.join("100.conf");
        fs::create_dir(&path).unwrap();
        assert!(text(&path).contains("is a directory, not a regular file"));
        fs::remove_dir(&path).unwrap();
        rustix::fs::mknodat(
            CWD,
            &path,
            FileType::Fifo,
            rustix::fs::Mode::RUSR,
            rustix::fs::makedev(0, 0),
        )
        .unwrap();
        assert!(text(&path).contains("is a FIFO, not a regular file"));
        fs::remove_file(&path).unwrap();
        symlink("/etc/passwd", &path).unwrap();
        assert!(text(&path).contains("is a symbolic link, not a regular file"));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_above_the_limit_is_refused() {
        let folder = scratch("limit");
        let path = folder.join("100.conf");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_file(&path, 5).unwrap().unwrap().bytes, b"12345");
        let error = read_file(&path, 4).unwrap_err();
        let wanted = format!("file '{}' too long - aborting", path.display());
        assert_eq!(error.to_string(), wanted);
        fs::remove_dir_all(folder).unwrap();
    }

    fn text(path: &Path) -> String {
        read_file(path, CONFIG_LIMIT).unwrap_err().to_string()
    }
}
