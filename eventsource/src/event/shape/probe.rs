//! A deserializer without data: it follows some steps into a type, and records what the type asks for there.
//!
//! It always ends with an error, so that it needs no value. Only keys of maps need one.

use std::cell::Cell;
use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};

/// What a type asks its deserializer for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Leaf(&'static str),
    Option,
    Seq,
    Tuple(usize),
    Map,
    Struct(&'static str, &'static [&'static str]),
    Enum(&'static str, &'static [&'static str]),
}

/// A step into a type.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Into the field or the variant with this name.
    Named(&'static str),
    /// Into the content of an option, a sequence or a map.
    Inside,
}

/// Returns what `T` asks for after `steps`.
pub(super) fn probe<T: DeserializeOwned>(steps: &[Step]) -> Node {
    let mut found = Node::Leaf("any");
    // The key type of a map decides which of these texts it accepts.
    for key in ["", "0", "00000000-0000-0000-0000-000000000000", "2000-01-01", "2000-01-01T00:00:00Z"] {
        let note = Cell::new(None);
        let _ = T::deserialize(Probe { steps, note: &note, key });
        if let Some(node) = note.get() {
            found = node;
            break;
        }
    }
    found
}

/// The deserializer.
#[derive(Clone, Copy)]
struct Probe<'p> {
    steps: &'p [Step],
    note: &'p Cell<Option<Node>>,
    key: &'static str,
}

/// The error that ends the probe: it has arrived, or cannot go on.
#[derive(Debug)]
struct Stop;

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stop")
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl Probe<'_> {
    /// Returns the next step, and the probe after it. Without a next step, `node` is recorded as the result.
    fn next(self, node: Node) -> Result<(Step, Self), Stop> {
        let Some((step, steps)) = self.steps.split_first() else {
            self.note.set(Some(node));
            return Err(Stop);
        };
        Ok((*step, Self { steps, ..self }))
    }
}

macro_rules! leaves {
    ($($method:ident $kind:literal)+) => {
        $(fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
            self.next(Node::Leaf($kind))?;
            Err(Stop)
        })+
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Stop;

    leaves! {
        deserialize_any "any" deserialize_ignored_any "any" deserialize_identifier "string"
        deserialize_bool "bool" deserialize_char "char" deserialize_str "string" deserialize_string "string"
        deserialize_i8 "i8" deserialize_i16 "i16" deserialize_i32 "i32" deserialize_i64 "i64" deserialize_i128 "i128"
        deserialize_u8 "u8" deserialize_u16 "u16" deserialize_u32 "u32" deserialize_u64 "u64" deserialize_u128 "u128"
        deserialize_f32 "f32" deserialize_f64 "f64"
        deserialize_bytes "bytes" deserialize_byte_buf "bytes" deserialize_unit "null"
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_some(self.next(Node::Option)?.1)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(self.next(Node::Seq)?.1)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(self.next(Node::Tuple(length))?.1)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let (_, probe) = self.next(Node::Map)?;
        visitor.visit_map(One { key: self.key, probe })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.next(Node::Struct(name, fields))? {
            (Step::Named(key), probe) => visitor.visit_map(One { key, probe }),
            _ => Err(Stop),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match self.next(Node::Enum(name, variants))? {
            (Step::Named(key), probe) => visitor.visit_enum(One { key, probe }),
            _ => Err(Stop),
        }
    }
}

/// A map or an enum with one key, whose content is probed.
struct One<'p> {
    key: &'static str,
    probe: Probe<'p>,
}

fn name<'de>(key: &'static str) -> StrDeserializer<'de, Stop> {
    key.into_deserializer()
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        seed.deserialize(name(self.key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        seed.deserialize(self.probe)
    }
}

impl<'de> SeqAccess<'de> for Probe<'_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        seed.deserialize(*self).map(Some)
    }
}

impl<'de, 'p> EnumAccess<'de> for One<'p> {
    type Error = Stop;
    type Variant = Probe<'p>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Probe<'p>), Stop> {
        Ok((seed.deserialize(name(self.key))?, self.probe))
    }
}

impl<'de> VariantAccess<'de> for Probe<'_> {
    type Error = Stop;

    fn unit_variant(self) -> Result<(), Stop> {
        self.next(Node::Leaf("unit"))?;
        Err(Stop)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stop> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_struct("", fields, visitor)
    }
}
