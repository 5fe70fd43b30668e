//! Writes the POD of exported functions from the doc comments of the bindings.
//!
//! `perlxs-pod BINDINGS MODULES OUT` reads every Rust file below the folder `BINDINGS`, copies the Perl modules of the
//! folder `MODULES` to `OUT`, and puts the documentation of a package's exports into the copy of its module: in
//! place of the line `=for perlxs functions`, else at the end. A package without a module is an error, and so is an
//! export without a doc comment.
#![forbid(unsafe_code)]

mod bindings;
mod error;
mod markdown;
mod module;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bindings::Function;
use error::Error;

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [bindings, modules, out] = arguments.as_slice() else {
        eprintln!("usage: perlxs-pod BINDINGS MODULES OUT");
        return ExitCode::from(2);
    };
    match document(bindings, modules, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perlxs-pod: {error}");
            ExitCode::FAILURE
        }
    }
}

fn document(bindings: &Path, modules: &Path, out: &Path) -> Result<(), Error> {
    let mut packages: BTreeMap<String, Vec<Function>> = BTreeMap::new();
    for path in files_below(bindings, "rs")? {
        let source = fs::read_to_string(&path).map_err(|why| Error::read(&path, why))?;
        for package in bindings::packages(&source, &path)? {
            packages.entry(package.name).or_default().extend(package.functions);
        }
    }
    for path in files_below(modules, "pm")? {
        let text = fs::read_to_string(&path).map_err(|why| Error::read(&path, why))?;
        let functions = module::package_name(&text).and_then(|name| packages.remove(name));
        let text = match functions {
            Some(functions) => module::splice(&text, &functions),
            None => text,
        };
        let relative = path.strip_prefix(modules).unwrap_or(&path);
        write(&out.join(relative), &text)?;
    }
    match packages.into_keys().next() {
        Some(package) => Err(Error::NoModule { package, modules: modules.to_owned() }),
        None => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|why| Error::write(folder, why))?;
    }
    fs::write(path, text).map_err(|why| Error::write(path, why))
}

/// The files with this extension in a folder and its sub-folders, sorted.
fn files_below(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|why| Error::read(&folder, why))? {
            let path = entry.map_err(|why| Error::read(&folder, why))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
