//! The options of an attribute: `key = value`, `key(list)`, or a key alone, between commas.
//!
//! Each macro declares its options as a struct, with [`options!`]. The struct is filled once, when the attribute is
//! parsed. Mistakes in keys are reported then, and a wrong value when the macro asks for it, in the order in which the
//! macro checks its input.

mod given;
mod reader;
#[cfg(test)]
mod tests;
mod value;

use proc_macro2::TokenStream;
use syn::{Attribute, Meta};

pub(crate) use self::given::Given;
pub(crate) use self::reader::{Reader, Spec, Written};
pub(crate) use self::value::{Entry, Flag, Library, List, Version};
use crate::errors::Errors;

/// The options of one attribute. [`options!`] implements it.
pub(crate) trait Options: Sized {
    /// The options that exist, one for each field.
    const SPECS: &'static [Spec];

    /// Parses the value of each option.
    fn fill(written: impl Iterator<Item = Written>) -> Self;

    /// Parses the tokens between the parentheses of an attribute.
    fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut reader = Reader::new(Self::SPECS);
        reader.read(tokens, errors);
        Self::fill(reader.finish())
    }

    /// Parses the attributes with the name `name`, of which there can be several. `example` shows how they are written.
    fn of_attributes(attributes: &[Attribute], name: &str, example: &str, errors: &mut Errors) -> Self {
        let mut reader = Reader::new(Self::SPECS);
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident(name)) {
            match &attribute.meta {
                Meta::List(list) => reader.read(list.tokens.clone(), errors),
                other => errors.push(other, format_args!("the options stand in parentheses: `{example}`")),
            }
        }
        Self::fill(reader.finish())
    }
}

/// Whether one of the attributes with the name `name` has no parentheses, so that its options are not known.
pub(crate) fn has_unreadable(attributes: &[Attribute], name: &str) -> bool {
    attributes.iter().any(|own| own.path().is_ident(name) && !matches!(own.meta, Meta::List(_)))
}

/// Declares the options of an attribute as a struct. Each field has the type of the value, and an example that begins
/// with the key of the option:
///
/// ```text
/// options! {
///     /// The options of `#[thing]`.
///     struct ThingOptions {
///         name: LitStr => "name = \"x\"",
///         memory: Flag => "memory",
///         library: Library => "crate = my::reexport",
///     }
/// }
/// ```
macro_rules! options {
    ($(#[$attribute:meta])* $visibility:vis struct $name:ident {
        $($field:ident: $value:ty => $example:literal,)*
    }) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($visibility $field: $crate::options::Given<$value>,)*
        }

        impl $crate::options::Options for $name {
            const SPECS: &'static [$crate::options::Spec] = &[$($crate::options::Spec::of::<$value>($example),)*];

            fn fill(mut written: impl Iterator<Item = $crate::options::Written>) -> Self {
                // The fields are evaluated in the order of `SPECS`.
                Self { $($field: $crate::options::Given::parse(written.next()),)* }
            }
        }
    };
}

pub(crate) use options;
