//! Text of a record in Markdown, as text that only shows.

/// Ends what GitHub would take for a mention, a reference or an address, and shows as nothing.
const NOTHING: &str = "<!-- -->";

/// Text that Markdown shows as it is, in a table too.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text;
    let is_of_a_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        match character {
            // Emphasis is for whole words.
            '_' if is_of_a_word(escaped.chars().next_back()) && is_of_a_word(rest.chars().next()) => {
                escaped.push('_');
            }
            '|' | '*' | '_' | '[' | ']' | '`' | '~' | '$' | '\\' => escaped.extend(['\\', character]),
            '<' => escaped.push_str("&lt;"),
            '&' => escaped.push_str("&amp;"),
            // No one is to be notified by a record, and nothing linked.
            '@' => escaped.extend(["&#64;", NOTHING]),
            '#' => escaped.extend(["\\#", NOTHING]),
            ':' if rest.starts_with("//") => escaped.extend([":", NOTHING]),
            '.' if escaped
                .as_bytes()
                .last_chunk::<3>()
                .is_some_and(|end| end.eq_ignore_ascii_case(b"www")) =>
            {
                escaped.extend([NOTHING, "."]);
            }
            // What a line that begins with it would be a list, a quotation or the rule below a heading of.
            '>' | '-' | '+' | '=' if escaped.is_empty() => escaped.extend(['\\', character]),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// Text that Markdown shows as code, in a table too.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_record_says_stays_text() {
        assert_eq!(escaped("a|b\n<img> @you 1×"), r"a\|b &lt;img> &#64;<!-- -->you 1×");
        assert_eq!(escaped("`x` #1 [a](b) ~~c~~ $d$"), r"\`x\` \#<!-- -->1 \[a\](b) \~\~c\~\~ \$d\$");
        assert_eq!(escaped("https://a www.b.c"), "https:<!-- -->//a www<!-- -->.b.c");
        assert_eq!(escaped("- a_b _c_"), r"\- a_b \_c\_");
        assert_eq!(code("--margin 2%"), r"<code>\--margin 2%</code>");
    }
}
