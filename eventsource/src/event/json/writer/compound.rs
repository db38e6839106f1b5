//! An array or an object that is being written: its items, and its keys, each of which it has once.

use serde::Serialize;
use serde::ser::{self, Error as _};

use super::Writer;
use crate::event::json::doubts::Doubt;
use crate::event::json::key::KeyWriter;
use crate::event::json::text;
use crate::event::unstorable::{Step, Stopped, UnstorableReason};

/// An array or an object that is being written.
pub(in crate::event::json) struct Compound<'a> {
    writer: &'a mut Writer,
    /// The brackets that close it.
    close: &'static str,
    count: usize,
    /// The index of its first key in the writer's keys.
    first_key: usize,
    /// One bit for the hash of each of its keys. If no bit was set twice, no key is there twice.
    seen: u64,
    /// Whether its keys were in ascending order so far.
    ascending: bool,
    /// Whether all its keys must be compared at its end.
    unchecked: bool,
    /// The variant of an enum whose content it is.
    variant: Option<&'static str>,
    /// Set for the types whose text serde_json copies.
    raw: Option<Raw>,
}

/// A type of serde_json that contains JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw {
    Number,
    Value,
}

/// Objects with up to this many keys compare them one by one.
const FEW_KEYS: usize = 16;

impl<'a> Compound<'a> {
    /// Begins an array or an object whose first bracket is written.
    pub(super) fn new(writer: &'a mut Writer, close: &'static str) -> Self {
        let first_key = writer.keys.len();
        Self {
            writer,
            close,
            count: 0,
            first_key,
            seen: 0,
            ascending: true,
            unchecked: false,
            variant: None,
            raw: None,
        }
    }

    /// Begins the content of an enum's variant.
    pub(super) fn of_variant(writer: &'a mut Writer, variant: &'static str, close: &'static str) -> Self {
        Self { variant: Some(variant), ..Self::new(writer, close) }
    }

    /// Begins a value of serde_json whose text is copied.
    pub(super) fn raw(writer: &'a mut Writer, raw: Raw) -> Self {
        Self { raw: Some(raw), ..Self::new(writer, "") }
    }
}

impl Compound<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        if self.count > 0 {
            self.writer.buffer.out.push(b',');
        }
        let index = self.count;
        self.count += 1;
        value.serialize(&mut *self.writer).map_err(|stopped| self.within(stopped, Step::Index(index)))
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stopped> {
        if self.count > 0 {
            self.writer.buffer.out.push(b',');
        }
        self.count += 1;
        let start = self.writer.buffer.out.len();
        key.serialize(KeyWriter(&mut self.writer.buffer))?;
        self.note_key(start)?;
        self.writer.buffer.out.push(b':');
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stopped> {
        if let Some(raw) = self.raw {
            return self.raw_text(raw, value);
        }
        if self.count > 0 {
            self.writer.buffer.out.push(b',');
        }
        self.count += 1;
        let start = self.writer.buffer.out.len();
        self.writer.buffer.plain(key)?;
        self.note_key(start)?;
        self.writer.buffer.out.push(b':');
        value.serialize(&mut *self.writer).map_err(|stopped| self.within(stopped, Step::Key(key.to_owned())))
    }

    #[cold]
    fn within(&self, stopped: Stopped, step: Step) -> Stopped {
        let stopped = stopped.within(step);
        match self.variant {
            Some(variant) => stopped.within(Step::Key(variant.to_owned())),
            None => stopped,
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        value.serialize(&mut *self.writer).map_err(|stopped| {
            let key = self.writer.keys.last().map(|key| self.writer.key_text(*key));
            stopped.within(Step::Key(key.unwrap_or_default()))
        })
    }

    /// Remembers the key that was written since `start`. Refuses it if the object has it already.
    fn note_key(&mut self, start: usize) -> Result<(), Stopped> {
        let Writer { buffer, keys, .. } = &mut *self.writer;
        let out = &buffer.out;
        let key = &out[start..];
        let others = &keys[self.first_key..];
        let hash = key.iter().fold(0_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        let bit = 1 << (hash >> 58);
        let may_be_there = self.seen & bit != 0;
        self.seen |= bit;
        self.ascending = self.ascending && others.last().is_none_or(|(start, end)| out[*start..*end] < *key);
        let mut twice = false;
        if may_be_there && !self.ascending {
            if others.len() <= FEW_KEYS {
                twice = others.iter().any(|(start, end)| out[*start..*end] == *key);
            } else {
                self.unchecked = true;
            }
        }
        keys.push((start, out.len()));
        if twice { Err(self.twice((start, self.writer.buffer.out.len()))) } else { Ok(()) }
    }

    fn twice(&self, key: (usize, usize)) -> Stopped {
        self.within(Stopped::new(UnstorableReason::DuplicateKey), Step::Key(self.writer.key_text(key)))
    }

    /// Refuses a key that the object has twice, if `note_key` could not find that out.
    fn check_keys(&mut self) -> Result<(), Stopped> {
        if self.unchecked {
            let out = &self.writer.buffer.out;
            let keys = &mut self.writer.keys[self.first_key..];
            keys.sort_unstable_by(|one, other| out[one.0..one.1].cmp(&out[other.0..other.1]));
            let twice = keys.windows(2).find(|pair| out[pair[0].0..pair[0].1] == out[pair[1].0..pair[1].1]);
            if let Some(key) = twice.map(|pair| pair[0]) {
                return Err(self.twice(key));
            }
        }
        self.writer.keys.truncate(self.first_key);
        Ok(())
    }

    fn raw_text<T: Serialize + ?Sized>(&mut self, raw: Raw, value: &T) -> Result<(), Stopped> {
        let serde_json::Value::String(json) = serde_json::to_value(value).map_err(Stopped::custom)? else {
            return Err(Stopped::custom("JSON text was expected"));
        };
        match raw {
            // It can have any size, so it is not read back inside a flattened or tagged type.
            Raw::Number => self.writer.buffer.doubt(Doubt::Wide)?,
            Raw::Value => text::scan(&json, self.writer.depth).map_err(text::Bad::stopped)?,
        }
        self.writer.buffer.out.extend_from_slice(json.as_bytes());
        Ok(())
    }

    fn done(mut self) -> Result<(), Stopped> {
        if self.raw.is_none() {
            self.check_keys()?;
            self.writer.close(self.close);
        }
        Ok(())
    }
}

macro_rules! items {
    ($($of:ident $name:ident),*) => {$(
        impl ser::$of for Compound<'_> {
            type Ok = ();
            type Error = Stopped;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
                self.item(value)
            }

            fn end(self) -> Result<(), Stopped> {
                self.done()
            }
        }
    )*};
}

items! {
    SerializeSeq serialize_element, SerializeTuple serialize_element, SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($of:ident),*) => {$(
        impl ser::$of for Compound<'_> {
            type Ok = ();
            type Error = Stopped;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Stopped> {
                self.field(key, value)
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), Stopped> {
                self.writer.buffer.doubt(Doubt::Skipped).map_err(|stopped| self.within(stopped, Step::Key(key.to_owned())))
            }

            fn end(self) -> Result<(), Stopped> {
                self.done()
            }
        }
    )*};
}

fields! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Stopped;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Stopped> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stopped> {
        self.value(value)
    }

    fn end(self) -> Result<(), Stopped> {
        self.done()
    }
}
