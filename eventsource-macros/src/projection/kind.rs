//! Decides the kind of a projection by its options and the parameters of its methods.

use syn::Type;

use super::model::{Call, Handler, Injected, ProjectionKind};
use super::options::ProjectionOptions;
use crate::block::parameter::{READ_OFF, last};
use crate::errors::Errors;
use crate::text::shown;

/// Returns the kind of the projection, and reports parameters and options that contradict it.
pub(super) fn decide(
    ty: &Type,
    handlers: &[Handler],
    hooks: &[Call],
    options: &ProjectionOptions,
    errors: &mut Errors,
) -> ProjectionKind {
    let calls = || handlers.iter().map(|handler| &handler.call).chain(hooks);
    let (memory, effects) = (options.memory.key(), options.effects.key());
    let snapshot = options.snapshot.key();
    let at_most_once = options.at_most_once.key();
    if let (Some(span), None) = (at_most_once, effects) {
        errors.at(
            span,
            "`at_most_once` is about effects outside the process: write `effects, at_most_once`, or remove it",
        );
    }
    let mut lent = calls().flat_map(|call| call.lent().map(move |injected| (call, injected))).peekable();
    if let (Some(_), Some(span)) = (memory, effects) {
        errors.at(span, "a projection is `memory` or `effects`, not both: keep the one that says where its effects go");
        return ProjectionKind::Effects;
    }
    if let (Some(span), true) = (snapshot, effects.is_some()) {
        let message = "a projection with `effects` has no state of its own to keep: remove `snapshot`, or remove `effects` \
                       where its effects go into its own fields";
        errors.at(span, message);
        return ProjectionKind::Effects;
    }
    if let (Some(_), Some(span)) = (snapshot, memory) {
        errors.at(span, "`snapshot` says already that the effects go into memory, which is stored: remove `memory`");
        return ProjectionKind::DurableMemory;
    }
    let words = [
        snapshot.map(|_| (ProjectionKind::DurableMemory, "snapshot")),
        memory.map(|_| (ProjectionKind::Memory, "memory")),
        effects
            .map(|_| (at_most_once.map_or(ProjectionKind::Effects, |_| ProjectionKind::EffectsAtMostOnce), "effects")),
    ];
    if let Some((kind, word)) = words.into_iter().flatten().next() {
        for (_, injected) in lent {
            refuse_lent(injected, word, errors);
        }
        if let Some(span) = options.read_models.key() {
            let message = format_args!(
                "a projection with `{word}` stands outside of the transaction and has no read models: keep one of the \
                 two options"
            );
            errors.at(span, message);
        }
        return kind;
    }
    if let Some(&(call, injected)) = lent.peek() {
        let reason = format!("`{}` asks for `{}`", call.method, shown(&injected.parameter));
        refuse_mut_self(calls(), &reason, errors);
        return ProjectionKind::Transactional;
    }
    if options.read_models.is_given() {
        refuse_mut_self(calls(), "`read_models` stand in the transaction", errors);
        return ProjectionKind::Transactional;
    }
    let asks_nothing = handlers.iter().all(|handler| !handler.call.receiver.is_mut);
    if asks_nothing && errors.is_empty() && !handlers.is_empty() {
        let mut read_off = handlers.iter().flat_map(|handler| handler.call.read_off());
        if read_off.any(|injected| !READ_OFF.contains(&last(&shown(&injected.ty)))) {
            return ProjectionKind::Undecided;
        }
        errors.push(ty, UNDECIDED);
    }
    ProjectionKind::Memory
}

/// The error of a projection without a kind.
pub(super) const UNDECIDED: &str = "every handler of this projection takes `&self` and asks the unit of work for nothing, so it does not say where its \
     effects go: write `#[projection(memory)]` where they go into its own state behind a lock, which a new process builds \
     again from the log, or `#[projection(effects)]` where they go into the outside world, at least once";

/// Reports a lent parameter of a projection with `memory`, `snapshot` or `effects`.
fn refuse_lent(injected: &Injected, word: &str, errors: &mut Errors) {
    let message = format_args!(
        "a projection with `{word}` stands outside of the transaction and cannot ask for `{}`: remove the parameter, \
         or the option `{word}` where this is all that the projection writes to",
        shown(&injected.parameter)
    );
    errors.push(&injected.parameter, message);
}

/// Reports `&mut self` in a transactional projection: fields are not rolled back.
fn refuse_mut_self<'a>(calls: impl Iterator<Item = &'a Call>, reason: &str, errors: &mut Errors) {
    for call in calls.filter(|call| call.receiver.is_mut) {
        let message = format_args!(
            "{reason}, so this projection is transactional and its methods take `&self`: a transaction is rolled back, a \
             changed field is not"
        );
        errors.at(call.receiver.span, message);
    }
}
