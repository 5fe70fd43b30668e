//! The attributes `#[package]` and `#[export]`: a Rust function becomes a Perl sub.
//!
//! ```ignore
//! #[perlxs::package(name = "PVE::Example")]
//! pub mod example {
//!     /// Adds two numbers.
//!     #[export]
//!     fn add(a: i64, b: i64) -> i64 {
//!         a + b
//!     }
//! }
//! perlxs::library! { boot_PVE__Example, "PVE::Example", [&example::PACKAGE] }
//! ```
//!
//! A package whose subs are the methods of objects names the Rust type that an object owns: `object = Type`.

mod export;
mod package;

use proc_macro::TokenStream;

/// Makes the `#[export]` functions of a module the subs of the Perl package `name`, in a table `PACKAGE`.
#[proc_macro_attribute]
pub fn package(attributes: TokenStream, module: TokenStream) -> TokenStream {
    package::expand(attributes.into(), module.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Marks a function of a `#[package]` module as a Perl sub; what its parameters may be is told in the crate `perlxs`.
#[proc_macro_attribute]
pub fn export(_: TokenStream, function: TokenStream) -> TokenStream {
    let function = proc_macro2::TokenStream::from(function);
    quote::quote! {
        compile_error!("#[export] stands only inside a module with #[perlxs::package(name = \"…\")]");
        #function
    }
    .into()
}
