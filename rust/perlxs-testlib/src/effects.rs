//! Warnings, and changes to the caller's hash.

/// Effects.
#[perlxs::package(name = "PerlXS::Test::Effects")]
pub mod bindings {
    use std::collections::HashMap;

    use perlxs::{Context, Data, Error, Hash, Signals};

    use crate::any::Any;

    /// Warns with the text, and returns its length.
    #[export]
    fn warn(context: &mut Context, text: &[u8]) -> usize {
        context.warn(text.to_vec());
        text.len()
    }

    /// Warns with both texts, then fails.
    #[export]
    fn warn_and_fail(context: &mut Context, first: &[u8], second: &[u8]) -> Result<(), Error> {
        context.warn(first.to_vec());
        context.warn(second.to_vec());
        Err(Error::die("failed\n"))
    }

    /// Deletes a key, and returns the number of keys that there were.
    #[export]
    fn delete(context: &mut Context, hash: Hash<HashMap<String, Any>>, key: &[u8]) -> usize {
        context.delete(&hash, key.to_vec());
        hash.len()
    }

    /// Gives a key an empty hash, and returns the number of keys that there were.
    #[export]
    fn create(
        context: &mut Context,
        hash: Hash<HashMap<String, Any>>,
        key: &str,
    ) -> Result<usize, Error> {
        context.create_hash(&hash, key)?;
        Ok(hash.len())
    }

    /// Changes the hash at `$outer`, `$inner` inside another one: stores a value under one key, and deletes another key.
    #[export]
    fn change_inside(
        context: &mut Context,
        hash: Hash<HashMap<String, Any>>,
        outer: &str,
        inner: &str,
        key: &str,
        value: Data<Any>,
        deleted: &str,
    ) -> Result<(), Error> {
        let mut changes = context.changes(&hash, vec![outer.into(), inner.into()]);
        changes.store(key, &value.0)?;
        changes.delete(deleted);
        Ok(())
    }

    /// Deletes a key, and fails.
    #[export]
    fn delete_and_fail(
        context: &mut Context,
        hash: Hash<HashMap<String, Any>>,
        key: &[u8],
    ) -> Result<usize, Error> {
        context.delete(&hash, key.to_vec());
        Err(Error::die("failed\n"))
    }

    /// Raises a signal and lets its handler run, then deletes a key.
    #[export]
    fn raise_and_delete(
        context: &mut Context,
        signals: &Signals,
        signal: i32,
        hash: Hash<HashMap<String, Any>>,
        key: &[u8],
    ) -> Result<usize, Error> {
        // SAFETY: has no precondition.
        unsafe {
            libc::raise(signal);
        }
        signals.poll()?;
        context.delete(&hash, key.to_vec());
        Ok(hash.len())
    }
}
