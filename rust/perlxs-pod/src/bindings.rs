//! What a Rust file exports to Perl, read from its syntax.

use std::path::Path;

use proc_macro2::TokenTree;
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprLit, FnArg, Item, ItemFn, ItemMod, Lit, LitStr, Meta, Pat, Token, Type,
};

use crate::error::Error;

/// A `#[package(name = "…")] mod`.
#[derive(Debug)]
pub struct Package {
    pub name: String,
    pub functions: Vec<Function>,
}

/// A `#[export] fn`.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// How Perl calls it: `name($first [, $second])`.
    pub signature: String,
    /// The doc comment, as Markdown.
    pub documentation: String,
}

/// The packages of a Rust file, in its order.
pub fn packages(source: &str, path: &Path) -> Result<Vec<Package>, Error> {
    let file = syn::parse_file(source).map_err(|why| Error::parse(path, why))?;
    let mut packages = Vec::new();
    collect(file.items, path, &mut packages)?;
    Ok(packages)
}

fn collect(items: Vec<Item>, path: &Path, packages: &mut Vec<Package>) -> Result<(), Error> {
    for item in items {
        let Item::Mod(ItemMod { attrs, content: Some((_, items)), .. }) = item else { continue };
        match find_attribute(&attrs, "package") {
            Some(attribute) => packages.push(package(attribute, items, path)?),
            None => collect(items, path, packages)?,
        }
    }
    Ok(())
}

fn package(attribute: &Attribute, items: Vec<Item>, path: &Path) -> Result<Package, Error> {
    let name = name_of(attribute).map_err(|why| Error::parse(path, why))?;
    let name = name.ok_or_else(|| {
        Error::parse(path, syn::Error::new(attribute.span(), "#[package] needs name = \"…\""))
    })?;
    let mut functions = Vec::new();
    for item in items {
        let Item::Fn(item) = item else { continue };
        if find_attribute(&item.attrs, "export").is_some() {
            functions.push(function(&item, path)?);
        }
    }
    Ok(Package { name, functions })
}

fn function(item: &ItemFn, path: &Path) -> Result<Function, Error> {
    let name = item.sig.ident.to_string();
    let documentation = documentation(&item.attrs);
    if documentation.trim().is_empty() {
        let line = item.sig.ident.span().start().line;
        return Err(Error::Undocumented { path: path.to_owned(), line, function: name });
    }
    let signature = signature(&name, item);
    Ok(Function { name, signature, documentation })
}

fn find_attribute<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.path().segments.last().is_some_and(|last| last.ident == name))
}

/// The value of `name = "…"` in an attribute; other keys are skipped.
fn name_of(attribute: &Attribute) -> Result<Option<String>, syn::Error> {
    let mut name = None;
    if let Meta::List(_) = attribute.meta {
        attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                name = Some(meta.value()?.parse::<LitStr>()?.value());
                return Ok(());
            }
            while !meta.input.is_empty() && !meta.input.peek(Token![,]) {
                meta.input.parse::<TokenTree>()?;
            }
            Ok(())
        })?;
    }
    Ok(name)
}

fn documentation(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        if let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value {
            let line = line.value();
            text.push_str(line.strip_prefix(' ').unwrap_or(&line));
            text.push('\n');
        }
    }
    text
}

/// Arguments that may be left out at the end are shown in brackets.
fn signature(name: &str, item: &ItemFn) -> String {
    let mut arguments: Vec<(String, bool)> = Vec::new();
    for input in &item.sig.inputs {
        let FnArg::Typed(argument) = input else { continue };
        let Pat::Ident(pattern) = argument.pat.as_ref() else { continue };
        if is_from_the_boundary(&argument.ty) {
            continue;
        }
        let ident = pattern.ident.to_string();
        arguments
            .push((ident.trim_start_matches('_').to_owned(), is_named(&argument.ty, "Option")));
    }
    let mut caller = String::new();
    if let Some((first, _)) = arguments.first() {
        if first == "class" || first == "this" {
            caller = format!("${first}->");
            arguments.remove(0);
        }
    }
    let required = arguments.iter().rposition(|(_, optional)| !optional).map_or(0, |last| last + 1);
    let mut text = format!("{caller}{name}(");
    for (position, (argument, _)) in arguments.iter().enumerate() {
        text.push_str(match (position, position >= required) {
            (0, false) => "",
            (0, true) => "[",
            (_, false) => ", ",
            (_, true) => " [, ",
        });
        text.push('$');
        text.push_str(argument);
    }
    text.push_str(&"]".repeat(arguments.len() - required));
    text.push(')');
    text
}

/// A parameter that the trampoline fills in, which Perl does not pass.
fn is_from_the_boundary(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => {
            is_named(&reference.elem, "Context") || is_named(&reference.elem, "Signals")
        }
        _ => false,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    match ty {
        Type::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Vec<Package>, Error> {
        packages(source, Path::new("bindings/x.rs"))
    }

    #[test]
    fn exports_are_listed_in_order_with_their_documentation() {
        let packages = read(
            r#"
            #[perlxs::package(object = B<'static>, name = "A::B")]
            mod b {
                use super::c;
                /// Adds.
                ///
                /// Twice.
                #[export]
                fn add(first: u32, second: Option<u32>, third: Option<u32>) -> u32 { 0 }
                /// Not exported.
                fn inner() {}
                /// Makes one.
                #[export]
                fn new(class: &str, context: &mut Context, size: Option<u32>) {}
            }
            "#,
        )
        .unwrap();
        assert_eq!(packages.len(), 1);
        assert_eq!(packages[0].name, "A::B");
        let [add, new] = packages[0].functions.as_slice() else { panic!("{packages:?}") };
        assert_eq!(add.signature, "add($first [, $second [, $third]])");
        assert_eq!(add.documentation, "Adds.\n\nTwice.\n");
        assert_eq!(new.signature, "$class->new([$size])");
    }

    #[test]
    fn an_undocumented_export_is_an_error_with_its_place() {
        let error = read("#[package(name = \"A\")]\nmod a {\n#[export]\nfn f() {}\n}").unwrap_err();
        assert_eq!(
            error.to_string(),
            "bindings/x.rs: line 4: `f` is exported without a doc comment: describe it"
        );
    }

    #[test]
    fn a_package_without_a_name_and_bad_syntax_are_errors() {
        let error = read("#[package]\nmod a {}").unwrap_err().to_string();
        assert!(error.starts_with("bindings/x.rs: line 1: "), "{error}");
        let error = read("mod a {\nfn }").unwrap_err().to_string();
        assert!(error.starts_with("bindings/x.rs: line 2: "), "{error}");
    }
}
