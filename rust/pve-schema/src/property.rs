//! One property of a schema.

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
    /// Whether its value is a list of such values, in a section file one line each.
    pub list: bool,
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
    pub minimum: Option<i64>,
    /// The greatest value of a number.
    pub maximum: Option<i64>,
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
            list: false,
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

    /// Its value is a list of such values.
    pub const fn list(mut self) -> Self {
        self.list = true;
        self
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
    pub const fn minimum(mut self, minimum: i64) -> Self {
        self.minimum = Some(minimum);
        self
    }

    /// The greatest value.
    pub const fn maximum(mut self, maximum: i64) -> Self {
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
