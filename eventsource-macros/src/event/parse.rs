//! Parses the input of the derive.

use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Field, Fields};

use super::model::Event;
use super::options::EventOptions;
use super::versions::{self, Versions};
use crate::borrows;
use crate::errors::Errors;
use crate::names;
use crate::options::{Options as _, has_unreadable};

/// Parses the event that `input` declares, and reports its errors.
pub(super) fn parse(input: DeriveInput, errors: &mut Errors) -> Event {
    check_shape(&input, errors);
    let example = "#[event(aggregate = \"Order\")]";
    let options = EventOptions::of_attributes(&input.attrs, "event", example, errors);
    let library = options.library.path(errors);
    let Versions { version, before, older } = versions::read(&input.ident, &options, errors);
    let name = match options.name.value(errors) {
        Some(literal) => names::checked(literal, errors),
        None => default_name(&input, options.name.is_given(), errors),
    };
    let aliases = aliases(&name, &options, errors);
    let aggregate = options.aggregate.value(errors).map(|literal| names::checked(literal, errors));
    if !options.aggregate.is_given() && !has_unreadable(&input.attrs, "event") {
        let message = "the aggregate that emits this event is missing: add `#[event(aggregate = \"…\")]`";
        errors.push(&input.ident, message);
    }
    Event {
        library,
        ident: input.ident,
        generics: input.generics,
        name,
        version,
        aliases,
        before,
        older,
        aggregate: aggregate.unwrap_or_default(),
        broken: !errors.is_empty(),
    }
}

/// Parses the names under which the event was stored before.
fn aliases(name: &str, options: &EventOptions, errors: &mut Errors) -> Vec<String> {
    let literals = options.aliases.entries(errors);
    if let (true, Some(span), true) = (literals.is_empty(), options.aliases.key(), errors.is_empty()) {
        errors.at(span, "`aliases` names nothing: name what the event was stored as before, or remove it");
    }
    let mut aliases: Vec<String> = Vec::new();
    for literal in literals {
        let alias = names::checked(literal, errors);
        if alias == name {
            errors.push(
                literal,
                format_args!("`{alias}` is the name of the event itself: an alias is a name that it had"),
            );
        } else if aliases.contains(&alias) {
            errors.push(literal, format_args!("`{alias}` is named twice: keep one of them"));
        }
        aliases.push(alias);
    }
    aliases
}

/// Returns the name of the struct as the stored name.
fn default_name(input: &DeriveInput, given: bool, errors: &mut Errors) -> String {
    let name = input.ident.unraw().to_string();
    if let (false, Err(message)) = (given, names::check(&name)) {
        errors.push(&input.ident, format_args!("{message}; give the event another one: `#[event(name = \"…\")]`"));
    }
    name
}

/// Checks that a field has no options and owns its data: an event from the log has nothing to borrow from.
fn check_field(field: &Field, input: &DeriveInput, errors: &mut Errors) {
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        let message = "the options of an event stand on the struct; what a field is called when it is stored is serde's: \
                       `#[serde(rename = \"…\")]`";
        errors.push(attribute, message);
    }
    borrows::check(field, input, "an event owns what it holds, since it is read back from the log", errors);
}

/// Checks that an event is a struct with named fields or no fields, without generics.
fn check_shape(input: &DeriveInput, errors: &mut Errors) {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => fields.named.iter().for_each(|field| check_field(field, input, errors)),
            Fields::Unit => {}
            Fields::Unnamed(fields) => {
                errors.push(fields, "an event names its fields, so that it can grow: write `{ field: Type }`");
            }
        },
        Data::Enum(data) => {
            let message = "an event is one fact: write one struct for each variant, each with `#[derive(DomainEvent)]`";
            errors.push(data.enum_token, message);
        }
        Data::Union(data) => errors.push(data.union_token, "an event cannot be a union: write a struct"),
    }
    if let Some(params) = borrows::unexplained_generics(input) {
        let message = "an event is stored under one name, so it cannot be generic: write one struct for each type, \
                       and own what it holds";
        errors.push(params, message);
    }
}
