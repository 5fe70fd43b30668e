//! What a panic leaves behind: a line on standard error, which of a daemon is its journal, and the text of a Perl error.
//!
//! The hook belongs to this library's own copy of Rust's runtime: another Rust library in the process keeps its own.

use std::any::Any;
use std::io::Write;
use std::sync::Once;

static INSTALL: Once = Once::new();

/// Has panics logged; called when the library is loaded, by however many interpreters.
pub(crate) fn log() {
    INSTALL.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            // Where standard error is closed there is nobody to tell; the Perl error has the text anyway.
            let _ = writeln!(std::io::stderr(), "internal error: {panic}");
        }));
    });
}

/// What a panic said. A payload that is no text is leaked: dropping it might panic again.
pub(crate) fn text(panic: Box<dyn Any + Send>) -> String {
    let text = match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => match panic.downcast::<&'static str>() {
            Ok(text) => (*text).to_owned(),
            Err(panic) => {
                std::mem::forget(panic);
                "panic with a payload that is no text".to_owned()
            }
        },
    };
    text.trim_end().to_owned()
}
