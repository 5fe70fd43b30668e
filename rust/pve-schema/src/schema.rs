//! Schemas: constant tables of properties.

use crate::{Format, PerlStr};

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any string.
    String,
    /// 0 or 1; a property string also has the words for them.
    Boolean,
    /// Digits, perhaps with a sign.
    Integer,
    /// A decimal number, perhaps with a fraction and an exponent.
    Number,
}

impl Kind {
    /// The name that the reference gives it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::Boolean => "boolean",
            Kind::Integer => "integer",
            Kind::Number => "number",
        }
    }
}

/// A pattern that a value must match from start to end.
#[derive(Clone, Copy)]
pub struct Pattern {
    /// The pattern as a Perl regular expression, for documentation.
    pub text: &'static str,
    /// The same as a function. A last newline, before which Perl's `$` matches too, has been tried both ways.
    pub matches: fn(PerlStr<'_>) -> bool,
}

/// One property of a schema.
#[derive(Clone, Copy)]
pub struct Property {
    /// Its key.
    pub name: &'static str,
    /// How many numbered keys it stands for (`net0` to `net31`: 32); 0 for the bare key.
    pub count: u16,
    /// The type of its value.
    pub kind: Kind,
    /// Whether it may be missing.
    pub optional: bool,
    /// Whether a part of a property string without `=` is its value.
    pub default_key: bool,
    /// The property that this key is another name for.
    pub alias: Option<&'static str>,
    /// For an alias: the property that is set to the name that was used.
    pub key_alias: Option<&'static str>,
    /// The property that must be there too.
    pub requires: Option<&'static str>,
    /// What its value must look like.
    pub format: Option<Format>,
    /// A pattern that its value must match.
    pub pattern: Option<Pattern>,
    /// The values it may have; empty for any.
    pub values: &'static [&'static str],
    /// The least value of a number.
    pub minimum: Option<i32>,
    /// The greatest value of a number.
    pub maximum: Option<i32>,
    /// The least length in characters.
    pub min_length: Option<u32>,
    /// The greatest length in characters.
    pub max_length: Option<u32>,
    /// What holds where it is missing.
    pub default: Option<&'static str>,
    /// What a value looks like, for people, without angle brackets.
    pub placeholder: Option<&'static str>,
    /// What it is for, as POD.
    pub description: &'static str,
}

impl Property {
    const fn new(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            count: 0,
            kind,
            optional: false,
            default_key: false,
            alias: None,
            key_alias: None,
            requires: None,
            format: None,
            pattern: None,
            values: &[],
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            default: None,
            placeholder: None,
            description,
        }
    }

    /// A string.
    pub const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::String, description)
    }

    /// A boolean.
    pub const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Boolean, description)
    }

    /// An integer.
    pub const fn integer(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Integer, description)
    }

    /// A number.
    pub const fn number(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Kind::Number, description)
    }

    /// Another name for the property `target`; `key_alias` is set to the name that was used.
    pub const fn alias(
        name: &'static str,
        target: &'static str,
        key_alias: Option<&'static str>,
    ) -> Self {
        let mut property = Self::new(name, Kind::String, "");
        property.optional = true;
        property.alias = Some(target);
        property.key_alias = key_alias;
        property
    }

    /// It may be missing.
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// It stands for the keys `NAME0` to `NAME<count - 1>`.
    pub const fn numbered(mut self, count: u16) -> Self {
        self.count = count;
        self
    }

    /// A part without `=` is its value.
    pub const fn default_key(mut self) -> Self {
        self.default_key = true;
        self
    }

    /// Its value has a format.
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Its value matches a pattern.
    pub const fn pattern(mut self, text: &'static str, matches: fn(PerlStr<'_>) -> bool) -> Self {
        self.pattern = Some(Pattern { text, matches });
        self
    }

    /// Its value is one of these.
    pub const fn one_of(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    /// The least value.
    pub const fn minimum(mut self, minimum: i32) -> Self {
        self.minimum = Some(minimum);
        self
    }

    /// The greatest value.
    pub const fn maximum(mut self, maximum: i32) -> Self {
        self.maximum = Some(maximum);
        self
    }

    /// The least length in characters.
    pub const fn min_length(mut self, length: u32) -> Self {
        self.min_length = Some(length);
        self
    }

    /// The greatest length in characters.
    pub const fn max_length(mut self, length: u32) -> Self {
        self.max_length = Some(length);
        self
    }

    /// The property `name` must be there too.
    pub const fn requires(mut self, name: &'static str) -> Self {
        self.requires = Some(name);
        self
    }

    /// What holds where it is missing.
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// What a value looks like, without angle brackets.
    pub const fn placeholder(mut self, placeholder: &'static str) -> Self {
        self.placeholder = Some(placeholder);
        self
    }
}

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
