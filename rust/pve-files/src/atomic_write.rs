//! Replacing a file so that at every moment either the old or the new one is there, whole.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::error::FileError;
use crate::read_file::FileVersion;

const PERMISSION_BITS: u32 = 0o7777;

/// The name under which a file's next version is written before it replaces the file.
///
/// There is one name a file, so a killed writer leaves at most one such file and the next writer removes it. It must
/// only be used under the file's lock.
#[must_use]
pub fn temporary_name(path: &Path) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(".tmp.pve-network-rust");
    PathBuf::from(name)
}

/// Replaces the file at `path`, or creates it, with `bytes`: a [`Replacement`] prepared and committed.
///
/// # Errors
/// As [`Replacement::prepare`] and [`Replacement::commit`].
pub fn atomic_write(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    Replacement::prepare(path, bytes, mode)?.commit()
}

/// The next version of a file, on disk but not yet in place. Dropping it removes it.
///
/// Whoever makes one holds the file's lock until it is committed or dropped.
pub struct Replacement {
    target: PathBuf,
    temporary: Temporary,
}

impl Replacement {
    /// Writes `bytes` to a temporary file beside `path` and syncs it.
    ///
    /// A file that is to be replaced keeps its owner and permissions; a new one gets `mode` (less the umask).
    ///
    /// # Errors
    /// [`FileError::NotRegular`] when something other than a regular file is at `path`, and one variant a step. The
    /// file at `path` is untouched.
    pub fn prepare(path: &Path, bytes: &[u8], mode: u32) -> Result<Self, FileError> {
        let old = match FileVersion::at(path)? {
            Some(_) => fs::symlink_metadata(path).ok(),
            None => None,
        };
        let temporary = Temporary::create(temporary_name(path), mode)?;
        if let Some(old) = old {
            temporary.take_attributes_of(&old)?;
        }
        temporary.write(bytes)?;
        Ok(Self { target: path.to_owned(), temporary })
    }

    /// Puts the new version in place and syncs the folder.
    ///
    /// # Errors
    /// [`FileError::Rename`], with the old file in place; [`FileError::SyncFolder`], with the new one in place.
    pub fn commit(self) -> Result<(), FileError> {
        self.temporary.rename(&self.target)?;
        sync_folder(&self.target)
            .map_err(|source| FileError::SyncFolder { path: self.target, source })
    }
}

/// Removes the temporary file that a killed [`atomic_write`] of `path` has left, and tells whether there was one. The
/// caller holds the file's lock.
///
/// # Errors
/// [`FileError::StaleTemporary`].
pub fn remove_leftover(path: &Path) -> Result<Option<PathBuf>, FileError> {
    let temporary = temporary_name(path);
    match fs::remove_file(&temporary) {
        Ok(()) => Ok(Some(temporary)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::StaleTemporary { path: temporary, source }),
    }
}

/// A temporary file that removes itself unless it was renamed.
struct Temporary {
    path: PathBuf,
    file: File,
    renamed: bool,
}

impl Temporary {
    fn create(path: PathBuf, mode: u32) -> Result<Self, FileError> {
        let create = || OpenOptions::new().write(true).create_new(true).mode(mode).open(&path);
        let mut created = create();
        if matches!(&created, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
            if let Err(source) = fs::remove_file(&path) {
                return Err(FileError::StaleTemporary { path, source });
            }
            created = create();
        }
        match created {
            Ok(file) => Ok(Self { path, file, renamed: false }),
            Err(source) => Err(FileError::Create { path, source }),
        }
    }

    /// Before the content is written, so that nobody sees it who could not see the old one.
    fn take_attributes_of(&self, old: &Metadata) -> Result<(), FileError> {
        let set = || {
            let new = self.file.metadata()?;
            // pmxcfs refuses any change, but gives every file the same owner and mode.
            if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
                match fchown(&self.file, Some(old.uid()), Some(old.gid())) {
                    // As in the reference, a file written by another user becomes that user's.
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                    other => other?,
                }
            }
            let mode = old.mode() & PERMISSION_BITS;
            if new.mode() & PERMISSION_BITS != mode {
                self.file.set_permissions(Permissions::from_mode(mode))?;
            }
            Ok(())
        };
        set().map_err(|source| FileError::Attributes { path: self.path.clone(), source })
    }

    fn write(&self, bytes: &[u8]) -> Result<(), FileError> {
        (&self.file)
            .write_all(bytes)
            .and_then(|()| self.file.sync_all())
            .map_err(|source| FileError::Write { path: self.path.clone(), source })
    }

    fn rename(mut self, target: &Path) -> Result<(), FileError> {
        fs::rename(&self.path, target)
            .map_err(|source| FileError::Rename { path: target.to_owned(), source })?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // The error that led here is the one to report; the next writer removes what stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
