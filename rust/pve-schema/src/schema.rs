//! Schemas: constant tables of properties.

use crate::Property;

/// A table of properties.
pub struct Schema {
    /// What it describes, in a word or two.
    pub name: &'static str,
    /// The properties, in the order in which errors are reported.
    pub properties: &'static [Property],
    /// A bit for each property that must be there, and whether some require others; for property strings only.
    pub(crate) required: u32,
    pub(crate) has_requirements: bool,
    default_position: Option<usize>,
    /// The places of the properties by a hash of their keys: an open table, [`NOBODY`] where there is none.
    places: [u8; PLACES],
    /// The first eight bytes of the properties' keys.
    tags: [u64; MAX_KEYS],
}

/// The most properties that a property string's schema may have.
pub(crate) const MAX_PROPERTIES: usize = 16;

/// The most properties that any schema may have.
const MAX_KEYS: usize = 48;

/// The size of the table of places: a power of two, so large that most keys have a place of their own.
const PLACES: usize = 128;

const NOBODY: u8 = u8::MAX;

impl Schema {
    /// The schema of a property string. Fails to compile, as a constant, where the table contradicts itself.
    pub const fn new(name: &'static str, properties: &'static [Property]) -> Self {
        assert!(properties.len() <= MAX_PROPERTIES, "too many properties");
        let mut schema = Self::of_file(name, properties);
        let mut i = 0;
        while i < properties.len() {
            let property = &properties[i];
            assert!(property.count == 0, "a property string has no numbered keys");
            assert!(
                property.key_alias.is_none() || property.alias.is_some(),
                "key alias without alias"
            );
            if property.default_key {
                assert!(schema.default_position.is_none(), "more than one default key");
                assert!(property.alias.is_none(), "the default key is an alias");
                schema.default_position = Some(i);
            }
            if !property.optional {
                schema.required |= 1 << i;
            }
            schema.has_requirements |= property.requires.is_some();
            i += 1;
        }
        schema
    }

    /// The schema of a file: keys at the start of lines, which may be numbered.
    pub const fn of_file(name: &'static str, properties: &'static [Property]) -> Self {
        assert!(properties.len() <= MAX_KEYS, "too many properties");
        let mut tags = [0; MAX_KEYS];
        let mut places = [NOBODY; PLACES];
        let mut i = 0;
        while i < properties.len() {
            tags[i] = tag(properties[i].name.as_bytes());
            let mut place = hash(tags[i]);
            while places[place] != NOBODY {
                place = (place + 1) % PLACES;
            }
            places[place] = i as u8;
            i += 1;
        }
        Self {
            name,
            properties,
            required: 0,
            has_requirements: false,
            default_position: None,
            places,
            tags,
        }
    }

    /// The place of a key in the table.
    pub fn position(&self, key: &[u8]) -> Option<usize> {
        let tag = tag(key);
        let mut place = hash(tag);
        loop {
            let at = usize::from(self.places[place]);
            let name = self.properties.get(at)?.name.as_bytes();
            if self.tags[at] == tag && name.len() == key.len() && (key.len() <= 8 || name == key) {
                return Some(at);
            }
            place = (place + 1) % PLACES;
        }
    }

    /// A property by its key.
    pub fn property(&self, key: &[u8]) -> Option<&'static Property> {
        self.position(key).and_then(|at| self.properties.get(at))
    }

    /// The place of the property whose value may stand without a key.
    pub fn default_position(&self) -> Option<usize> {
        self.default_position
    }
}

/// The first eight bytes of a key as a number: most keys differ in them.
const fn tag(key: &[u8]) -> u64 {
    if let Some(first) = key.first_chunk::<8>() {
        return u64::from_le_bytes(*first);
    }
    let mut tag = 0;
    let mut i = 0;
    while i < key.len() {
        tag |= (key[i] as u64) << (8 * i);
        i += 1;
    }
    tag
}

const fn hash(tag: u64) -> usize {
    (tag.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 57) as usize % PLACES
}
