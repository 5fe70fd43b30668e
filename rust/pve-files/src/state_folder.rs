//! The folder of this node's own state: for its owner alone.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use crate::error::FileError;

const FOLDER_MODE: u32 = 0o700;

/// Creates the folders from `state` down to `path`'s own, for their owner alone.
///
/// # Errors
/// [`FileError::StateFolder`].
pub fn create_private(state: &Path, path: &Path) -> Result<(), FileError> {
    let fail = |source| FileError::StateFolder { path: state.to_owned(), source };
    if let Some(above) = state.parent() {
        fs::create_dir_all(above).map_err(fail)?;
    }
    let folder = path.parent().unwrap_or(state);
    DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(fail)?;
    let found = fs::symlink_metadata(state).map_err(fail)?;
    if !found.is_dir() {
        return Err(fail(io::ErrorKind::NotADirectory.into()));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(state, Permissions::from_mode(FOLDER_MODE)).map_err(fail)?;
    }
    Ok(())
}
