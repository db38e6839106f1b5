//! Text of the log and of errors, for a page.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use eventsource::text::{exactly, is_hostile, short_name};
use maud::{Markup, html};

/// The longest text of a page, in bytes.
pub(crate) const MOST: usize = 64 * 1024;

/// Makes control characters and characters that change the direction of text visible, and cuts the text at 64 KiB.
/// Escaping is done where the text is inserted.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MOST));
    for (at, character) in text.char_indices() {
        if at >= MOST {
            let _ = write!(shown, "… ({} more)", exactly((text.len() - at) as u64, "byte"));
            break;
        }
        match character {
            '\n' | '\t' => shown.push(character),
            character if is_hostile(character) => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(character));
            }
            character => shown.push(character),
        }
    }
    shown
}

/// Makes the text visible on one line.
pub(crate) fn line(text: &str) -> String {
    visible(text).replace(['\n', '\t'], " ")
}

/// Returns a time, to the second.
pub(crate) fn time(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (eventsource::text::time(at)) } }
}

/// Returns the name of a process without the id that makes it unique, which is in the title.
pub(crate) fn process(manager: &str) -> Markup {
    html! { span title=(line(manager)) { (line(short_name(manager))) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_as_escapes() {
        assert_eq!(visible("a\u{202e}b\u{1b}[31m\0\u{200b}"), "a\\u{202e}b\\u{1b}[31m\\u{0}\\u{200b}");
        assert_eq!(line("a\nb"), "a b");
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        let text = visible(&"é".repeat(MOST));
        assert!(text.len() < MOST + 100 && text.ends_with("(65536 bytes more)"), "{}", &text[MOST - 10..]);
    }

    #[test]
    fn time_is_for_people_and_for_programs() {
        let text = time(DateTime::UNIX_EPOCH).into_string();
        assert_eq!(text, "<time datetime=\"1970-01-01T00:00:00+00:00\">1970-01-01 00:00:00 UTC</time>");
    }
}
