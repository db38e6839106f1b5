//! The serializer: writes the value of each type that serde knows.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{self, Error as _};

use super::Writer;
use super::compound::{Compound, Raw};
use crate::event::json::buffer::finite;
use crate::event::json::doubts::Doubt;
use crate::event::unstorable::{Step, Stopped};

const RAW_NUMBER: &str = "$serde_json::private::Number";
const RAW_VALUE: &str = "$serde_json::private::RawValue";

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
        Ok(Compound::new(self, "]"))
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
        Ok(Compound::of_variant(self, variant, "]}"))
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a>, Stopped> {
        if length.is_none() {
            self.buffer.doubt(Doubt::Flattened)?;
        }
        self.open(b'{')?;
        Ok(Compound::new(self, "}"))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Compound<'a>, Stopped> {
        let raw = match name {
            RAW_NUMBER => Raw::Number,
            RAW_VALUE => Raw::Value,
            _ => {
                self.open(b'{')?;
                return Ok(Compound::new(self, "}"));
            }
        };
        Ok(Compound::raw(self, raw))
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
        Ok(Compound::of_variant(self, variant, "}}"))
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
