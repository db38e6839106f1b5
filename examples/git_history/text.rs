//! Text out of git, which promises no encoding: kept as UTF-8 from which the bytes come back.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Bytes that are UTF-8 for the most part. What is UTF-8 reads as itself; any other byte is kept as a private-use
/// character of its own, so that texts that differ in one byte stay two texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

/// The byte `b` is kept as the character `BASE + b`: the last 128 characters of Unicode, which are not assigned.
const BASE: u32 = 0x10_FF00;

impl Text {
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut text = String::with_capacity(bytes.len());
        let keep = |text: &mut String, bytes: &[u8]| text.extend(bytes.iter().filter_map(|byte| character(*byte)));
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                // One of the characters that stand for a byte is itself kept byte by byte, or it would become one.
                match byte(c) {
                    None => text.push(c),
                    Some(_) => keep(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes()),
                }
            }
            keep(&mut text, chunk.invalid());
        }
        Self(text)
    }

    /// As it is stored, in events and in tables.
    pub fn as_stored(&self) -> &str {
        &self.0
    }

    pub fn from_stored(stored: String) -> Self {
        Self(stored)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len());
        for c in self.0.chars() {
            match byte(c) {
                None => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                Some(byte) => bytes.push(byte),
            }
        }
        bytes
    }

    /// For people: with a replacement character for what is not UTF-8.
    pub fn lossy(&self) -> Cow<'_, str> {
        if self.0.chars().any(|c| byte(c).is_some()) {
            Cow::Owned(String::from_utf8_lossy(&self.to_bytes()).into_owned())
        } else {
            Cow::Borrowed(&self.0)
        }
    }

    /// For a terminal: on one line, and without the characters by which a name could command it.
    pub fn printable(&self) -> String {
        let mut printable = String::new();
        for c in self.lossy().chars() {
            if c.is_control() { printable.extend(c.escape_default()) } else { printable.push(c) }
        }
        printable
    }
}

fn character(byte: u8) -> Option<char> {
    char::from_u32(BASE + u32::from(byte))
}

fn byte(c: char) -> Option<u8> {
    u8::try_from(u32::from(c).checked_sub(BASE)?).ok().filter(|byte| *byte >= 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let samples: [&[u8]; 6] =
            [b"", b"plain", "é 🦀".as_bytes(), b"caf\xe9 \xff\xfe", "\u{10FFE9}\u{10FF80}".as_bytes(), b"\xf0\x9f\xa6"];
        for bytes in samples {
            assert_eq!(Text::from_bytes(bytes).to_bytes(), bytes);
        }
    }

    #[test]
    fn different_texts_stay_different() {
        assert_ne!(Text::from_bytes(b"\xe9"), Text::from_bytes(b"\xea"));
        assert_ne!(Text::from_bytes(b"\xe9"), Text::from_bytes("\u{10FFE9}".as_bytes()));
        assert_eq!(Text::from_bytes(b"\xe9").lossy(), "\u{FFFD}");
    }

    #[test]
    fn a_terminal_is_not_commanded() {
        assert_eq!(Text::from_bytes(b"a\nb\x1b[2J").printable(), "a\\nb\\u{1b}[2J");
    }
}
