//! The files that ifupdown2 reads at boot.

use std::fs;
use std::path::{Path, PathBuf};

use pve_sdn::status::stanzas::{Source, Stanzas};

/// Files may name each other; so many are read.
const MOST: usize = 1000;

/// The stanzas of `etc/network/interfaces` below `root` and of the files that it wants read, in their order.
pub(crate) fn stanzas(root: &Path) -> Stanzas {
    let mut stanzas = Stanzas::default();
    let mut files = vec![root.join("etc/network/interfaces")];
    let mut count = 0;
    while let Some(file) = files.pop() {
        count += 1;
        // As by ifupdown2, a file that cannot be read has nothing.
        let content = fs::read(&file).unwrap_or_default();
        let sources = stanzas.read(&String::from_utf8_lossy(&content));
        if count > MOST {
            break;
        }
        let folder = file.parent().unwrap_or(root);
        let mut named: Vec<PathBuf> =
            sources.iter().flat_map(|source| wanted(root, folder, source)).collect();
        named.reverse();
        files.extend(named);
    }
    stanzas
}

/// The files that a directive means, sorted.
fn wanted(root: &Path, folder: &Path, source: &Source) -> Vec<PathBuf> {
    let below = |path: &str| match path.strip_prefix('/') {
        Some(path) => root.join(path),
        None => folder.join(path),
    };
    let (folder, pattern) = match source {
        Source::Folder(path) => (below(path), "*".to_owned()),
        Source::Files(path) => {
            let path = below(path);
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            match (path.parent(), name) {
                (Some(folder), Some(name)) => (folder.to_owned(), name),
                _ => return Vec::new(),
            }
        }
    };
    if !pattern.contains('*') {
        return vec![folder.join(pattern)];
    }
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| fits(&pattern, &entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

/// Whether a name fits a pattern in which `*` stands for any characters, but not for a dot at the start (glob(7)).
fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_are_those_of_the_shell() {
        for (pattern, name) in
            [("*", "sdn"), ("s*", "sdn"), ("*n", "sdn"), ("s*n", "sdn"), ("sdn", "sdn")]
        {
            assert!(fits(pattern, name), "{pattern}");
        }
        for (pattern, name) in [("*", ".sdn"), ("x*", "sdn"), ("*x", "sdn"), ("sd", "sdn")] {
            assert!(!fits(pattern, name), "{pattern}");
        }
    }
}
