//! The parameters of a marked method.

use quote::ToTokens;
use syn::{PatType, Type, TypeReference};

use super::model::Injected;
use super::scope::{find_ident, find_lifetime};
use crate::errors::Errors;
use crate::text::shown;

/// `ty` out of its parentheses, and out of the invisible groups of a `macro_rules!`.
pub(super) fn plain(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The type of the parameter for the event: `&E` or `&Event<E>`.
pub(super) fn event(parameter: &PatType, event: Option<&Type>, errors: &mut Errors) -> Option<Type> {
    check_attributes(parameter, errors);
    let name = event.map_or_else(|| "SomeEvent".to_owned(), shown);
    let Type::Reference(reference) = plain(&parameter.ty) else {
        let message = format_args!("a handler borrows its event: take `&{name}`, or `&Event<{name}>`");
        errors.push(&parameter.ty, message);
        return None;
    };
    if reference.mutability.is_some() {
        let ty = shown(plain(&reference.elem));
        if ty == name || ty.ends_with(&format!("Event<{name}>")) {
            errors.push(&parameter.ty, format_args!("an event is a fact and does not change: take `&{ty}`"));
        } else {
            let message =
                format_args!("the event comes first: put `event: &{name}` or `event: &Event<{name}>` before this");
            errors.push(&parameter.ty, message);
        }
        return None;
    }
    check_reference(reference, errors).then(|| (*parameter.ty).clone())
}

/// What the parameter asks for. `before` are those before it, and a truncate hook has no event to read from.
pub(super) fn injected(
    parameter: &PatType,
    before: &[Injected],
    is_hook: bool,
    errors: &mut Errors,
) -> Option<Injected> {
    check_attributes(parameter, errors);
    let Type::Reference(reference) = plain(&parameter.ty) else {
        let message = if is_hook {
            "a truncate hook asks for what the unit of work lends, as `&mut T`"
        } else {
            "a handler asks by reference: `&T` for what the event knows, `&mut T` for what the unit of work lends"
        };
        errors.push(&parameter.ty, message);
        return None;
    };
    let is_lent = reference.mutability.is_some();
    if is_hook && !is_lent {
        let message =
            "a truncate hook has no event to read this from: it asks for what the unit of work lends, as `&mut T`";
        errors.push(&parameter.ty, message);
        return None;
    }
    if !check_reference(reference, errors) {
        return None;
    }
    if let Some(lifetime) = find_lifetime(reference.elem.to_token_stream()) {
        let message = format_args!("a handler cannot ask for a type that borrows: it has the lifetime `'{lifetime}`");
        errors.push(&reference.elem, message);
        return None;
    }
    let ty = plain(&reference.elem).clone();
    if is_lent && before.iter().any(|other| other.is_lent && shown(&other.ty) == shown(&ty)) {
        let message = format_args!("`{}` is lent to this method already: ask for it once", shown(&ty));
        errors.push(&parameter.ty, message);
        return None;
    }
    Some(Injected { ty, parameter: (*parameter.ty).clone(), is_lent })
}

/// A reference that is lent for the call, to a type that is named.
fn check_reference(reference: &TypeReference, errors: &mut Errors) -> bool {
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        errors.push(lifetime, "this is lent for the call only: leave `'static` out");
        return false;
    }
    if let Some(word) = find_ident(reference.elem.to_token_stream(), &|ident| ident == "impl") {
        errors.push(word, "a handler cannot be generic: name the type");
        return false;
    }
    true
}

/// A parameter is there or it is not.
fn check_attributes(parameter: &PatType, errors: &mut Errors) {
    for attribute in parameter.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.push(attribute, "a parameter cannot be behind a `cfg` here: write one method for each case");
    }
}
