//! The keys of maps.

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::buffer::{Buffer, finite};
use super::doubts::Doubt;
use crate::event::unstorable::{Stopped, UnstorableReason};

/// Writes a key as a JSON string.
pub(super) struct KeyWriter<'a>(pub(super) &'a mut Buffer);

impl KeyWriter<'_> {
    /// Writes a key that is a number or a `bool`, in quotes.
    fn quoted<T: Serialize>(self, value: &T) -> Result<(), Stopped> {
        self.0.doubt(Doubt::OtherKey)?;
        self.0.out.push(b'"');
        self.0.plain(value)?;
        self.0.out.push(b'"');
        Ok(())
    }
}

fn no_key<T>() -> Result<T, Stopped> {
    Err(Stopped::new(UnstorableReason::Key))
}

macro_rules! quoted {
    ($($name:ident $ty:ty),*) => {$(
        fn $name(self, value: $ty) -> Result<(), Stopped> {
            self.quoted(&value)
        }
    )*};
}

impl ser::Serializer for KeyWriter<'_> {
    type Ok = ();
    type Error = Stopped;
    type SerializeSeq = Impossible<(), Stopped>;
    type SerializeTuple = Impossible<(), Stopped>;
    type SerializeTupleStruct = Impossible<(), Stopped>;
    type SerializeTupleVariant = Impossible<(), Stopped>;
    type SerializeMap = Impossible<(), Stopped>;
    type SerializeStruct = Impossible<(), Stopped>;
    type SerializeStructVariant = Impossible<(), Stopped>;

    quoted! {
        serialize_bool bool, serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_i128 i128,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64, serialize_u128 u128
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stopped> {
        finite(value.into())?;
        self.quoted(&value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stopped> {
        finite(value)?;
        self.quoted(&value)
    }

    fn serialize_char(self, value: char) -> Result<(), Stopped> {
        self.0.plain(&value)
    }

    fn serialize_str(self, value: &str) -> Result<(), Stopped> {
        self.0.plain(value)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Stopped> {
        self.0.plain(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stopped> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stopped> {
        self.0.doubt(Doubt::OtherKey)?;
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Stopped> {
        no_key()
    }

    fn serialize_unit(self) -> Result<(), Stopped> {
        no_key()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Stopped> {
        no_key()
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Stopped> {
        no_key()
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Stopped> {
        no_key()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Stopped> {
        no_key()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Stopped> {
        no_key()
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Stopped> {
        no_key()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Stopped> {
        no_key()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Stopped> {
        no_key()
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Stopped> {
        no_key()
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Stopped> {
        no_key()
    }
}
