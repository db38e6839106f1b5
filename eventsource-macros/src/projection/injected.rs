//! What a method of a projection asks for beside its event.

use quote::ToTokens;
use syn::{PatType, Type};

use super::model::Injected;
use crate::block::parameter::{check_attributes, check_reference, plain};
use crate::block::role::Role;
use crate::block::scope::find_lifetime;
use crate::errors::Errors;
use crate::text::shown;

/// What the parameter asks for. `before` are those before it, and a truncate hook has no event to read from.
pub(super) fn injected(parameter: &PatType, before: &[Injected], role: Role, errors: &mut Errors) -> Option<Injected> {
    check_attributes(parameter, errors);
    let is_hook = role == Role::Hook;
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
    if !check_reference(reference, role, errors) {
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
