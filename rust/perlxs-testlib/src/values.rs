//! One argument of each simple type, and back.

/// Simple values.
#[perlxs::package(name = "PerlXS::Test")]
pub mod bindings {
    /// Does nothing.
    #[export]
    fn nop() {}

    /// Adds two integers.
    #[export]
    fn add(a: i64, b: i64) -> i64 {
        a.wrapping_add(b)
    }

    /// Compares two integers, for `sort`: the larger one first.
    #[export]
    fn descending(a: i64, b: i64) -> i64 {
        b.cmp(&a) as i64
    }

    /// An `i8`.
    #[export]
    fn i8(value: i8) -> i8 {
        value
    }

    /// An `i16`.
    #[export]
    fn i16(value: i16) -> i16 {
        value
    }

    /// An `i32`.
    #[export]
    fn i32(value: i32) -> i32 {
        value
    }

    /// An `i64`.
    #[export]
    fn i64(value: i64) -> i64 {
        value
    }

    /// A `u8`.
    #[export]
    fn u8(value: u8) -> u8 {
        value
    }

    /// A `u16`.
    #[export]
    fn u16(value: u16) -> u16 {
        value
    }

    /// A `u32`.
    #[export]
    fn u32(value: u32) -> u32 {
        value
    }

    /// A `u64`.
    #[export]
    fn u64(value: u64) -> u64 {
        value
    }

    /// A floating point number.
    #[export]
    fn f64(value: f64) -> f64 {
        value
    }

    /// A truth value.
    #[export]
    fn boolean(value: bool) -> bool {
        value
    }

    /// Characters.
    #[export]
    fn text(value: &str) -> String {
        value.to_owned()
    }

    /// The number of characters.
    #[export]
    fn characters(value: &str) -> usize {
        value.chars().count()
    }

    /// The length of the text in UTF-8; looks at nothing, so that only passing it on costs.
    #[export]
    fn utf8_length(value: &str) -> i64 {
        value.len() as i64
    }

    /// Bytes.
    #[export]
    fn bytes(value: &[u8]) -> Vec<u8> {
        value.to_vec()
    }

    /// An integer, or nothing.
    #[export]
    fn optional_u32(value: Option<u32>) -> Option<u32> {
        value
    }

    /// Characters, or nothing.
    #[export]
    fn optional_text(value: Option<&str>) -> Option<String> {
        value.map(str::to_owned)
    }

    /// An optional argument before a required one.
    #[export]
    fn optional_first(first: Option<u32>, second: u32, third: Option<u32>) -> u32 {
        first.unwrap_or(1) * 100 + second * 10 + third.unwrap_or(3)
    }
}
