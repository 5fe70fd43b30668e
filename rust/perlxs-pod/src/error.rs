use std::io;
use std::path::{Path, PathBuf};

/// Why the documentation could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read {path}: {why}")]
    Read { path: PathBuf, why: io::Error },

    #[error("cannot write {path}: {why}")]
    Write { path: PathBuf, why: io::Error },

    #[error("{path}: line {line}: {why}")]
    Parse { path: PathBuf, line: usize, why: syn::Error },

    #[error("{path}: line {line}: `{function}` is exported without a doc comment: describe it")]
    Undocumented { path: PathBuf, line: usize, function: String },

    #[error(
        "no module below {modules} has `package {package};`: write it, or correct the name in the bindings"
    )]
    NoModule { package: String, modules: PathBuf },
}

impl Error {
    pub fn read(path: &Path, why: io::Error) -> Self {
        Self::Read { path: path.to_owned(), why }
    }

    pub fn write(path: &Path, why: io::Error) -> Self {
        Self::Write { path: path.to_owned(), why }
    }

    pub fn parse(path: &Path, why: syn::Error) -> Self {
        Self::Parse { path: path.to_owned(), line: why.span().start().line, why }
    }
}
