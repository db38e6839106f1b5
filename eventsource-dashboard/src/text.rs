//! Text of the log and of errors, for a page.

use std::fmt::Write as _;

/// The longest text of a page, in bytes.
pub(crate) const MOST: usize = 64 * 1024;

/// Makes control characters and characters that change the direction of text visible, and cuts the text at 64 KiB.
/// Escaping is done where the text is inserted.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(MOST));
    for (at, character) in text.char_indices() {
        if at >= MOST {
            let _ = write!(shown, "… ({} bytes more)", text.len() - at);
            break;
        }
        match character {
            '\n' | '\t' => shown.push(character),
            character if character.is_control() || is_hidden(character) => {
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

/// Whether a character has no width, or changes the direction of the text after it.
const fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
}
