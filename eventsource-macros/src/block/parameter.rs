//! The parameters of a marked method.

use quote::ToTokens;
use syn::{FnArg, PatType, Signature, Type, TypeReference};

use super::role::Role;
use super::scope::find_ident;
use crate::errors::Errors;
use crate::text::shown;
use crate::types::plain;

/// The names of the types that a handler can take by `&`, other than its event.
pub(crate) const READ_OFF: [&str; 3] = ["RecordedEvent", "Metadata", "StreamId"];

/// Returns the parameters after `self`.
pub(crate) fn parameters(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    })
}

/// Parses the parameter for the event: `&E`, or for a handler `&Event<E>`.
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
    if let Some((mark, meant)) = event.and_then(|event| misnamed(event, &ty)) {
        let attribute = role.mark();
        let message = format_args!(
            "`#[{attribute}]` takes the type of the event, and `{mark}` is not named like a type: write `#[{attribute}({meant})]`"
        );
        errors.push(event, message);
        return None;
    }
    if reference.mutability.is_some() {
        if is_event(&ty, &name) {
            errors.push(&parameter.ty, format_args!("an event is a fact and does not change: take `&{ty}`"));
        } else {
            let forms = forms.replace("`&", "`event: &");
            errors.push(&parameter.ty, format_args!("the event comes first: put {forms} before this"));
        }
        return None;
    }
    let stored = is_event(&ty, &name) && ty.ends_with('>') || last(&ty) == "RecordedEvent";
    if role == Role::Applier && stored {
        let word = if ty.ends_with('>') { "Event" } else { "RecordedEvent" };
        let message = format_args!(
            "an aggregate applies an event before it is stored, so there is no `{word}` yet: take `&{name}`"
        );
        errors.push(&parameter.ty, message);
        return None;
    }
    if READ_OFF.contains(&last(&ty)) && last(&name) != last(&ty) {
        let forms = forms.replace("`&", "`event: &");
        errors.push(&parameter.ty, format_args!("the event comes first: put {forms} before this"));
        return None;
    }
    check_reference(reference, role, errors).then(|| (*parameter.ty).clone())
}

/// Returns the event as written in a mark and as it should be, if it is not named like a type and the parameter's type
/// `ty` is.
fn misnamed(event: &Type, ty: &str) -> Option<(String, String)> {
    let (mark, meant) = (shown(event), without_view(ty));
    let is_camel = |path: &str| {
        let name = last(path).trim_start_matches("r#");
        name.starts_with(char::is_uppercase) && (name.len() == 1 || name.contains(char::is_lowercase))
    };
    (last(&mark) != last(meant) && !is_camel(&mark) && is_camel(meant)).then(|| (mark, meant.to_owned()))
}

/// Returns the event in `Event<…>`, or `ty` itself.
fn without_view(ty: &str) -> &str {
    ty.strip_suffix('>').and_then(|ty| ty.split_once("Event<")).map_or(ty, |(_, inner)| inner)
}

/// Whether `ty` is written like the event `name`, or like its typed view. Both can be paths.
pub(crate) fn is_event(ty: &str, name: &str) -> bool {
    last(without_view(ty)) == last(name)
}

/// Returns the last segment of a path.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns a parameter after the first one that is the event, and whether the first one is the event too.
pub(crate) fn misplaced_event<'a>(signature: &'a Signature, event: Option<&Type>) -> Option<(&'a PatType, bool)> {
    let name = shown(event?);
    let is_event = |parameter: &PatType| match plain(&parameter.ty) {
        Type::Reference(reference) => is_event(&shown(plain(&reference.elem)), &name),
        _ => false,
    };
    let in_its_place = parameters(signature).next().is_some_and(is_event);
    parameters(signature).skip(1).find(|parameter| is_event(parameter)).map(|late| (late, in_its_place))
}

/// Shows how the parameter for the event `name` is written.
pub(crate) fn forms(name: &str, role: Role) -> String {
    match role {
        Role::Applier => format!("`&{name}`"),
        _ => format!("`&{name}`, or `&Event<{name}>`"),
    }
}

/// Checks that a reference lives only for the call, and that its type is named.
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

/// Reports a parameter behind a `cfg`.
pub(crate) fn check_attributes(parameter: &PatType, errors: &mut Errors) {
    for attribute in parameter.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")) {
        errors.push(attribute, "a parameter cannot be behind a `cfg` here: write one method for each case");
    }
}
