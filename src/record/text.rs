//! Text that may come from anywhere, as text that only shows.
//!
//! Characters that a terminal or a page obeys instead of showing them are written as JSON escapes,
//! `\u001b`: so they can be read, and what was JSON stays JSON with the same meaning.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character moves, hides or reorders what stands around it.
fn is_obeyed(character: char) -> bool {
    matches!(character,
        // Control characters and marks of direction.
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        // Of no width, or a line feed by another name.
        | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text of several lines in columns may have it.
fn is_layout(character: char) -> bool {
    matches!(character, '\n' | '\t')
}

/// A text of any number of lines that only shows.
#[must_use]
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(|character| is_obeyed(character) && !is_layout(character)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 64);
    for character in text.chars() {
        if is_obeyed(character) && !is_layout(character) {
            push_escaped(&mut shown, character);
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A line of JSON whose strings, once parsed, are text of one line that only shows. Whoever prints
/// them need not think of it.
pub fn shown_in_json(line: &[u8]) -> Cow<'_, [u8]> {
    // Without a branch: this is the path of a million samples.
    if !line.iter().fold(false, |found, byte| found | (*byte == b'\\') | (*byte >= 0x7f)) {
        return Cow::Borrowed(line);
    }
    let mut shown = Vec::with_capacity(line.len() + 64);
    for chunk in line.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(at) = rest.find(|character| character == '\\' || is_obeyed(character)) {
            shown.extend_from_slice(&rest.as_bytes()[..at]);
            rest = &rest[at..];
            let (length, is_obeyed) = first(rest);
            let (one, after) = rest.split_at(length);
            match one.chars().next() {
                // An escape with one more backslash is the text of that escape.
                Some('\\') if is_obeyed => {
                    shown.extend(
                        one.bytes()
                            .flat_map(|byte| [byte; 2].into_iter().take(1 + usize::from(byte == b'\\'))),
                    );
                }
                // Between strings it is a space of JSON, and inside one it is an error to be told.
                Some(character) if is_obeyed && !character.is_ascii_whitespace() && character >= '\x7f' => {
                    let mut escape = String::new();
                    push_escaped(&mut escape, character);
                    shown.extend(escape.replace('\\', r"\\").bytes());
                }
                _ => shown.extend_from_slice(one.as_bytes()),
            }
            rest = after;
        }
        shown.extend_from_slice(rest.as_bytes());
        shown.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(shown)
}

/// Bytes of the character or escape that a text begins with, and whether what it means is obeyed.
fn first(text: &str) -> (usize, bool) {
    let Some(escape) = text.strip_prefix('\\') else {
        let character = text.chars().next();
        return (character.map_or(0, char::len_utf8), character.is_some_and(is_obeyed));
    };
    match escape.chars().next() {
        Some('b' | 'f' | 'n' | 'r' | 't') => (2, true),
        Some('u') => {
            let unit = |at: usize| {
                let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
                u16::from_str_radix(digits, 16).ok()
            };
            let units: Vec<u16> = [unit(0), unit(6)].into_iter().map_while(|unit| unit).collect();
            match char::decode_utf16(units).next() {
                Some(Ok(character)) => (6 * character.len_utf16(), is_obeyed(character)),
                // No character: the parser says so.
                _ => (2, false),
            }
        }
        Some(other) => (1 + other.len_utf8(), false),
        None => (1, false),
    }
}

fn push_escaped(text: &mut String, character: char) {
    for unit in character.encode_utf16(&mut [0; 2]) {
        let _ = write!(text, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(json: &str) -> String {
        serde_json::from_slice(&shown_in_json(json.as_bytes())).unwrap()
    }

    #[test]
    fn what_would_be_obeyed_is_shown() {
        assert_eq!(
            shown("a\tb\n\u{1b}[31m\r\u{9b}\u{202e}\u{e0041}"),
            "a\tb\n\\u001b[31m\\u000d\\u009b\\u202e\\udb40\\udc41"
        );
        assert!(matches!(shown("ext4, dense 1MiB, 1.2×"), Cow::Borrowed(_)));
    }

    #[test]
    fn strings_of_json_are_read_as_text_that_shows() {
        assert_eq!(parsed(r#""a\n\u001b[2J\u202e""#), r"a\n\u001b[2J\u202e");
        assert_eq!(parsed("\"\u{7f}\u{85}\u{2066}\""), r"\u007f\u0085\u2066");
        assert_eq!(parsed(r#""\udb40\udc41""#), r"\udb40\udc41");
        for plain in [r#""a\\n\"\/""#, r#""\u00e9\ud83d\ude00""#, "\"é×\""] {
            assert_eq!(parsed(plain), serde_json::from_str::<String>(plain).unwrap());
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for broken in [r#""\"#, r#""\u00"#, r#""\ud800""#, r#""\x""#, "\"\u{1}\"", "\"a\nb\""] {
            assert!(
                serde_json::from_slice::<String>(&shown_in_json(broken.as_bytes())).is_err(),
                "{broken:?}"
            );
        }
        assert_eq!(&*shown_in_json(b"\xff\\n\xc3"), b"\xff\\\\n\xc3");
    }

    proptest! {
        #[test]
        fn every_string_is_read_as_itself_shown(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let read = parsed(&json);
            prop_assert!(!read.contains(is_obeyed));
            if !text.contains(is_obeyed) {
                prop_assert_eq!(&read, &text);
            }
            prop_assert!(!shown(&json).contains(|character| is_obeyed(character) && !is_layout(character)));
            prop_assert_eq!(serde_json::from_str::<String>(&shown(&json)).unwrap(), text);
        }
    }
}
