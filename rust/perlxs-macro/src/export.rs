//! `#[export]`: one function's entry in the table.

use proc_macro2::{Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    Attribute, Error, FnArg, GenericArgument, ItemFn, Pat, PathArguments, Result, Type,
    TypeReference,
};

/// PXS_MAX_ARGS of the shim.
const MAX_ARGUMENTS: usize = 12;

pub(crate) fn is_export(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "export")
}

pub(crate) fn c_string(text: &str, span: Span) -> TokenStream {
    match std::ffi::CString::new(text) {
        Ok(text) => {
            let mut literal = Literal::c_string(&text);
            literal.set_span(span);
            literal.into_token_stream()
        }
        Err(_) => quote!(compile_error!("a name has a NUL byte")),
    }
}

/// How a parameter is made and passed on.
enum Source {
    Context,
    Signals,
    /// An argument: the type that is decoded, and the expression that passes the variable on.
    Argument {
        name: String,
        decoded: TokenStream,
        passed: TokenStream,
        mutable: bool,
        optional: bool,
    },
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

fn is_byte_slice(ty: &Type) -> bool {
    matches!(ty, Type::Slice(slice) if is_named(&slice.elem, "u8"))
}

/// What decodes a `&str` or `&[u8]`: borrowed, unless a signal handler may run while it is in use.
fn borrowed(reference: &TypeReference, owned: bool) -> Option<TokenStream> {
    let (text, bytes) = (is_named(&reference.elem, "str"), is_byte_slice(&reference.elem));
    match (text, bytes, owned) {
        (true, _, false) => Some(quote!(::perlxs::Text<'_>)),
        (true, _, true) => Some(quote!(::std::string::String)),
        (_, true, false) => Some(quote!(::perlxs::Bytes<'_>)),
        (_, true, true) => Some(quote!(::std::vec::Vec<u8>)),
        _ => None,
    }
}

fn option_of_reference(ty: &Type) -> Option<&TypeReference> {
    let segment = last_segment(ty).filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(Type::Reference(reference))) => Some(reference),
        _ => None,
    }
}

fn has_lifetime(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '\'' || punct.as_char() == '&',
        TokenTree::Group(group) => has_lifetime(group.stream()),
        _ => false,
    })
}

/// A type with the function's own lifetimes left to be found: outside of the function they have no name.
fn elided(tokens: TokenStream) -> TokenStream {
    let mut after_quote = false;
    let elide = |token| match token {
        TokenTree::Ident(ident) if after_quote && ident != "static" => {
            after_quote = false;
            TokenTree::Ident(Ident::new("_", ident.span()))
        }
        TokenTree::Group(group) => {
            after_quote = false;
            let mut inner = Group::new(group.delimiter(), elided(group.stream()));
            inner.set_span(group.span());
            TokenTree::Group(inner)
        }
        other => {
            after_quote = matches!(&other, TokenTree::Punct(punct) if punct.as_char() == '\'');
            other
        }
    };
    tokens.into_iter().map(elide).collect()
}

fn source(arg: &FnArg, signals: bool) -> Result<Source> {
    let FnArg::Typed(arg) = arg else {
        return Err(Error::new_spanned(arg, "an object is named `this: &Type`, not self"));
    };
    let Pat::Ident(pattern) = &*arg.pat else {
        return Err(Error::new_spanned(&arg.pat, "a parameter of an export is a plain name"));
    };
    let variable = &pattern.ident;
    let name = variable.to_string().trim_start_matches('_').to_owned();
    let argument = |decoded, passed, mutable| Source::Argument {
        name: name.clone(),
        decoded,
        passed,
        mutable,
        optional: is_named(&arg.ty, "Option"),
    };
    if let Type::Reference(reference) = &*arg.ty {
        if is_named(&reference.elem, "Context") {
            return Ok(Source::Context);
        }
        if is_named(&reference.elem, "Signals") {
            return Ok(Source::Signals);
        }
        if let Some(lifetime) = reference.lifetime.as_ref().filter(|l| l.ident == "static") {
            return Err(Error::new_spanned(
                lifetime,
                "an argument is borrowed for the call and no longer: leave the lifetime out",
            ));
        }
        if let Some(decoded) = borrowed(reference, signals) {
            return Ok(argument(decoded, quote!(&#variable), false));
        }
        if name == "this" {
            let object = &reference.elem;
            return Ok(if reference.mutability.is_some() {
                argument(quote!(::perlxs::HandleMut<'_, #object>), quote!(&mut #variable), true)
            } else {
                argument(quote!(::perlxs::HandleRef<'_, #object>), quote!(&#variable), false)
            });
        }
        return Err(Error::new_spanned(
            &arg.ty,
            "a reference can be &str, &[u8], &mut Context, &Signals, or the object `this`",
        ));
    }
    if let Some(reference) = option_of_reference(&arg.ty) {
        if let Some(decoded) = borrowed(reference, signals) {
            let decoded = quote!(::std::option::Option<#decoded>);
            return Ok(argument(decoded, quote!(#variable.as_deref()), false));
        }
    }
    let ty = &arg.ty;
    if signals && has_lifetime(ty.to_token_stream()) {
        return Err(Error::new_spanned(
            ty,
            "with Signals, arguments are owned: a signal handler may change what they borrow from",
        ));
    }
    Ok(argument(elided(ty.to_token_stream()), quote!(#variable), false))
}

pub(crate) fn expand(package: &str, function: &ItemFn) -> Result<TokenStream> {
    let signature = &function.sig;
    if !signature.generics.params.iter().all(|p| matches!(p, syn::GenericParam::Lifetime(_))) {
        return Err(Error::new_spanned(&signature.generics, "an export cannot be generic"));
    }
    if let Some(token) = &signature.asyncness {
        return Err(Error::new_spanned(
            token,
            "an export cannot be async: Perl waits for its result",
        ));
    }
    if let Some(token) = &signature.unsafety {
        return Err(Error::new_spanned(
            token,
            "an export is called by safe code: it cannot be unsafe",
        ));
    }
    let signals = signature.inputs.iter().any(|arg| match arg {
        FnArg::Typed(arg) => match &*arg.ty {
            Type::Reference(reference) => is_named(&reference.elem, "Signals"),
            _ => false,
        },
        FnArg::Receiver(_) => false,
    });
    let sources =
        signature.inputs.iter().map(|arg| source(arg, signals)).collect::<Result<Vec<_>>>()?;

    let arguments = sources.iter().filter(|source| matches!(source, Source::Argument { .. }));
    if arguments.count() > MAX_ARGUMENTS {
        return Err(Error::new_spanned(
            &signature.inputs,
            format!("an export has at most {MAX_ARGUMENTS} arguments; pass a hash"),
        ));
    }

    let ident = &signature.ident;
    let span = ident.span();
    let (mut decode, mut pass, mut table, mut optional) = (vec![], vec![], vec![], vec![]);
    let mut usage = Vec::new();
    for (source, arg) in sources.iter().zip(&signature.inputs) {
        match source {
            Source::Context => pass.push(quote!(context)),
            Source::Signals => pass.push(quote!(&::perlxs::Signals::new(call.perl()))),
            Source::Argument { name, decoded, passed, mutable, optional: is_optional } => {
                let FnArg::Typed(arg) = arg else { continue };
                let (variable, index) = (&arg.pat, decode.len());
                // The pattern may carry `mut`, which is the function's own affair.
                let Pat::Ident(pattern) = &**variable else { continue };
                let variable = &pattern.ident;
                let c_name = c_string(name, span);
                let binding =
                    if *mutable { quote!(let mut #variable) } else { quote!(let #variable) };
                decode.push(quote!(#binding = call.arg::<#decoded>(#index)?;));
                pass.push(passed.clone());
                table.push(quote! {
                    ::perlxs::Argument::new(
                        <#decoded as ::perlxs::Arg<'_>>::KIND,
                        #c_name,
                        <#decoded as ::perlxs::Arg<'_>>::CLASS,
                    )
                });
                optional.push(quote!(<#decoded as ::perlxs::Arg<'_>>::OPTIONAL));
                usage.push(format!("${name}{}", if *is_optional { " = undef" } else { "" }));
            }
        }
    }
    let count = table.len();
    let full_name = c_string(&format!("{package}::{ident}"), span);
    let usage = c_string(&usage.join(", "), span);
    Ok(quote! {
        ::perlxs::Export::new(
            #full_name,
            #usage,
            {
                static ARGS: [::perlxs::Argument; #count] = [#(#table),*];
                &ARGS
            },
            ::perlxs::min_args(&[#(#optional),*]),
            #signals,
            {
                unsafe extern "C" fn run(call: *mut ::perlxs::sys::pxs_call) {
                    // SAFETY: the shim calls this with the call that it is making.
                    unsafe {
                        ::perlxs::trampoline(call, |call, context| {
                            let _ = (&call, &context);
                            #(#decode)*
                            ::perlxs::Return::into_perl(#ident(#(#pass),*), call.perl())
                        })
                    }
                }
                run
            },
        )
    })
}
