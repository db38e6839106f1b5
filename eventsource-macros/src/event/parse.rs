//! Parses the input of the derive.

use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Field, Fields, Meta};

use super::model::Event;
use super::versions;
use crate::borrows;
use crate::errors::Errors;
use crate::names;
use crate::options::{Options, Spec};

const OPTIONS: &[Spec] = &[
    Spec { key: "aggregate", example: Some("aggregate = \"Order\"") },
    Spec { key: "name", example: Some("name = \"order.placed\"") },
    Spec { key: "version", example: Some("version = 2") },
    Spec { key: "from", example: Some("from(OrderPlacedV1)") },
    Spec { key: "aliases", example: Some("aliases(\"OrderCreated\")") },
    Spec { key: "crate", example: Some("crate = my::reexport") },
];

/// Parses the event that `input` declares, and reports its errors.
pub(super) fn parse(input: DeriveInput, errors: &mut Errors) -> Event {
    check_shape(&input, errors);
    let mut options = Options::new(OPTIONS);
    let mut readable = true;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("event")) {
        match &attribute.meta {
            Meta::List(list) => options.read(list.tokens.clone(), errors),
            other => {
                errors.push(other, "the options stand in parentheses: `#[event(aggregate = \"Order\")]`");
                readable = false;
            }
        }
    }
    let library = options.library(errors);
    let (version, before, older) = versions::read(&input.ident, &options, errors);
    let name = match options.text("name", errors) {
        Some(literal) => names::checked(&literal, errors),
        None => default_name(&input, options.span("name").is_some(), errors),
    };
    let aliases = aliases(&name, &options, errors);
    let aggregate = options.text("aggregate", errors).map(|literal| names::checked(&literal, errors));
    if readable && options.span("aggregate").is_none() {
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
fn aliases(name: &str, options: &Options, errors: &mut Errors) -> Vec<String> {
    let literals = options.texts("aliases", errors);
    if let (true, Some(span), true) = (literals.is_empty(), options.span("aliases"), errors.is_empty()) {
        errors.at(span, "`aliases` names nothing: name what the event was stored as before, or remove it");
    }
    let mut aliases: Vec<String> = Vec::new();
    for literal in &literals {
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
