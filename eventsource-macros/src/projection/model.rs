//! The model of a projection.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Generics, Ident, Type};

use crate::block::method::Receiver;

/// The model of a projection.
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
    /// Its truncate hook. There can be several behind exclusive `cfg`s.
    pub(super) hooks: Vec<Call>,
    /// The aggregates of which it handles or ignores every event.
    pub(super) exhaustive: Option<Exhaustive>,
    /// The read models that it owns.
    pub(super) read_models: Vec<Type>,
    /// Whether its handlers change only its own fields, so that a copy shares nothing with it.
    pub(super) owns_state: bool,
    /// Whether it has an error. Its traits are implemented nevertheless, so that no other error follows, but they do
    /// nothing.
    pub(super) broken: bool,
}

/// The aggregates of which a projection handles or ignores every event.
pub(super) struct Exhaustive {
    /// The aggregates.
    pub(super) aggregates: Vec<Type>,
    /// The events that it ignores.
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
    /// Outside the process, at least once.
    Effects,
    /// Outside the process, at most once.
    EffectsAtMostOnce,
    /// Unknown, which is an error. Generated code reports it, after it has checked that each `&T` parameter is a part
    /// of an event: otherwise the user meant a lent `&mut T`.
    Undecided,
}

impl ProjectionKind {
    /// Returns the variant of the runtime crate's `ProjectionKind`. An undecided kind is an error, and has any variant.
    pub(super) fn variant(self) -> Ident {
        let name = match self {
            Self::Transactional => "Transactional",
            Self::Memory | Self::Undecided => "Memory",
            Self::DurableMemory => "DurableMemory",
            Self::Effects => "Effects",
            Self::EffectsAtMostOnce => "EffectsAtMostOnce",
        };
        Ident::new(name, Span::call_site())
    }
}

/// A method that handles an event.
pub(super) struct Handler {
    /// The event's type, as written in `#[handles(…)]`.
    pub(super) event: Type,
    /// The type of the event's parameter.
    pub(super) event_parameter: Type,
    /// The method.
    pub(super) call: Call,
}

impl Handler {
    /// Whether its parameter is the payload, under the name in its attribute, so that it needs no typed view. Under
    /// another name it gets the view, which derefs to the payload.
    pub(super) fn takes_payload(&self) -> bool {
        let text = |ty: &Type| ty.to_token_stream().to_string();
        matches!(&self.event_parameter, Type::Reference(reference)
            if reference.mutability.is_none() && text(&reference.elem) == text(&self.event))
    }
}

/// A method of the user that generated code calls.
pub(super) struct Call {
    /// Its name.
    pub(super) method: Ident,
    /// Its `cfg` attributes, which apply to everything that is generated from it.
    pub(super) cfgs: Vec<Attribute>,
    /// Its documentation.
    pub(super) docs: Vec<Attribute>,
    /// Whether it is async.
    pub(super) is_async: bool,
    /// How it takes `self`.
    pub(super) receiver: Receiver,
    /// The parameters after the event, in order.
    pub(super) injected: Vec<Injected>,
    /// The place of its return type, or of its name if it has none.
    pub(super) output: Span,
}

/// A parameter that the runtime fills.
pub(super) struct Injected {
    /// The type behind the reference.
    pub(super) ty: Type,
    /// The parameter's type, with its reference.
    pub(super) parameter: Type,
    /// Whether it is `&mut`, lent by the unit of work; otherwise it is a part of the event.
    pub(super) is_lent: bool,
}

impl Call {
    /// Returns the lent parameters.
    pub(super) fn lent(&self) -> impl Iterator<Item = &Injected> {
        self.injected.iter().filter(|injected| injected.is_lent)
    }

    /// Returns the parameters that are parts of the event.
    pub(super) fn read_off(&self) -> impl Iterator<Item = &Injected> {
        self.injected.iter().filter(|injected| !injected.is_lent)
    }

    /// Whether its call can wait: it is async, or has a lent parameter.
    pub(super) fn waits(&self) -> bool {
        self.is_async || self.lent().next().is_some()
    }
}

impl Projection {
    /// Returns all methods that generated code calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Call> {
        self.handlers.iter().map(|handler| &handler.call).chain(&self.hooks)
    }
}
