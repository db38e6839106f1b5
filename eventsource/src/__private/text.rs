//! Messages that are built at compile time, where a panic has no formatting.

/// The maximum length of a message in bytes.
const LONGEST: usize = 4096;

/// A message.
#[derive(Clone, Copy)]
pub(super) struct Text {
    bytes: [u8; LONGEST],
    end: usize,
}

impl Text {
    /// Creates an empty message.
    pub(super) const fn new() -> Self {
        Self { bytes: [0; LONGEST], end: 0 }
    }

    /// Appends `more`, if it fits.
    pub(super) const fn push(mut self, more: &str) -> Self {
        let more = more.as_bytes();
        if self.end + more.len() > self.bytes.len() {
            return self;
        }
        let mut at = 0;
        while at < more.len() {
            self.bytes[self.end] = more[at];
            self.end += 1;
            at += 1;
        }
        self
    }

    /// Appends a number.
    pub(super) const fn push_number(self, number: usize) -> Self {
        let before = if number >= 10 { self.push_number(number / 10) } else { self };
        before.push("0123456789".split_at(number % 10).1.split_at(1).0)
    }

    /// Returns the message.
    pub(super) const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.end).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }

    /// Ends the compilation with the message.
    #[allow(clippy::panic)]
    #[track_caller]
    pub(super) const fn fail(self) -> ! {
        panic!("{}", self.as_str())
    }
}
