//! Parses the input of the derive.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataStruct, DeriveInput, Fields, LitStr, Meta};

use super::identifier;
use super::model::{Field, Model};
use crate::borrows::{self, owned, without_rc};
use crate::errors::Errors;
use crate::options::{Options, Spec};

const OPTIONS: &[Spec] = &[
    Spec { key: "table", example: Some("table = \"orders\"") },
    Spec { key: "crate", example: Some("crate = my::reexport") },
];

const FIELD_OPTIONS: &[Spec] = &[
    Spec { key: "id", example: None },
    Spec { key: "column", example: Some("column = \"customer\"") },
    Spec { key: "index", example: None },
    Spec { key: "json", example: None },
];

/// Parses the read model that `input` declares, and reports its errors. Returns it also after an error, if it has
/// fields and no generics, so that no other error follows.
pub(super) fn parse(input: DeriveInput, errors: &mut Errors) -> Option<Model> {
    let options = options(&input.attrs, OPTIONS, "#[read_model(table = \"orders\")]", errors);
    let library = options.library(errors);
    let table = table(&input, &options, errors);
    check_generics(&input, errors);
    let fields = fields(&input, errors).unwrap_or_default();
    check_columns(&fields, &table, errors);
    let id = id(&input, &fields, errors);
    let fields: Vec<_> = fields.into_iter().map(|(field, _)| field).collect();
    let unfit = fields.iter().any(|field| owned(&field.ty).is_some() || without_rc(&field.ty).is_some());
    let model = Model { unfit, library, ident: input.ident, visibility: input.vis, table, fields, id };
    (!model.fields.is_empty() && input.generics.params.is_empty()).then_some(model)
}

fn options(attributes: &[Attribute], valid: &'static [Spec], example: &str, errors: &mut Errors) -> Options {
    let mut options = Options::new(valid);
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("read_model")) {
        match &attribute.meta {
            Meta::List(list) => options.read(list.tokens.clone(), errors),
            other => errors.push(other, format_args!("the options stand in parentheses: `{example}`")),
        }
    }
    options
}

/// Returns the name of the table: the option, or the name of the struct.
fn table(input: &DeriveInput, options: &Options, errors: &mut Errors) -> String {
    match options.text("table", errors) {
        Some(literal) => {
            let name = literal.value();
            if let Err(message) = identifier::check_table(&name) {
                errors.push(literal, message);
            }
            name
        }
        None => {
            let name = identifier::snake_case(&input.ident.unraw().to_string());
            if let (None, Err(message)) = (options.span("table"), identifier::check_table(&name)) {
                let message = format_args!("{message}; name the table: `#[read_model(table = \"…\")]`");
                errors.push(&input.ident, message);
            }
            name
        }
    }
}

fn check_generics(input: &DeriveInput, errors: &mut Errors) {
    if let Some(params) = borrows::unexplained_generics(input) {
        let message = "a read model has one table, so it cannot be generic: write one struct for each type, and own \
                       what it holds";
        errors.push(params, message);
    }
}

/// Parses the fields, each with the literal that names its column. Reports a type that is not a struct with named
/// fields.
fn fields(input: &DeriveInput, errors: &mut Errors) -> Option<Vec<(Field, Option<LitStr>)>> {
    match &input.data {
        Data::Struct(DataStruct { fields: Fields::Named(named), .. }) => {
            Some(named.named.iter().filter_map(|own| field(own, input, errors)).collect())
        }
        Data::Struct(DataStruct { fields: Fields::Unnamed(fields), .. }) => {
            errors.push(fields, "the fields of a read model are columns and have names: write `{ field: Type }`");
            None
        }
        Data::Struct(_) => {
            errors.push(&input.ident, "a read model has fields, at least its id");
            None
        }
        Data::Enum(data) => {
            errors.push(data.enum_token, "a read model is a row: write a struct with a field for each column");
            None
        }
        Data::Union(data) => {
            errors.push(data.union_token, "a read model cannot be a union: write a struct");
            None
        }
    }
}

