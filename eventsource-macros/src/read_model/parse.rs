//! Parses the input of the derive.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Data, DataStruct, DeriveInput, Fields, LitStr};

use super::identifier;
use super::model::{Field, Model};
use crate::borrows::{self, owned, without_rc};
use crate::errors::Errors;
use crate::options::{Flag, Library, Options as _, has_unreadable, options};

options! {
    /// The options of a struct.
    struct TableOptions {
        table: LitStr => "table = \"orders\"",
        library: Library => "crate = my::reexport",
    }
}

options! {
    /// The options of a field.
    struct FieldOptions {
        id: Flag => "id",
        column: LitStr => "column = \"customer\"",
        index: Flag => "index",
        json: Flag => "json",
    }
}

/// Parses the read model that `input` declares, and reports its errors. Returns it also after an error, if it has
/// fields and no generics, so that no other error follows.
pub(super) fn parse(input: DeriveInput, errors: &mut Errors) -> Option<Model> {
    let example = "#[read_model(table = \"orders\")]";
    let options = TableOptions::of_attributes(&input.attrs, "read_model", example, errors);
    let library = options.library.path(errors);
    let table = table(&input, &options, errors);
    check_generics(&input, errors);
    let fields = fields(&input, errors).unwrap_or_default();
    check_columns(&fields, &table, errors);
    let id = id(&input, &fields, errors);
    let fields: Vec<_> = fields.into_iter().map(|(field, _)| field).collect();
    let unfit = fields.iter().any(|field| owned(&field.ty).is_some() || without_rc(&field.ty).is_some());
    (!fields.is_empty() && input.generics.params.is_empty()).then(|| Model {
        library,
        ident: input.ident,
        generics: input.generics,
        visibility: input.vis,
        table,
        fields,
        unfit,
        id,
    })
}

/// Returns the name of the table: the option, or the name of the struct.
fn table(input: &DeriveInput, options: &TableOptions, errors: &mut Errors) -> String {
    match options.table.value(errors) {
        Some(literal) => {
            let name = literal.value();
            if let Err(message) = identifier::check_table(&name) {
                errors.push(literal, message);
            }
            name
        }
        None => {
            let name = identifier::snake_case(&input.ident.unraw().to_string());
            if let (false, Err(message)) = (options.table.is_given(), identifier::check_table(&name)) {
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
    let options = FieldOptions::of_attributes(&field.attrs, "read_model", "#[read_model(id)]", errors);
    let literal = options.column.value(errors);
    let column = literal.map_or_else(|| ident.unraw().to_string(), LitStr::value);
    if let Err(message) = identifier::check_column(&column) {
        match literal {
            Some(literal) => errors.push(literal, message),
            None if message.contains("column = ") => errors.push(&ident, message),
            None => errors.push(&ident, format_args!("{message}; name it: `#[read_model(column = \"…\")]`")),
        }
    }
    if let (Some(span), Some(_)) = (options.json.key(), options.id.key()) {
        errors.at(span, "an id is a UUID, an integer or a text, and not stored as JSON");
    }
    if let (Some(span), Some(_)) = (options.json.key(), options.index.key()) {
        errors.at(span, "a column with JSON has no index: give what is searched a column of its own");
    }
    if let (Some(span), Some(_)) = (options.index.key(), options.id.key()) {
        errors.at(span, "an id has an index already: remove `index`");
    }
    let field = Field {
        ident,
        ty: field.ty.clone(),
        column,
        is_id: options.id.is_given(),
        is_indexed: options.index.is_given(),
        is_json: options.json.is_given(),
    };
    Some((field, literal.cloned()))
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
    let unreadable = |field: &syn::Field| has_unreadable(&field.attrs, "read_model");
    let readable = !matches!(&input.data, Data::Struct(data) if data.fields.iter().any(unreadable));
    if !fields.is_empty() && readable {
        match fields.iter().find(|(field, _)| field.ident == "id") {
            Some((field, _)) => errors.push(&field.ident, "mark this field as the id: `#[read_model(id)]`"),
            None => errors.push(&input.ident, "the id is missing: mark the field that is it with `#[read_model(id)]`"),
        }
    }
    0
}
