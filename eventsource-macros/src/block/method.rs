//! Parses the common part of all marked methods: the event of the mark, and the signature.

use proc_macro2::Span;
use quote::ToTokens;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::{Attribute, GenericParam, Meta, ReceiverKind, ReturnType, Safety, Signature, Token, Type};

use super::marker::Marker;
use super::parameter::parameters;
use super::role::Role;
use super::scope::{Scope, find_ident};
use crate::errors::Errors;
use crate::text::shown;
use crate::types::{only_argument, plain};

/// The context in which a method is parsed.
pub(crate) struct Context<'a> {
    /// The names that the impl block declares.
    pub(crate) scope: &'a Scope,
    /// The attributes of the method, without its marks.
    pub(crate) attributes: &'a [Attribute],
    /// The errors.
    pub(crate) errors: &'a mut Errors,
}

impl Context<'_> {
    /// Returns the attributes of the method with this name.
    pub(crate) fn with_path(&self, name: &str) -> Vec<Attribute> {
        self.attributes.iter().filter(|attribute| attribute.path().is_ident(name)).cloned().collect()
    }
}

/// How a method takes `self`, and the place of the receiver.
#[derive(Clone, Copy)]
pub(crate) struct Receiver {
    /// Whether it is `&mut self`.
    pub(crate) is_mut: bool,
    /// Its `mut`, or its `self`.
    pub(crate) span: Span,
}

/// Parses the event in `#[handles(Event)]` or `#[applies(Event)]`.
pub(crate) fn event(mark: &Attribute, marker: Marker, context: &mut Context<'_>) -> Option<Type> {
    let name = marker.name();
    let list = match &mark.meta {
        Meta::List(list) => list.tokens.clone(),
        _ => proc_macro2::TokenStream::new(),
    };
    if list.is_empty() {
        context.errors.push(mark, format_args!("`#[{name}]` needs the event: `#[{name}(OrderPlaced)]`"));
        return None;
    }
    let not_a_type = format_args!("`#[{name}]` takes the type of an event, such as `#[{name}(OrderPlaced)]`");
    let Ok(events) = Punctuated::<Type, Token![,]>::parse_terminated.parse2(list.clone()) else {
        context.errors.push(list, not_a_type);
        return None;
    };
    if let Some(second) = events.iter().nth(1) {
        context.errors.push(second, one_event(marker));
    }
    let event = plain(events.first()?).clone();
    match &event {
        Type::Infer(_) => {
            let message = match marker {
                Marker::Applies => "an `applies` method names its event",
                _ => "a handler names its event; for a subscriber to every event, implement `EventSubscriber` by hand",
            };
            context.errors.push(&event, message);
            return None;
        }
        Type::Path(_) => {}
        other => {
            context.errors.push(other, not_a_type);
            return None;
        }
    }
    if let Some(wrapped) = typed_view(&event) {
        let message = format_args!(
            "`#[{name}]` takes the event itself, and only the parameter is an `Event<…>`: write `#[{name}({})]`",
            shown(wrapped)
        );
        context.errors.push(&event, message);
        return None;
    }
    if let Some(name) = context.scope.used_in(&event) {
        let message = format_args!("the type of an event is fixed here: it cannot use `{name}` of the impl block");
        context.errors.push(name.clone(), message);
        return None;
    }
    Some(event)
}

/// Returns the event in `Event<OrderPlaced>`.
fn typed_view(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    only_argument(path.path.segments.last().filter(|last| last.ident == "Event")?)
}

/// The error of a method for more than one event.
pub(crate) const fn one_event(marker: Marker) -> &'static str {
    match marker {
        Marker::Applies => "a method applies one event: write one method for each, and let them call a shared one",
        _ => "a method handles one event: write one method for each, and let them call a shared one",
    }
}

/// Reports a method that is `unsafe`, `extern` or generic. It may be `const`, as clippy suggests for small methods.
pub(crate) fn check_qualifiers(signature: &Signature, role: Role, errors: &mut Errors) {
    let what = role.what();
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

/// Parses the receiver.
pub(crate) fn receiver(signature: &Signature, role: Role, errors: &mut Errors) -> Option<Receiver> {
    let what = role.what();
    let Some(receiver) = signature.receiver() else {
        match parameters(signature).next().filter(|_| signature.inputs.len() > 1) {
            Some(first) => errors.push(
                first,
                format_args!("{what} has a receiver: write `&mut self`, or `&self`, in place of `{}`", shown(first)),
            ),
            None => errors.push(&signature.ident, format_args!("{what} has a receiver: add `&mut self`, or `&self`")),
        }
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
        errors.push(receiver, format_args!("{what} borrows {}: write `&mut self`, or `&self`", role.owner()));
        return None;
    };
    let span = mutability.map_or(receiver.self_token.span, |token| token.span);
    Some(Receiver { is_mut: mutability.is_some(), span })
}

/// Returns the return type, if it is a future that an `async fn` would return implicitly.
pub(crate) fn returned_future(signature: &Signature) -> Option<&Type> {
    let ReturnType::Type(_, ty) = &signature.output else { return None };
    let is_future = match plain(ty) {
        Type::ImplTrait(_) => find_ident(ty.to_token_stream(), &|ident| ident == "Future").is_some(),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            ["BoxFuture", "LocalBoxFuture"].iter().any(|name| last.ident == name)
                || (last.ident == "Pin" && find_ident(ty.to_token_stream(), &|ident| ident == "Future").is_some())
        }),
        _ => false,
    };
    (is_future && signature.asyncness.is_none()).then_some(&**ty)
}
