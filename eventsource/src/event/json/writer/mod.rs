//! The writer: it writes the same text as the compact serializer of `serde_json`, with checks.

mod compound;
mod serializer;

use super::buffer::Buffer;
use super::doubts::{Doubts, Place};
use crate::event::unstorable::{MAX_DEPTH, Stopped, UnstorableReason};

/// Writes one value.
pub(super) struct Writer {
    buffer: Buffer,
    depth: usize,
    /// The ranges in `out` of the keys of the open objects. The keys of the innermost object come last.
    keys: Vec<(usize, usize)>,
}

impl Writer {
    pub(super) fn new(depth: usize, stop_at: Option<Place>) -> Self {
        Self { buffer: Buffer::new(stop_at), depth, keys: Vec::new() }
    }

    pub(super) fn finish(self) -> Result<(String, Doubts), Stopped> {
        self.buffer.finish()
    }

    fn check_depth(&self) -> Result<(), Stopped> {
        if self.depth >= MAX_DEPTH { Err(Stopped::new(UnstorableReason::TooDeep)) } else { Ok(()) }
    }

    #[inline]
    fn open(&mut self, bracket: u8) -> Result<(), Stopped> {
        self.check_depth()?;
        self.depth += 1;
        self.buffer.out.push(bracket);
        Ok(())
    }

    fn close(&mut self, brackets: &str) {
        self.depth -= brackets.len();
        self.buffer.out.extend_from_slice(brackets.as_bytes());
    }

    /// Begins the object that holds the content of an enum's variant.
    fn open_variant(&mut self, variant: &'static str) -> Result<(), Stopped> {
        self.open(b'{')?;
        self.buffer.plain(variant)?;
        self.buffer.out.push(b':');
        Ok(())
    }

    /// Returns the key between `start` and `end`, where it has its quotes.
    fn key_text(&self, (start, end): (usize, usize)) -> String {
        let key = self.buffer.out.get(start..end).unwrap_or_default();
        serde_json::from_slice(key).unwrap_or_else(|_| String::from_utf8_lossy(key).into_owned())
    }

    /// Turns the text that was written since `start`, without quotes, into a JSON string.
    fn quote(&mut self, start: usize) -> Result<(), Stopped> {
        if self.buffer.out[start..].iter().any(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
            let text = self.buffer.out.split_off(start);
            self.buffer.out.pop();
            return self.buffer.plain(&*String::from_utf8_lossy(&text));
        }
        self.buffer.out.push(b'"');
        Ok(())
    }
}
