//! Documentation of a schema, as POD (perlpod(1)).

use std::fmt::Write;

use crate::section::{SectionType, Usage};
use crate::{Format, Kind, Property, Schema};

/// The properties of a schema as a POD list: for each its key, what its value looks like, what holds where it is
/// missing, and what it is for.
pub fn render(schema: &Schema) -> String {
    list(schema.properties.iter().map(|property| (property, !property.optional)))
}

/// Properties as a POD list, each with whether it is said to be required.
pub fn list<'p>(properties: impl Iterator<Item = (&'p Property, bool)>) -> String {
    let mut pod = String::from("=over 4\n\n");
    for (property, required) in properties {
        // Writing to a string does not fail.
        let _ = item(&mut pod, property, required);
    }
    pod.push_str("=back\n");
    pod
}

/// What a section of a type must and may have, and what of it is never changed, as paragraphs.
pub fn options(kind: &SectionType) -> String {
    let mut pod = String::new();
    for (what, wanted) in [
        ("Required", (|usage| !usage.optional) as fn(&Usage) -> bool),
        ("Never changed", |usage| usage.fixed),
        ("Optional", |usage| usage.optional),
    ] {
        let options = kind.options.iter().filter(|(_, usage)| wanted(usage));
        let mut names: Vec<String> = options.map(|(name, _)| format!("B<{name}>")).collect();
        names.sort_unstable();
        if !names.is_empty() {
            // Writing to a string does not fail.
            let _ = write!(pod, "{what}: {}.\n\n", names.join(", "));
        }
    }
    pod
}

fn item(pod: &mut String, property: &Property, required: bool) -> std::fmt::Result {
    let number = if property.count > 0 { "I<n>" } else { "" };
    if let Some(target) = property.alias {
        return write!(
            pod,
            "=item B<{}{number}>\n\nAnother name for B<{target}>.\n\n",
            property.name
        );
    }
    writeln!(pod, "=item B<{}{number}>={}\n", property.name, escape(&value_text(property)))?;
    write!(pod, "{}", property.description)?;
    if property.count > 0 {
        write!(pod, " I<n> is 0 to {}.", property.count - 1)?;
    }
    if required {
        write!(pod, " Required.")?;
    }
    if property.default_key {
        write!(pod, " The key may be left out.")?;
    }
    if let Some(default) = property.default {
        write!(pod, " Default: C<< {default} >>.")?;
    }
    write!(pod, "\n\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("E<lt>"),
            '>' => escaped.push_str("E<gt>"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// What a property's value looks like, such as `<1|0>` or `<integer> (1 - 4094)`.
pub fn value_text(property: &Property) -> String {
    if let Some(placeholder) = property.placeholder {
        return format!("<{placeholder}>");
    }
    if !property.values.is_empty() {
        return format!("<{}>", property.values.join("|"));
    }
    if let Some(Format::Properties(schema) | Format::Checked(schema, _)) = property.format {
        return synopsis(schema);
    }
    let kind = match property.kind {
        Kind::Boolean => "1|0",
        kind => kind.name(),
    };
    match (property.minimum, property.maximum) {
        (Some(minimum), Some(maximum)) => format!("<{kind}> ({minimum} - {maximum})"),
        (Some(minimum), None) => format!("<{kind}> ({minimum} - N)"),
        (None, Some(maximum)) => format!("<{kind}> (-N - {maximum})"),
        (None, None) => format!("<{kind}>"),
    }
}

/// One line that shows a property string: `[file=]<volume> [,ro=<1|0>]`.
pub fn synopsis(schema: &Schema) -> String {
    let mut text = String::new();
    let properties = || schema.properties.iter().filter(|p| p.alias.is_none());
    let in_order = properties()
        .filter(|p| p.default_key)
        .chain(properties().filter(|p| !p.default_key && !p.optional))
        .chain(properties().filter(|p| !p.default_key && p.optional));
    for property in in_order {
        let comma = if text.is_empty() { "" } else { "," };
        let space = if text.is_empty() { "" } else { " " };
        let key = if property.default_key {
            format!("[{}=]", property.name)
        } else {
            format!("{}=", property.name)
        };
        let part = format!("{comma}{key}{}", value_text(property));
        text.push_str(space);
        text.push_str(&if property.optional { format!("[{part}]") } else { part });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    static NET: Schema = Schema::new(
        "network",
        &[
            Property::string("name", "The name inside.").default_key(),
            Property::integer("tag", "The VLAN.").optional().minimum(1).maximum(4094),
            Property::boolean("ro", "Read only.").optional().default("0"),
        ],
    );

    #[test]
    fn a_synopsis_shows_what_is_optional() {
        assert_eq!(synopsis(&NET), "[name=]<string> [,tag=<integer> (1 - 4094)] [,ro=<1|0>]");
    }

    #[test]
    fn pod_lists_every_property() {
        assert_eq!(
            render(&NET),
            "=over 4\n\n\
             =item B<name>=E<lt>stringE<gt>\n\nThe name inside. Required. The key may be left out.\n\n\
             =item B<tag>=E<lt>integerE<gt> (1 - 4094)\n\nThe VLAN.\n\n\
             =item B<ro>=E<lt>1|0E<gt>\n\nRead only. Default: C<< 0 >>.\n\n\
             =back\n"
        );
    }
}
