//! Parses the parameters of a method of a projection after its event.

use quote::ToTokens;
use syn::{PatType, Type};

use super::model::Injected;
use crate::block::parameter::{READ_OFF, check_attributes, check_reference, last};
use crate::block::role::Role;
use crate::block::scope::find_lifetime;
use crate::errors::Errors;
use crate::text::shown;
use crate::types::plain;

/// Returns the lent type to write instead of `ty`, if the name of `ty` is known. A pool or a transaction is not lent,
/// but the connection of the batch's transaction is. The compiler reports other types.
fn known_to_be_lent(ty: &Type) -> Option<String> {
    let Type::Path(path) = plain(ty) else { return None };
    let segment = path.path.segments.last()?;
    let connection = match &*segment.ident.to_string() {
        "PgConnection" | "SqliteConnection" | "Repository" => return Some(shown(ty)),
        "PgPool" => "PgConnection",
        "SqlitePool" => "SqliteConnection",
        "Pool" | "PoolConnection" | "Transaction" => {
            let arguments = shown(&segment.arguments);
            let database = |name| arguments.ends_with(&format!("{name}>"));
            [("Postgres", "PgConnection"), ("Sqlite", "SqliteConnection")]
                .into_iter()
                .find(|(name, _)| database(*name))?
                .1
        }
        _ => return None,
    };
    Some(connection.to_owned())
}

/// Says how a handler takes `lent`.
fn ask_for(lent: &str) -> String {
    format!("what the unit of work lends is asked for by `&mut`: write `&mut {lent}`")
}

/// Parses a parameter. `before` are the parameters before it. A truncate hook has no event to read from.
pub(super) fn injected(parameter: &PatType, before: &[Injected], role: Role, errors: &mut Errors) -> Option<Injected> {
    check_attributes(parameter, errors);
    let is_hook = role == Role::Hook;
    let Type::Reference(reference) = plain(&parameter.ty) else {
        if let Some(lent) = known_to_be_lent(&parameter.ty) {
            errors.push(&parameter.ty, ask_for(&lent));
            return None;
        }
        let message = if is_hook {
            "a truncate hook asks for what the unit of work lends, as `&mut T`"
        } else {
            "a handler asks by reference: `&T` for what the event knows, `&mut T` for what the unit of work lends"
        };
        errors.push(&parameter.ty, message);
        return None;
    };
    let is_lent = reference.mutability.is_some();
    if let (false, Some(lent)) = (is_lent, known_to_be_lent(&reference.elem)) {
        errors.push(&parameter.ty, ask_for(&lent));
        return None;
    }
    if is_hook && !is_lent {
        let message =
            "a truncate hook has no event to read this from: it asks for what the unit of work lends, as `&mut T`";
        errors.push(&parameter.ty, message);
        return None;
    }
    if !check_reference(reference, role, errors) {
        return None;
    }
    let read_off = shown(&reference.elem);
    if is_lent && READ_OFF.contains(&last(&read_off)) {
        errors.push(&parameter.ty, format_args!("what the event knows does not change: write `&{read_off}`"));
        return None;
    }
    if let (Some(_), Some(lent)) = (find_lifetime(reference.elem.to_token_stream()), known_to_be_lent(&reference.elem))
    {
        errors.push(&parameter.ty, ask_for(&lent));
        return None;
    }
    if let Some(lifetime) = find_lifetime(reference.elem.to_token_stream()) {
        let message = format_args!("a handler cannot ask for a type that borrows: it has the lifetime `'{lifetime}`");
        errors.push(&reference.elem, message);
        return None;
    }
    let ty = plain(&reference.elem).clone();
    if !matches!(ty, Type::Path(_) | Type::Macro(_)) {
        let message =
            "a handler asks for a type that has a name, such as `&mut Repository<OrderRow>`: name it in place of this";
        errors.push(&parameter.ty, message);
        return None;
    }
    if is_lent && before.iter().any(|other| other.is_lent && shown(&other.ty) == shown(&ty)) {
        let message = format_args!("`{}` is lent to this method already: ask for it once", shown(&ty));
        errors.push(&parameter.ty, message);
        return None;
    }
    Some(Injected { ty, parameter: (*parameter.ty).clone(), is_lent })
}