fn field(field: &syn::Field, input: &DeriveInput, errors: &mut Errors) -> Option<(Field, Option<LitStr>)> {
    let ident = field.ident.clone()?;
    borrows::check(field, input, "a row owns what it holds, since it is read back from its table", errors);
    if let Some(owned) = without_rc(&field.ty) {
        let message = format_args!("a row moves between threads, and an `Rc` does not: write `{owned}`");
        errors.push(&field.ty, message);
    }
    let options = options(&field.attrs, FIELD_OPTIONS, "#[read_model(id)]", errors);
    let literal = options.text("column", errors);
    let column = literal.as_ref().map_or_else(|| ident.unraw().to_string(), LitStr::value);
    if let Err(message) = identifier::check_column(&column) {
        match &literal {
            Some(literal) => errors.push(literal, message),
            None if message.contains("column = ") => errors.push(&ident, message),
            None => errors.push(&ident, format_args!("{message}; name it: `#[read_model(column = \"…\")]`")),
        }
    }
    if let (Some(span), Some(_)) = (options.span("json"), options.span("id")) {
        errors.at(span, "an id is a UUID, an integer or a text, and not stored as JSON");
    }
    if let (Some(span), Some(_)) = (options.span("json"), options.span("index")) {
        errors.at(span, "a column with JSON has no index: give what is searched a column of its own");
    }
    if let (Some(span), Some(_)) = (options.span("index"), options.span("id")) {
        errors.at(span, "an id has an index already: remove `index`");
    }
    let field = Field {
        ident,
        ty: field.ty.clone(),
        column,
        is_id: options.span("id").is_some(),
        is_indexed: options.span("index").is_some(),
        is_json: options.span("json").is_some(),
    };
    Some((field, literal))
}

/// Checks that no two columns have the same name, and that no index has a name that is too long.
fn check_columns(fields: &[(Field, Option<LitStr>)], table: &str, errors: &mut Errors) {
    for (at, (field, literal)) in fields.iter().enumerate() {
        let token = literal.as_ref().map_or_else(|| field.ident.to_token_stream(), ToTokens::to_token_stream);
        let same = |(other, _): &&(Field, _)| other.column.eq_ignore_ascii_case(&field.column);
        if let Some((other, _)) = fields[..at].iter().find(same) {
            errors.push(&token, format_args!("`{}` is the column `{}` already", other.ident, other.column));
        } else if let Some((other, _)) = fields[..at].iter().find(|(other, _)| other.constant() == field.constant()) {
            let message = format_args!(
                "queries would know this column and that of `{}` by the same constant, `{}`: rename the field",
                other.ident,
                field.constant()
            );
            errors.push(&field.ident, message);
        }
        let length = table.len() + field.column.len() + "__idx".len();
        if field.is_indexed && length > 63 {
            let message = format_args!(
                "the index `{table}_{}_idx` would have a name of {length} characters, of at most 63: shorten the name \
                 of the table or of the column",
                field.column
            );
            errors.push(&token, message);
        }
    }
}

/// Returns the index of the id. Reports a missing or a second id.
fn id(input: &DeriveInput, fields: &[(Field, Option<LitStr>)], errors: &mut Errors) -> usize {
    let mut ids = fields.iter().enumerate().filter(|(_, (field, _))| field.is_id);
    let first = ids.next();
    for (_, (field, _)) in ids {
        errors.push(&field.ident, "a read model has one id, and another field is it already");
    }
    if let Some((at, _)) = first {
        return at;
    }
    // An attribute that cannot be parsed may have been the id.
    let unread = |field: &syn::Field| {
        field.attrs.iter().any(|own| own.path().is_ident("read_model") && !matches!(own.meta, Meta::List(_)))
    };
    let readable = !matches!(&input.data, Data::Struct(data) if data.fields.iter().any(unread));
    if !fields.is_empty() && readable {
        match fields.iter().find(|(field, _)| field.ident == "id") {
            Some((field, _)) => errors.push(&field.ident, "mark this field as the id: `#[read_model(id)]`"),
            None => errors.push(&input.ident, "the id is missing: mark the field that is it with `#[read_model(id)]`"),
        }
    }
    0
}
