//! Stanzas of ifupdown2's files, each option as it is written.

use std::collections::{BTreeMap, BTreeSet};

/// A stanza.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanza {
    /// The interface.
    pub name: String,
    /// `static`, `dhcp` and the like, or empty.
    pub method: String,
    options: Vec<(String, String)>,
}

impl Stanza {
    /// The first value of an option, unless it is empty. Options are written with underscores or hyphens.
    #[must_use]
    pub fn get(&self, option: &str) -> Option<&str> {
        let found = self.options.iter().find(|(known, _)| known == option);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// All values of an option.
    pub fn all<'s>(&'s self, option: &'s str) -> impl Iterator<Item = &'s str> {
        let options = self.options.iter().filter(move |(known, _)| known == option);
        options.map(|(_, value)| value.as_str())
    }
}

/// The stanzas of all files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stanzas {
    stanzas: Vec<Stanza>,
    by_name: BTreeMap<String, Vec<usize>>,
    auto: BTreeSet<String>,
}

/// A directive to read other files, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `source`: a pattern of files.
    Files(String),
    /// `source-directory`: a folder.
    Folder(String),
}

impl Stanzas {
    /// Adds the stanzas of a file. Returns what other files it wants read.
    pub fn read(&mut self, text: &str) -> Vec<Source> {
        let mut sources = Vec::new();
        let mut current: Option<Stanza> = None;
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            let mut words = line.split_whitespace();
            let Some(first) = words.next().filter(|word| !word.starts_with('#')) else { continue };
            let rest = line.get(first.len()..).unwrap_or_default().trim();
            let is_keyword = matches!(
                first,
                "auto" | "iface" | "mapping" | "source" | "source-directory" | "vlan" | "template"
            ) || first.starts_with("allow-");
            if !is_keyword {
                if let Some(stanza) = &mut current {
                    stanza.options.push((first.replace('_', "-"), rest.to_owned()));
                }
                continue;
            }
            self.end(current.take());
            match first {
                "iface" => {
                    let mut words = words.map(str::to_owned);
                    let name = words.next().unwrap_or_default();
                    let method = words.nth(1).unwrap_or_default();
                    current = Some(Stanza { name, method, options: Vec::new() });
                }
                "auto" | "allow-auto" => self.auto.extend(words.map(str::to_owned)),
                "source" => sources.push(Source::Files(rest.to_owned())),
                "source-directory" => sources.push(Source::Folder(rest.to_owned())),
                _ => {}
            }
        }
        self.end(current);
        sources
    }

    fn end(&mut self, stanza: Option<Stanza>) {
        if let Some(stanza) = stanza {
            self.by_name.entry(stanza.name.clone()).or_default().push(self.stanzas.len());
            self.stanzas.push(stanza);
        }
    }

    /// The stanzas of an interface, in the order of the files.
    pub fn of<'s>(&'s self, name: &str) -> impl DoubleEndedIterator<Item = &'s Stanza> {
        let places = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| self.stanzas.get(*at))
    }

    /// Whether an interface is brought up at boot.
    #[must_use]
    pub fn is_auto(&self, name: &str) -> bool {
        self.auto.contains(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_found_by_their_hyphens() {
        let mut stanzas = Stanzas::default();
        let text = "auto lo v1\n# no\niface v1 inet static\n\tbridge_ports a \\\n b\n\taddress 10.0.0.1/8\n\
                    \taddress 10.0.0.2/8\nsource /x/*\niface v1 inet6 dhcp\n\tmtu 9\n";
        assert_eq!(stanzas.read(text), [Source::Files("/x/*".into())]);
        assert!(stanzas.is_auto("v1") && !stanzas.is_auto("v2"));
        let all: Vec<&Stanza> = stanzas.of("v1").collect();
        assert_eq!(all[0].get("bridge-ports"), Some("a   b"));
        assert_eq!(all[0].all("address").count(), 2);
        assert_eq!((all[1].method.as_str(), all[1].get("mtu")), ("dhcp", Some("9")));
    }
}
