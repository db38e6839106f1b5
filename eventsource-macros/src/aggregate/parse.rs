//! Parses the impl block of an aggregate.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Attribute, LitStr, ReturnType, Signature, Type};

use super::model::{Aggregate, Applier};
use crate::block::marker::{Marker, Outer, take};
use crate::block::method::{Context, check_qualifiers, event, one_event, receiver};
use crate::block::parameter::{self, parameters};
use crate::block::role::Role;
use crate::block::scope::Scope;
use crate::block::{Block, ItemKind, twice};
use crate::errors::Errors;
use crate::names;
use crate::options::{Library, Options as _, options};
use crate::text::shown;
use crate::types::plain;

options! {
    /// The options of `#[aggregate]`.
    struct AggregateOptions {
        name: LitStr => "name = \"Order\"",
        library: Library => "crate = my::reexport",
    }
}

/// Parses `block`, removes its marks, and reports its errors. Returns `None` if there is no type to implement the
/// traits for.
pub(super) fn parse(tokens: TokenStream, block: &mut Block, errors: &mut Errors) -> Option<Aggregate> {
    let options = AggregateOptions::parse(tokens, errors);
    let library = options.library.path(errors);
    if let Some((path, _)) = &block.signature.trait_ {
        let message =
            "`#[aggregate]` goes on an inherent impl block, `impl MyType { … }`: it implements the traits itself";
        errors.push(path, message);
        block.items.iter_mut().for_each(|item| drop(take(item, Outer::Aggregate, &mut Errors::default())));
        return None;
    }
    let generics = block.signature.generics.clone();
    for parameter in generics.lifetimes() {
        let message = "an aggregate owns its state: it is made from its events, which are gone when they are applied";
        errors.push(parameter, message);
    }
    let scope = Scope::of(&generics);
    let mut appliers = Vec::new();
    for item in &mut block.items {
        let marks = take(item, Outer::Aggregate, errors);
        let mut context = Context { scope: &scope, attributes: &item.attributes, errors };
        appliers.extend(read(&item.kind, &marks, &mut context));
    }
    let ty = *block.signature.self_ty.clone();
    if appliers.is_empty() && errors.is_empty() {
        errors.push(&ty, "this aggregate applies no event: mark its methods with `#[applies(SomeEvent)]`");
    }
    let each = appliers.iter().map(|Applier { event, method, cfgs, .. }| twice::Method { event, name: method, cfgs });
    twice::check(each, Role::Applier, errors);
    let name = name(&ty, &options, errors)?;
    Some(Aggregate { library, ty, generics, name, appliers, broken: !errors.is_empty() })
}

/// Parses one item of the impl block.
fn read(kind: &ItemKind, marks: &[(Marker, Attribute)], context: &mut Context<'_>) -> Option<Applier> {
    match (kind, marks) {
        (ItemKind::MacroCall(call), _) => {
            let message = "`#[aggregate]` does not see into a macro call, so what is marked in it would not be applied: \
                           move the call to an impl block of its own";
            context.errors.push(call, message);
            None
        }
        (_, []) => None,
        (ItemKind::Unreadable(_, error), _) => {
            context.errors.add(error.clone());
            None
        }
        (ItemKind::Other(_), [(marker, mark), ..]) => {
            context.errors.push(mark, format_args!("`#[{}]` goes on a method", marker.name()));
            None
        }
        (ItemKind::Method(method), [(marker, mark), more @ ..]) => {
            for (_, mark) in more {
                context.errors.push(mark, one_event(*marker));
            }
            applier(mark, &method.signature, context)
        }
    }
}

/// Parses a method with the mark `mark`.
fn applier(mark: &Attribute, signature: &Signature, context: &mut Context<'_>) -> Option<Applier> {
    let event = event(mark, Marker::Applies, context);
    let name = event.as_ref().map_or_else(|| "SomeEvent".to_owned(), shown);
    check_qualifiers(signature, Role::Applier, context.errors);
    let receiver = receiver(signature, Role::Applier, context.errors);
    check_result(signature, context.errors);
    // Without a receiver, errors of the parameters are not reported.
    signature.receiver()?;
    let mut parameters = parameters(signature);
    let parameter = match parameters.next() {
        Some(first) => parameter::event(first, event.as_ref(), Role::Applier, context.errors),
        None => {
            let message = format_args!("an `applies` method takes its event: add `event: &{name}`");
            context.errors.push(&signature.ident, message);
            None
        }
    };
    for more in parameters {
        let message = "an aggregate applies an event by the event alone, so that every replay gives the same state: \
                       leave this out";
        context.errors.push(more, message);
    }
    receiver?;
    Some(Applier {
        event: event?,
        parameter: parameter?,
        method: signature.ident.clone(),
        cfgs: context.with_path("cfg"),
    })
}

/// Reports `async` and a result: an event cannot be waited for or refused.
fn check_result(signature: &Signature, errors: &mut Errors) {
    if let Some(token) = &signature.asyncness {
        errors.push(token, "an aggregate applies an event at once, and waits for nothing: remove `async`");
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && !matches!(plain(ty), Type::Tuple(tuple) if tuple.elems.is_empty())
    {
        // A fold returns `Self`.
        let message = if matches!(plain(ty), Type::Path(path) if path.path.is_ident("Self")) {
            "an `applies` method changes the state where it is, through `&mut self`: let it return nothing"
        } else {
            "what happened cannot be refused any more, so an `applies` method returns nothing: refuse in the method that \
             decides, before the event is recorded"
        };
        errors.push(ty, message);
    }
}

/// Returns the stored name: the option, or the name of the type.
fn name(ty: &Type, options: &AggregateOptions, errors: &mut Errors) -> Option<String> {
    let Type::Path(path) = plain(ty) else {
        errors.push(ty, "`#[aggregate]` goes on the impl block of a struct or an enum");
        return None;
    };
    if let Some(literal) = options.name.value(errors) {
        return Some(names::checked(literal, errors));
    }
    let last = path.path.segments.last()?;
    let name = last.ident.unraw().to_string();
    if let (false, Err(message)) = (options.name.is_given(), names::check(&name)) {
        errors.push(last, format_args!("{message}; give the aggregate another one: `#[aggregate(name = \"…\")]`"));
    }
    Some(name)
}
