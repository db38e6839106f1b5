//! The parameters of a marked method.

use quote::ToTokens;
use syn::{PatType, Signature, Type, TypeReference};

use super::method::parameters;
use super::role::Role;
use super::scope::find_ident;
use crate::errors::Errors;
use crate::text::shown;

/// `ty` out of its parentheses, and out of the invisible groups of a `macro_rules!`.
pub(crate) fn plain(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            _ => return ty,
        };
    }
}

/// The type of the parameter for the event: `&E`, or for a handler `&Event<E>`.
pub(crate) fn event(parameter: &PatType, event: Option<&Type>, role: Role, errors: &mut Errors) -> Option<Type> {
    check_attributes(parameter, errors);
    let what = role.what();
    let name = event.map_or_else(|| "SomeEvent".to_owned(), shown);
    let forms = forms(&name, role);
    let Type::Reference(reference) = plain(&parameter.ty) else {
        errors.push(&parameter.ty, format_args!("{what} borrows its event: take {forms}"));
        return None;
    };
    let ty = shown(plain(&reference.elem));
    if reference.mutability.is_some() {
        if ty == name || ty.ends_with(&format!("Event<{name}>")) {
            errors.push(&parameter.ty, format_args!("an event is a fact and does not change: take `&{ty}`"));
        } else {
            let forms = forms.replace("`&", "`event: &");
            errors.push(&parameter.ty, format_args!("the event comes first: put {forms} before this"));
        }
        return None;
    }
    if role == Role::Applier && ty.ends_with(&format!("Event<{name}>")) {
        let message = format_args!(
            "an aggregate applies an event before it is stored, so there is no `Event` yet: take `&{name}`"
        );
        errors.push(&parameter.ty, message);
        return None;
    }
    check_reference(reference, role, errors).then(|| (*parameter.ty).clone())
}

/// The parameter for the event, where it stands behind another one that is none.
pub(crate) fn misplaced_event<'a>(signature: &'a Signature, event: Option<&Type>) -> Option<&'a PatType> {
    let name = shown(event?);
    let is_event = |parameter: &PatType| match plain(&parameter.ty) {
        Type::Reference(reference) => {
            let ty = shown(plain(&reference.elem));
            ty == name || ty.ends_with(&format!("Event<{name}>"))
        }
        _ => false,
    };
    let at = parameters(signature).position(is_event)?;
    parameters(signature).nth(at).filter(|_| at > 0)
}

/// How the parameter for the event `name` is written.
pub(crate) fn forms(name: &str, role: Role) -> String {
    match role {
        Role::Applier => format!("`&{name}`"),
        _ => format!("`&{name}`, or `&Event<{name}>`"),
    }
}

/// A reference that is lent for the call, to a type that is named.
pub(crate) fn check_reference(reference: &TypeReference, role: Role, errors: &mut Errors) -> bool {
    if let Some(lifetime) = reference.lifetime.as_ref().filter(|lifetime| lifetime.ident == "static") {
        errors.push(lifetime, "this is lent for the call only: leave `'static` out");
        return false;
    }
    if let Some(word) = find_ident(reference.elem.to_token_stream(), &|ident| ident == "impl") {
        errors.push(word, format_args!("{} cannot be generic: name the type", role.what()));
        return false;
    }
    true
}

/// A parameter is there or it is not.
pub(crate) fn check_attributes(parameter: &PatType, errors: &mut Errors) {
    for attribute in parameter.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.push(attribute, "a parameter cannot be behind a `cfg` here: write one method for each case");
    }
}
