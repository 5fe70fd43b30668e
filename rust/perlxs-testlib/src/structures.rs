//! Hashes and arrays, typed and not.

use serde::{Deserialize, Serialize};

/// A point with a name.
#[derive(Debug, Serialize, Deserialize)]
pub struct Point {
    /// required
    pub x: u32,
    /// may be absent
    pub y: Option<u32>,
    /// may be absent
    pub label: Option<String>,
}

/// A shape, one of several.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// `"nothing"`
    Nothing,
    /// `{ circle => $radius }`
    Circle(u32),
    /// `{ line => [$from, $to] }`
    Line(u32, u32),
    /// `{ path => { points => […] } }`
    Path {
        /// its points
        points: Vec<Point>,
    },
}

/// A name in bytes, which is what configuration files hold.
#[derive(Debug, Deserialize)]
pub struct Named<'a> {
    /// borrowed from the caller's scalar
    #[serde(borrow)]
    pub name: &'a [u8],
    /// whatever it is
    pub rest: serde::de::IgnoredAny,
}

/// Twenty texts.
#[derive(Debug, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Twenty {
    pub key00: String,
    pub key01: String,
    pub key02: String,
    pub key03: String,
    pub key04: String,
    pub key05: String,
    pub key06: String,
    pub key07: String,
    pub key08: String,
    pub key09: String,
    pub key10: String,
    pub key11: String,
    pub key12: String,
    pub key13: String,
    pub key14: String,
    pub key15: String,
    pub key16: String,
    pub key17: String,
    pub key18: String,
    pub key19: String,
}

/// Structures.
#[perlxs::package(name = "PerlXS::Test::Structures")]
pub mod bindings {
    use std::collections::BTreeMap;
    use std::collections::HashMap;

    use perlxs::{Data, PerlData};

    use super::{Named, Point, Shape, Twenty};
    use crate::any::Any;

    /// What the argument is.
    #[export]
    fn describe(value: Data<Any>) -> String {
        value.0.describe()
    }

    /// What the argument is to Perl code: objects looked into.
    #[export]
    fn describe_perl(value: PerlData<Any>) -> String {
        value.0.describe()
    }

    /// What both arguments are.
    #[export]
    fn describe_both(first: Data<Any>, second: Data<Any>) -> String {
        format!("{} and {}", first.0.describe(), second.0.describe())
    }

    /// The argument, back.
    #[export]
    fn echo(value: Data<Any>) -> Data<Any> {
        value
    }

    /// A hash of integers, back.
    #[export]
    fn integers(value: Data<BTreeMap<String, u32>>) -> Data<BTreeMap<String, u32>> {
        value
    }

    /// A hash of lists of integers, back.
    #[export]
    fn integer_lists(value: Data<HashMap<String, Vec<u32>>>) -> Data<HashMap<String, Vec<u32>>> {
        value
    }

    /// A hash with integers as keys, back.
    #[export]
    fn by_number(value: Data<BTreeMap<i32, bool>>) -> Data<BTreeMap<i32, bool>> {
        value
    }

    /// A hash of texts, back.
    #[export]
    fn texts(value: Data<HashMap<String, String>>) -> Data<HashMap<String, String>> {
        value
    }

    /// A hash of texts that are borrowed from the caller, back.
    #[export]
    fn borrowed<'a>(value: Data<BTreeMap<&'a str, &'a str>>) -> Data<BTreeMap<&'a str, &'a str>> {
        value
    }

    /// A point, back.
    #[export]
    fn point(value: Data<Point>) -> Data<Point> {
        value
    }

    /// A point or nothing, back.
    #[export]
    fn optional_point(value: Data<Option<Point>>) -> Data<Option<Point>> {
        value
    }

    /// A shape, back.
    #[export]
    fn shape(value: Data<Shape>) -> Data<Shape> {
        value
    }

    /// The name of a structure of which nothing else is looked at.
    #[export]
    fn name_of(value: Data<Named<'_>>) -> Vec<u8> {
        value.0.name.to_vec()
    }

    /// A hash of twenty known keys, back.
    #[export]
    fn twenty(value: Data<Twenty>) -> Data<Twenty> {
        value
    }
}
