//! Parses a marked method of a projection.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Meta, PatType, ReturnType, Signature};

use super::injected::injected;
use super::model::{Call, Handler, Injected};
use crate::block::marker::Marker;
use crate::block::method::{self, Context, check_qualifiers, receiver};
use crate::block::parameter::{self, parameters};
use crate::block::role::Role;
use crate::errors::Errors;
use crate::text::shown;

/// Parses a handler.
pub(super) fn handler(mark: &Attribute, signature: &Signature, context: &mut Context<'_>) -> Option<Handler> {
    let event = method::event(mark, Marker::Handles, context);
    if signature.receiver().is_none() {
        // Without a receiver, errors of the parameters are not reported.
        check_qualifiers(signature, Role::Handler, context.errors);
        receiver(signature, Role::Handler, context.errors);
        return None;
    }
    let mut parameters = parameters(signature);
    let event_parameter = match parameters.next() {
        Some(first) => match parameter::misplaced_event(signature, event.as_ref()) {
            Some((late, false)) => {
                let message = format_args!("the event comes first: move `{}` before the others", shown(late));
                context.errors.push(late, message);
                None
            }
            Some((again, true)) => {
                let message = format_args!("the event is the first parameter already: remove `{}`", shown(again));
                context.errors.push(again, message);
                None
            }
            None => parameter::event(first, event.as_ref(), Role::Handler, context.errors),
        },
        None => {
            let event = event.as_ref().map_or_else(|| "SomeEvent".to_owned(), shown);
            let message = format_args!("a handler takes its event: add `event: &{event}` or `event: &Event<{event}>`");
            context.errors.push(&signature.ident, message);
            None
        }
    };
    let call = call(signature, parameters, Role::Handler, context);
    Some(Handler { event: event?, event_parameter: event_parameter?, call: call? })
}

/// Parses a truncate hook.
pub(super) fn truncate(mark: &Attribute, signature: &Signature, context: &mut Context<'_>) -> Option<Call> {
    if !matches!(mark.meta, Meta::Path(_)) {
        context
            .errors
            .push(&mark.meta, "`#[truncate]` takes nothing: it marks the method that empties the whole projection");
    }
    call(signature, parameters(signature), Role::Hook, context)
}

/// Parses the common part of handlers and truncate hooks. `rest` are the parameters that the runtime fills.
fn call<'a>(
    signature: &Signature,
    rest: impl Iterator<Item = &'a PatType>,
    role: Role,
    context: &mut Context<'_>,
) -> Option<Call> {
    check_qualifiers(signature, role, context.errors);
    let receiver = receiver(signature, role, context.errors);
    let mut asked: Vec<Injected> = Vec::new();
    for parameter in rest {
        asked.extend(injected(parameter, &asked, role, context.errors));
    }
    Some(Call {
        method: signature.ident.clone(),
        cfgs: context.with_path("cfg"),
        docs: context.with_path("doc"),
        is_async: signature.asyncness.is_some(),
        receiver: receiver?,
        injected: asked,
        output: output(signature, role, context.errors),
    })
}

/// Returns the place of the return type. Reports a returned future: the method should be async.
fn output(signature: &Signature, role: Role, errors: &mut Errors) -> Span {
    if let Some(ty) = method::returned_future(signature) {
        errors.push(ty, format_args!("{} does not return a future: write it as `async fn`", role.what()));
    }
    match &signature.output {
        ReturnType::Type(_, ty) => ty.span(),
        ReturnType::Default => signature.ident.span(),
    }
}
