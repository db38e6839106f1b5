//! What `#[projection]` knows of a projection.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Generics, Ident, Type};

use crate::block::method::Receiver;

/// What `#[projection]` knows of a projection.
pub(super) struct Projection {
    /// The path to the runtime crate.
    pub(super) library: TokenStream,
    /// The type.
    pub(super) ty: Type,
    /// The generics of its impl block.
    pub(super) generics: Generics,
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: u32,
    /// Its kind.
    pub(super) kind: ProjectionKind,
    /// Its handlers, as written.
    pub(super) handlers: Vec<Handler>,
    /// Its truncate hook, of which several stand behind `cfg`s that exclude each other.
    pub(super) hooks: Vec<Call>,
    /// Of which aggregates it decides about every event, where it does.
    pub(super) exhaustive: Option<Exhaustive>,
    /// The read models that it owns: a reset empties them.
    pub(super) read_models: Vec<Type>,
    /// Whether its handlers change its own fields, so that a copy of it shares nothing with it.
    pub(super) owns_state: bool,
    /// Whether something is wrong with it: its traits are implemented all the same, so that the mistake is the only
    /// error, but they do nothing.
    pub(super) broken: bool,
}

/// Of which aggregates a projection decides about every event.
pub(super) struct Exhaustive {
    /// The aggregates.
    pub(super) aggregates: Vec<Type>,
    /// The events that it leaves out.
    pub(super) ignores: Vec<Type>,
}

/// Where a projection's effects go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProjectionKind {
    /// Into what the unit of work lends.
    Transactional,
    /// Into its fields.
    Memory,
    /// Into its fields, which are stored.
    DurableMemory,
    /// Into the outside world.
    Effects,
    /// Not said. It is an error, which is told once each type that a handler asks for by `&` is known to be read off the
    /// event: one that is not was meant to be lent.
    Undecided,
}

/// A method that handles an event.
pub(super) struct Handler {
    /// The event's type, as it stands in `#[handles(…)]`.
    pub(super) event: Type,
    /// The type of the event's parameter.
    pub(super) event_parameter: Type,
    /// The method.
    pub(super) call: Call,
}

impl Handler {
    /// Whether it takes the payload, by the name that stands in its attribute, and so has no use of the typed view. By
    /// another name it is handed the view, which derefs to it.
    pub(super) fn takes_payload(&self) -> bool {
        let text = |ty: &Type| ty.to_token_stream().to_string();
        matches!(&self.event_parameter, Type::Reference(reference)
            if reference.mutability.is_none() && text(&reference.elem) == text(&self.event))
    }
}

/// A method of the user's that generated code calls.
pub(super) struct Call {
    /// Its name.
    pub(super) method: Ident,
    /// Its `cfg` attributes: they go to all that is generated from it.
    pub(super) cfgs: Vec<Attribute>,
    /// Its documentation.
    pub(super) docs: Vec<Attribute>,
    /// Whether it is async.
    pub(super) is_async: bool,
    /// How it takes `self`.
    pub(super) receiver: Receiver,
    /// What it asks for, in its order.
    pub(super) injected: Vec<Injected>,
    /// Where its return type stands, or its name where it has none.
    pub(super) output: Span,
}

/// A parameter that the runtime fills.
pub(super) struct Injected {
    /// The type behind the reference.
    pub(super) ty: Type,
    /// The parameter's type, with its reference.
    pub(super) parameter: Type,
    /// Whether it is `&mut`, and so lent by the unit of work; otherwise it is read off the event.
    pub(super) is_lent: bool,
}

impl Call {
    /// What it asks the unit of work for.
    pub(super) fn lent(&self) -> impl Iterator<Item = &Injected> {
        self.injected.iter().filter(|injected| injected.is_lent)
    }

    /// What it reads off the event.
    pub(super) fn read_off(&self) -> impl Iterator<Item = &Injected> {
        self.injected.iter().filter(|injected| !injected.is_lent)
    }

    /// Whether it may have to be waited for: it is async, or asks the unit of work for something.
    pub(super) fn waits(&self) -> bool {
        self.is_async || self.lent().next().is_some()
    }
}

impl Projection {
    /// All methods that generated code calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.handlers.iter().map(|handler| &handler.call).chain(&self.hooks)
    }
}
