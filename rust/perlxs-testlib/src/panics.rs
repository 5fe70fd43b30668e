//! A panic in every place.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Panics when it is decoded.
pub struct OnDecode;

impl<'de> Deserialize<'de> for OnDecode {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<OnDecode, D::Error> {
        panic!("in decoding")
    }
}

/// Panics when it is encoded.
pub struct OnEncode;

impl Serialize for OnEncode {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("in encoding")
    }
}

/// Panics when it is dropped.
#[derive(Serialize, Deserialize)]
pub struct OnDrop {
    /// any text
    pub text: String,
}

impl Drop for OnDrop {
    fn drop(&mut self) {
        panic!("in dropping '{}'", self.text)
    }
}

/// A payload that panics when it is dropped.
pub struct Payload;

impl Drop for Payload {
    fn drop(&mut self) {
        panic!("in dropping a payload")
    }
}

/// Panics.
#[perlxs::package(name = "PerlXS::Test::Panics")]
pub mod bindings {
    use perlxs::{Context, Data, Error};

    use super::{OnDecode, OnDrop, OnEncode, Payload};

    /// In the function.
    #[export]
    fn in_function(text: &str) {
        panic!("{text}")
    }

    /// In the function, with what the compiler checks.
    #[export]
    fn out_of_bounds(index: u32) -> u32 {
        let values = [1, 2, 3];
        values[index as usize]
    }

    /// In the function, with something that is no text.
    #[export]
    fn with_payload() {
        std::panic::panic_any(Payload)
    }

    /// In the function, after warnings.
    #[export]
    fn after_warning(context: &mut Context, text: &[u8]) {
        context.warn(text.to_vec());
        panic!("after a warning")
    }

    /// In decoding an argument, with another already decoded.
    #[export]
    fn in_decode(first: String, second: Data<OnDecode>) -> usize {
        let Data(OnDecode) = second;
        first.len()
    }

    /// In dropping an argument.
    #[export]
    fn in_drop(argument: Data<OnDrop>) -> usize {
        argument.0.text.len()
    }

    /// In dropping the result, once it is Perl data.
    #[export]
    fn in_drop_of_result() -> Data<Vec<OnDrop>> {
        Data(vec![OnDrop { text: "result".into() }])
    }

    /// In encoding the result, half of it made.
    #[export]
    fn in_encode() -> Data<(Vec<u32>, OnEncode)> {
        Data((vec![1, 2, 3], OnEncode))
    }

    /// In encoding an error.
    #[export]
    fn in_error() -> Result<(), Error> {
        Err(Error::object("PerlXS::Test::Failure", "PerlXS::Test::Failure", OnEncode))
    }

    /// In dropping an error's fields.
    #[export]
    fn in_drop_of_error() -> Result<(), Error> {
        let fields = OnDrop { text: "fields".into() };
        Err(Error::object("PerlXS::Test::Failure", "PerlXS::Test::Failure", fields))
    }
}
