//! A Perl module's text, with the documentation of its exports put in.

use crate::bindings::Function;
use crate::markdown;

const PLACE: &str = "=for perlxs functions\n";

/// The name in a module's first `package …;`.
pub fn package_name(text: &str) -> Option<&str> {
    text.lines().find_map(|line| {
        let name = line.strip_prefix("package ")?.split([';', ' ', '{']).next()?;
        (!name.is_empty()).then_some(name)
    })
}

/// Replaces the line `=for perlxs functions`, or adds a section FUNCTIONS at the end.
pub fn splice(text: &str, functions: &[Function]) -> String {
    let sections: String = functions.iter().map(section).collect();
    let place = match text.starts_with(PLACE) {
        true => Some(0),
        false => text.find(&format!("\n{PLACE}")).map(|newline| newline + 1),
    };
    match place {
        Some(start) => {
            let after = text[start + PLACE.len()..].trim_start_matches('\n');
            format!("{}{sections}{after}", &text[..start])
        }
        None => format!("{}\n\n=head1 FUNCTIONS\n\n{sections}=cut\n", text.trim_end()),
    }
}

fn section(function: &Function) -> String {
    let Function { name, signature, documentation } = function;
    format!("=head2 {name}\n\n    {signature}\n\n{}", markdown::to_pod(documentation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add() -> Vec<Function> {
        vec![Function {
            name: "add".to_owned(),
            signature: "add($a, $b)".to_owned(),
            documentation: "Adds.".to_owned(),
        }]
    }

    #[test]
    fn sections_replace_the_line_that_asks_for_them() {
        let module =
            "package A::B;\n1;\n=head1 FUNCTIONS\n\n=for perlxs functions\n\n=head1 SEE ALSO\n";
        assert_eq!(package_name(module), Some("A::B"));
        assert_eq!(
            splice(module, &add()),
            "package A::B;\n1;\n=head1 FUNCTIONS\n\n=head2 add\n\n    add($a, $b)\n\nAdds.\n\n=head1 SEE ALSO\n"
        );
    }

    #[test]
    fn without_such_a_line_they_go_to_the_end() {
        assert_eq!(
            splice("package A;\n1;\n", &add()),
            "package A;\n1;\n\n=head1 FUNCTIONS\n\n=head2 add\n\n    add($a, $b)\n\nAdds.\n\n=cut\n"
        );
    }
}
