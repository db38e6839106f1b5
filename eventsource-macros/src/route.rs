//! The names of the constants that generated code declares for each method of an event.

use proc_macro2::Ident;
use quote::format_ident;

/// Returns the name of the constant with the route of the method `at`.
pub(crate) fn route_name(at: usize) -> Ident {
    format_ident!("__ROUTE_{at}")
}

/// Returns the name of the constant with the stored name of the event of the method `at`.
pub(crate) fn stored_name(at: usize) -> Ident {
    format_ident!("__NAME_{at}")
}
