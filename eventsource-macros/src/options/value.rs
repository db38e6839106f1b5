//! The types of the values of options.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{LitInt, LitStr, Path, Token, Type};

/// How an option is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `key`
    Alone,
    /// `key = value`
    Assigned,
    /// `key(value, …)`, or `key = value`
    List,
}

/// The value of an option.
pub(crate) trait Value: Sized {
    /// How the option is written.
    const FORM: Form;

    /// Says what the value is, for a message about a wrong one.
    fn rule(example: &str) -> String;

    /// Parses the value. Returns `None` if it is wrong.
    fn parse(tokens: TokenStream) -> Option<Self>;
}

/// The value of an option that stands alone.
pub(crate) struct Flag;

impl Value for Flag {
    const FORM: Form = Form::Alone;

    fn rule(_: &str) -> String {
        "without a value".to_owned()
    }

    fn parse(_: TokenStream) -> Option<Self> {
        Some(Self)
    }
}

impl Value for LitStr {
    const FORM: Form = Form::Assigned;

    fn rule(_: &str) -> String {
        "a text between quotes".to_owned()
    }

    fn parse(tokens: TokenStream) -> Option<Self> {
        syn::parse2(tokens).ok()
    }
}

/// A schema version, from 1 on.
pub(crate) struct Version(pub(crate) u32);

impl Value for Version {
    const FORM: Form = Form::Assigned;

    fn rule(example: &str) -> String {
        format!("a whole number from 1 on, such as `{example}`")
    }

    fn parse(tokens: TokenStream) -> Option<Self> {
        let literal: LitInt = syn::parse2(tokens).ok()?;
        literal.base10_parse().ok().filter(|version| *version >= 1).map(Self)
    }
}

/// The path of the runtime crate.
pub(crate) struct Library(pub(super) Path);

impl Value for Library {
    const FORM: Form = Form::Assigned;

    fn rule(example: &str) -> String {
        format!("a path, such as `{example}`")
    }

    fn parse(tokens: TokenStream) -> Option<Self> {
        // Without generic arguments.
        Path::parse_mod_style.parse2(tokens).ok().map(Self)
    }
}

/// A list of values of one type.
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// An entry of a [`List`].
pub(crate) trait Entry: Parse {
    /// Names several of them, for a message.
    const WHAT: &'static str;
}

impl Entry for Type {
    const WHAT: &'static str = "types";
}

impl Entry for LitStr {
    const WHAT: &'static str = "texts between quotes";
}

impl<T: Entry> Value for List<T> {
    const FORM: Form = Form::List;

    fn rule(example: &str) -> String {
        format!("a list of {}, such as `{example}`", T::WHAT)
    }

    fn parse(tokens: TokenStream) -> Option<Self> {
        let entries = |input: ParseStream<'_>| Punctuated::<T, Token![,]>::parse_terminated(input);
        entries.parse2(tokens).ok().map(|entries| Self(entries.into_iter().collect()))
    }
}
