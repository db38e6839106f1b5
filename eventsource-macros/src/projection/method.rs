//! From a marked method to what generated code calls.

use proc_macro2::Span;
use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, GenericParam, Meta, PatType, ReceiverKind, ReturnType, Safety, Signature, Token, Type};

use super::model::{Call, Handler, Receiver};
use super::parameter::{self, plain};
use super::scope::{Scope, find_ident};
use crate::errors::Errors;
use crate::text::shown;

/// What reading a method needs to know.
pub(super) struct Context<'a> {
    /// The names of the impl block.
    pub(super) scope: &'a Scope,
    /// The attributes of the method, without its marks.
    pub(super) attributes: &'a [Attribute],
    /// The mistakes.
    pub(super) errors: &'a mut Errors,
}

/// The handler that `mark` makes of the method.
pub(super) fn handler(mark: &Attribute, signature: &Signature, context: &mut Context<'_>) -> Option<Handler> {
    let event = event(mark, context);
    let mut parameters = parameters(signature);
    let event_parameter = match parameters.next() {
        Some(first) => parameter::event(first, event.as_ref(), context.errors),
        None => {
            let event = event.as_ref().map_or_else(|| "SomeEvent".to_owned(), shown);
            let message = format_args!("a handler takes its event: add `event: &{event}` or `event: &Event<{event}>`");
            context.errors.push(&signature.ident, message);
            None
        }
    };
    let call = call(signature, parameters, false, context);
    Some(Handler { event: event?, event_parameter: event_parameter?, call: call? })
}

/// The truncate hook that `mark` makes of the method.
pub(super) fn truncate(mark: &Attribute, signature: &Signature, context: &mut Context<'_>) -> Option<Call> {
    if !matches!(mark.meta, Meta::Path(_)) {
        context
            .errors
            .push(&mark.meta, "`#[truncate]` takes nothing: it marks the method that empties the whole projection");
    }
    call(signature, parameters(signature), true, context)
}

/// The event in `#[handles(Event)]`.
fn event(mark: &Attribute, context: &mut Context<'_>) -> Option<Type> {
    let list = match &mark.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => proc_macro2::TokenStream::new(),
    };
    if list.is_empty() {
        context.errors.push(mark, "`#[handles]` needs the event: `#[handles(OrderPlaced)]`");
        return None;
    }
    let events = match Punctuated::<Type, Token![,]>::parse_terminated.parse2(list) {
        Ok(events) => events,
        Err(error) => {
            context.errors.add(error);
            return None;
        }
    };
    if let Some(second) = events.iter().nth(1) {
        let message = "a method handles one event: write one method for each, and let them call a shared one";
        context.errors.push(second, message);
    }
    let event = plain(events.first()?).clone();
    match &event {
        Type::Infer(_) => {
            let message =
                "a handler names its event; for a subscriber to every event, implement `EventSubscriber` by hand";
            context.errors.push(&event, message);
            return None;
        }
        Type::Path(_) => {}
        other => {
            context.errors.push(other, "`#[handles]` takes the type of an event, such as `#[handles(OrderPlaced)]`");
            return None;
        }
    }
    if let Some(name) = context.scope.used_in(&event) {
        let message = format_args!("the type of a handled event is fixed: it cannot use `{name}` of the impl block");
        context.errors.push(name.clone(), message);
        return None;
    }
    Some(event)
}

/// The parameters after `self`.
fn parameters(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(parameter) => Some(parameter),
        FnArg::Receiver(_) => None,
    })
}

/// What is the same for handlers and the truncate hook. `rest` are the parameters that the runtime fills.
fn call<'a>(
    signature: &Signature,
    rest: impl Iterator<Item = &'a PatType>,
    is_hook: bool,
    context: &mut Context<'_>,
) -> Option<Call> {
    let what = if is_hook { "a truncate hook" } else { "a handler" };
    check_qualifiers(signature, what, context.errors);
    let receiver = receiver(signature, what, context.errors);
    let mut injected: Vec<super::model::Injected> = Vec::new();
    for parameter in rest {
        injected.extend(parameter::injected(parameter, &injected, is_hook, context.errors));
    }
    Some(Call {
        method: signature.ident.clone(),
        cfgs: context.attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect(),
        is_async: signature.asyncness.is_some(),
        receiver: receiver?,
        injected,
        output: output(signature, what, context.errors),
    })
}

/// A handler is safe to call, and has no type parameters. It may be `const`, as clippy asks of small ones.
fn check_qualifiers(signature: &Signature, what: &str, errors: &mut Errors) {
    if let Safety::Unsafe(token) = &signature.safety {
        errors.push(
            token,
            format_args!("{what} cannot be `unsafe`: make the method safe, with an `unsafe` block inside"),
        );
    }
    if let Some(abi) = &signature.abi {
        errors.push(abi, format_args!("{what} cannot be `extern`: remove the words"));
    }
    for parameter in &signature.generics.params {
        if !matches!(parameter, GenericParam::Lifetime(_)) {
            errors.push(parameter, format_args!("{what} cannot be generic: name the types"));
        }
    }
}

/// How the method takes `self`.
fn receiver(signature: &Signature, what: &str, errors: &mut Errors) -> Option<Receiver> {
    let Some(receiver) = signature.receiver() else {
        errors.push(&signature.ident, format_args!("{what} has a receiver: add `&mut self`, or `&self`"));
        return None;
    };
    let by_reference = match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => Some(*mutability),
        ReceiverKind::Typed(_, ty) => match plain(ty) {
            Type::Reference(reference) if shown(&reference.elem) == "Self" => Some(reference.mutability),
            _ => None,
        },
        _ => None,
    };
    let Some(mutability) = by_reference else {
        errors.push(receiver, format_args!("{what} borrows the projection: write `&mut self`, or `&self`"));
        return None;
    };
    let span = mutability.map_or(receiver.self_token.span, |token| token.span);
    Some(Receiver { is_mut: mutability.is_some(), span })
}

/// Where the return type stands. A function that returns a future is one that should be async.
fn output(signature: &Signature, what: &str, errors: &mut Errors) -> Span {
    let ReturnType::Type(_, ty) = &signature.output else { return signature.ident.span() };
    let is_future = match plain(ty) {
        Type::ImplTrait(_) => find_ident(ty.to_token_stream(), &|ident| ident == "Future").is_some(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            ["BoxFuture", "LocalBoxFuture"].iter().any(|name| last.ident == name)
                || (last.ident == "Pin" && find_ident(ty.to_token_stream(), &|ident| ident == "Future").is_some())
        }),
        _ => false,
    };
    if is_future && signature.asyncness.is_none() {
        errors.push(ty, format_args!("{what} does not return a future: write it as `async fn`"));
    }
    ty.span()
}
