//! An option of an attribute, as the user gave it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

use super::reader::Written;
use super::value::{Library, List, Value, Version};
use crate::errors::Errors;

/// An option of an attribute, as the user gave it.
pub(crate) enum Given<T> {
    /// It is not there.
    Absent,
    /// It is there, and its value is missing or wrong.
    Wrong {
        /// The place of its key.
        key: Span,
        /// The error that is reported when the value is asked for. A missing value has been reported already.
        error: Option<syn::Error>,
    },
    /// It is there.
    Right {
        /// The place of its key.
        key: Span,
        /// Its value.
        value: T,
    },
}

impl<T> Given<T> {
    /// Returns the place of the key, if the option is there.
    pub(crate) const fn key(&self) -> Option<Span> {
        match self {
            Self::Absent => None,
            Self::Wrong { key, .. } | Self::Right { key, .. } => Some(*key),
        }
    }

    /// Returns the value, if the option is there and right. Reports a wrong value: call it once for each option.
    pub(crate) fn value(&self, errors: &mut Errors) -> Option<&T> {
        match self {
            Self::Absent => None,
            Self::Wrong { error, .. } => {
                error.iter().for_each(|error| errors.add(error.clone()));
                None
            }
            Self::Right { value, .. } => Some(value),
        }
    }

    /// Whether the option is there.
    pub(crate) const fn is_given(&self) -> bool {
        self.key().is_some()
    }

    /// Whether the option is there, without a value or with a wrong one.
    pub(crate) const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }
}

impl<T: Value> Given<T> {
    /// Parses the value of an option.
    pub(crate) fn parse(written: Option<Written>) -> Self {
        match written {
            None | Some(Written::Absent) => Self::Absent,
            Some(Written::WithoutValue { key }) => Self::Wrong { key, error: None },
            Some(Written::WithValue { spec, key, value: tokens }) => match T::parse(tokens.clone()) {
                Some(value) => Self::Right { key, value },
                None => {
                    let message = format_args!("`{}` is {}", spec.key(), T::rule(spec.example));
                    Self::Wrong { key, error: Some(syn::Error::new_spanned(tokens, message)) }
                }
            },
        }
    }
}

impl<T> Given<List<T>> {
    /// Returns the entries of the list. There are none if the option is absent or wrong. Reports a wrong list.
    pub(crate) fn entries(&self, errors: &mut Errors) -> &[T] {
        self.value(errors).map_or(&[], |List(entries)| entries)
    }
}

impl Given<Library> {
    /// Returns the path of the runtime crate. The default is `::eventsource`. Reports a wrong path.
    pub(crate) fn path(&self, errors: &mut Errors) -> TokenStream {
        self.value(errors).map_or_else(|| quote!(::eventsource), |Library(path)| path.to_token_stream())
    }
}

impl Given<Version> {
    /// Returns the version. The default is 1. Reports a wrong version.
    pub(crate) fn version(&self, errors: &mut Errors) -> u32 {
        self.value(errors).map_or(1, |Version(version)| *version)
    }
}
