//! The serializer: it writes the same text as the compact one of `serde_json`, with checks.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Error as _};

use super::buffer::{Buffer, finite};
use super::doubts::{Doubt, Doubts, Place};
use super::key::KeyWriter;
use super::text;
use crate::event::unstorable::{MAX_DEPTH, Step, Stopped, UnstorableReason};

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

    fn compound(&mut self, close: &'static str) -> Compound<'_> {
        let first_key = self.keys.len();
        Compound {
            writer: self,
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

/// An array or an object that is being written.
pub(super) struct Compound<'a> {
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
enum Raw {
    Number,
    Value,
}

const RAW_NUMBER: &str = "$serde_json::private::Number";
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Objects with up to this many keys compare them one by one.
const FEW_KEYS: usize = 16;

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

macro_rules! plain {
    ($($name:ident $ty:ty),*) => {$(
        #[inline]
        fn $name(self, value: $ty) -> Result<(), Stopped> {
            self.buffer.plain(&value)
        }
    )*};
}

impl<'a> ser::Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Stopped;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    plain! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64, serialize_u8 u8,
        serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_char char, serialize_str &str
    }

    fn serialize_i128(self, value: i128) -> Result<(), Stopped> {
        self.buffer.doubt(Doubt::Wide)?;
        self.buffer.plain(&value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), Stopped> {
        self.buffer.doubt(Doubt::Wide)?;
        self.buffer.plain(&value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stopped> {
        finite(value.into())?;
        self.buffer.plain(&value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stopped> {
        finite(value)?;
        self.buffer.plain(&value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Stopped> {
        self.check_depth()?;
        self.buffer.plain(value)
    }

    fn serialize_none(self) -> Result<(), Stopped> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stopped> {
        let start = self.buffer.out.len();
        value.serialize(&mut *self)?;
        if self.buffer.out[start..] == *b"null" { self.buffer.doubt(Doubt::SomeNull) } else { Ok(()) }
    }

    fn serialize_unit(self) -> Result<(), Stopped> {
        self.buffer.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stopped> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stopped> {
        self.buffer.plain(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stopped> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stopped> {
        self.open_variant(variant)?;
        value.serialize(&mut *self).map_err(|stopped| stopped.within(Step::Key(variant.to_owned())))?;
        self.close("}");
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>, Stopped> {
        self.open(b'[')?;
        Ok(self.compound("]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'a>, Stopped> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'a>, Stopped> {
        self.serialize_seq(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Stopped> {
        self.open_variant(variant)?;
        self.open(b'[')?;
        Ok(Compound { variant: Some(variant), ..self.compound("]}") })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a>, Stopped> {
        if length.is_none() {
            self.buffer.doubt(Doubt::Flattened)?;
        }
        self.open(b'{')?;
        Ok(self.compound("}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Stopped> {
        let raw = match name {
            RAW_NUMBER => Raw::Number,
            RAW_VALUE => Raw::Value,
            _ => {
                self.open(b'{')?;
                return Ok(self.compound("}"));
            }
        };
        Ok(Compound { raw: Some(raw), ..self.compound("") })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'a>, Stopped> {
        self.open_variant(variant)?;
        self.open(b'{')?;
        Ok(Compound { variant: Some(variant), ..self.compound("}}") })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Stopped> {
        struct Text<'a>(&'a mut Vec<u8>);
        impl fmt::Write for Text<'_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.extend_from_slice(text.as_bytes());
                Ok(())
            }
        }
        self.buffer.out.push(b'"');
        let start = self.buffer.out.len();
        fmt::Write::write_fmt(&mut Text(&mut self.buffer.out), format_args!("{value}")).map_err(Stopped::custom)?;
        self.quote(start)
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
