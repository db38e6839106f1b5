//! Decodes records, which a statement builds of several rows: the driver passes each row from one thread to another,
//! which costs more than reading it.

use std::str::FromStr;

/// The rest of the records in the answer of a statement: numbers, each followed by a space, and bytes whose length is
/// known.
pub(super) struct Records<'a>(&'a [u8]);

impl<'a> Records<'a> {
    pub(super) const fn new(records: &'a [u8]) -> Self {
        Self(records)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Passes over `mark`. Returns whether it was there.
    pub(super) fn skip(&mut self, mark: &[u8]) -> bool {
        let rest = self.0.strip_prefix(mark);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// Returns the next word, which ends with a space.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| *byte == b' ')?;
        let word = self.text(end)?;
        self.bytes(1)?;
        Some(word)
    }

    pub(super) fn number<N: FromStr>(&mut self) -> Option<N> {
        self.word()?.parse().ok()
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self, length: usize) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(length)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_numbers_marks_and_bytes() {
        let mut records = Records::new(b"7 - -1 abc\0");
        assert_eq!(records.number::<u64>(), Some(7));
        assert!(!records.skip(b"+") && records.skip(b"- "));
        assert_eq!(records.number::<i64>(), Some(-1));
        assert_eq!((records.text(3), records.bytes(1)), (Some("abc"), Some(&b"\0"[..])));
        assert!(records.is_empty());
        assert_eq!((records.word(), records.bytes(1)), (None, None));
    }
}
