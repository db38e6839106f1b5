//! Makes text of others safe to print: it is data, and a terminal must not obey it.

use std::fmt::Write as _;

use eventsource::text::is_hostile;

/// Returns `text` on one line, with escapes such as `\n` and `\u{1b}`, and cut after `most` characters.
pub(crate) fn line(text: &str, most: usize) -> String {
    let mut safe = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == most {
            safe.push('…');
            break;
        }
        push(&mut safe, c);
    }
    safe
}

fn push(safe: &mut String, c: char) {
    match c {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        c if is_hostile(c) => {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
        }
        c => safe.push(c),
    }
}

/// Returns JSON in which hostile characters are escapes. Outside of its texts, JSON of serde has none but line breaks.
pub(crate) fn json(json: &str) -> String {
    if !json.chars().any(|c| c != '\n' && is_hostile(c)) {
        return json.to_owned();
    }
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        if c != '\n' && is_hostile(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{json, line};

    #[test]
    fn line_with_hostile_text_has_escapes() {
        assert_eq!(line("a\u{1b}[31m\u{202e}\0\n\u{9b}", 100), "a\\u{1b}[31m\\u{202e}\\u{0}\\n\\u{9b}");
        assert_eq!(line("grüße 東京", 100), "grüße 東京");
        assert_eq!(line("abcdef", 3), "abc…");
    }

    #[test]
    fn json_with_hostile_text_is_the_same_value() {
        let value = serde_json::json!({ "a": "\u{202e}\u{7f}\u{9b}\u{e0041}\u{1b}" });
        let safe = json(&value.to_string());
        assert!(safe.is_ascii(), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).ok(), Some(value));
    }
}
