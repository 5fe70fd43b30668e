//! Doc comments, which are Markdown, as POD.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

/// Renders Markdown as POD paragraphs; headings become bold paragraphs, because the caller's own heading is above.
pub fn to_pod(markdown: &str) -> String {
    let mut pod = Pod::default();
    for event in Parser::new(markdown) {
        pod.event(event);
    }
    pod.finish_paragraph();
    pod.text
}

#[derive(Default)]
struct Pod {
    text: String,
    paragraph: String,
    /// For each open list the number of its next item, if it is numbered.
    lists: Vec<Option<u64>>,
    verbatim: bool,
    /// Where an open link leads, if it is not to a Rust item.
    link: Option<String>,
}

impl Pod {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.verbatim => self.verbatim_lines(&text),
            Event::Text(text) => self.paragraph.push_str(&escape(&text)),
            Event::Code(code) => {
                self.paragraph.push_str("C<");
                self.paragraph.push_str(&escape(&code));
                self.paragraph.push('>');
            }
            Event::SoftBreak => self.paragraph.push('\n'),
            Event::HardBreak => self.finish_paragraph(),
            Event::Html(text) | Event::InlineHtml(text) => self.paragraph.push_str(&escape(&text)),
            Event::Rule => self.finish_paragraph(),
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } => {
                self.finish_paragraph();
                self.paragraph.push_str("B<");
            }
            Tag::List(first) => {
                self.finish_paragraph();
                self.text.push_str("=over 4\n\n");
                self.lists.push(first);
            }
            Tag::Item => self.item(),
            Tag::CodeBlock(_) => {
                self.finish_paragraph();
                self.verbatim = true;
            }
            Tag::Emphasis => self.paragraph.push_str("I<"),
            Tag::Strong => self.paragraph.push_str("B<"),
            Tag::Link { dest_url, .. } if dest_url.contains("://") => {
                self.paragraph.push_str("L<");
                self.link = Some(dest_url.into_string());
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                self.paragraph.push('>');
                self.finish_paragraph();
            }
            TagEnd::Paragraph | TagEnd::Item => self.finish_paragraph(),
            TagEnd::List(_) => {
                self.finish_paragraph();
                self.lists.pop();
                self.text.push_str("=back\n\n");
            }
            TagEnd::CodeBlock => {
                self.verbatim = false;
                self.text.push('\n');
            }
            TagEnd::Emphasis | TagEnd::Strong => self.paragraph.push('>'),
            TagEnd::Link => {
                if let Some(url) = self.link.take() {
                    self.paragraph.push('|');
                    self.paragraph.push_str(&url);
                    self.paragraph.push('>');
                }
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        self.finish_paragraph();
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}.", *number - 1)
            }
            _ => "*".to_owned(),
        };
        self.text.push_str(&format!("=item {marker}\n\n"));
    }

    fn verbatim_lines(&mut self, text: &str) {
        for line in text.lines() {
            if !line.is_empty() {
                self.text.push_str("    ");
                self.text.push_str(line);
            }
            self.text.push('\n');
        }
    }

    fn finish_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        for line in paragraph.trim().lines() {
            let line = line.trim();
            // Perl would take it for a command.
            match line.strip_prefix('=') {
                Some(rest) => {
                    self.text.push_str("E<61>");
                    self.text.push_str(rest);
                }
                None => self.text.push_str(line),
            }
            self.text.push('\n');
        }
        if !paragraph.trim().is_empty() {
            self.text.push('\n');
        }
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("E<lt>"),
            '>' => escaped.push_str("E<gt>"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::to_pod;

    #[test]
    fn paragraphs_code_and_emphasis() {
        assert_eq!(
            to_pod(
                "Gives `$a->{b} < 1`,\nor *not* **ever** a <b> & c.\n\nSee [it](https://x.y/) and [`f`](f).\n"
            ),
            "Gives C<$a-E<gt>{b} E<lt> 1>,\nor I<not> B<ever> a E<lt>bE<gt> & c.\n\n\
             See L<it|https://x.y/> and C<f>.\n\n"
        );
    }

    #[test]
    fn headings_lists_and_code_blocks() {
        assert_eq!(
            to_pod(
                "# Errors\n- one\n- two `2`\n  - inner\n\n3. c\n4. d\n\n```perl\nmy $x;\n\ny();\n```\nEnd\n"
            ),
            "B<Errors>\n\n=over 4\n\n=item *\n\none\n\n=item *\n\ntwo C<2>\n\n=over 4\n\n=item *\n\ninner\n\n\
             =back\n\n=back\n\n=over 4\n\n=item 3.\n\nc\n\n=item 4.\n\nd\n\n=back\n\n    my $x;\n\n    y();\n\nEnd\n\n"
        );
    }

    #[test]
    fn a_line_that_perl_would_take_for_a_command_is_escaped() {
        assert_eq!(to_pod("a\n=cut\n"), "a\nE<61>cut\n\n");
    }
}
