//! `#[package]`: the module with its table.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, Item, ItemMod, LitStr, Result, Token, Type};

use crate::export;

struct Attributes {
    name: LitStr,
    object: Option<Type>,
}

impl Parse for Attributes {
    fn parse(input: ParseStream<'_>) -> Result<Attributes> {
        let (mut name, mut object) = (None, None);
        while !input.is_empty() {
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "name" => name = Some(input.parse::<LitStr>()?),
                "object" => object = Some(input.parse::<Type>()?),
                _ => return Err(Error::new(key.span(), "expected `name` or `object`")),
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        let name = name.ok_or_else(|| input.error("a package needs `name = \"Perl::Package\"`"))?;
        Ok(Attributes { name, object })
    }
}

pub(crate) fn expand(attributes: TokenStream, module: TokenStream) -> Result<TokenStream> {
    let Attributes { name, object } = syn::parse2(attributes)?;
    let mut module: ItemMod = syn::parse2(module)?;
    let Some((_, items)) = &mut module.content else {
        return Err(Error::new_spanned(&module, "#[package] needs the module's body in place"));
    };
    let mut exports = Vec::new();
    for item in items.iter_mut() {
        if let Item::Fn(function) = item {
            if let Some(at) = function.attrs.iter().position(export::is_export) {
                function.attrs.remove(at);
                exports.push(export::expand(&name.value(), function)?);
            }
        }
    }
    let count = exports.len();
    let has_objects = object.is_some();
    let c_name = export::c_string(&name.value(), name.span());
    let handled = object.map(|object| {
        let description = format_ident!("OBJECT_TYPE");
        quote! {
            static #description: ::perlxs::HandleType = ::perlxs::HandleType::new::<#object>(#c_name);

            // SAFETY: OBJECT_TYPE is made for this very type.
            unsafe impl ::perlxs::Handled for #object {
                const CLASS: &'static ::std::ffi::CStr = #c_name;
                const TYPE: &'static ::perlxs::HandleType = &#description;
            }
        }
    });
    items.push(Item::Verbatim(quote! {
        /// The package's subs.
        pub static PACKAGE: ::perlxs::Package =
            ::perlxs::Package::new(#c_name, &EXPORTS, #has_objects);

        static EXPORTS: [::perlxs::Export; #count] = [#(#exports),*];

        #handled
    }));
    Ok(quote!(#module))
}
