//! Parses the input of the derive.

use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Fields, LitStr, Variant};

use super::Enumeration;
use super::style::Style;
use crate::errors::Errors;
use crate::options::{Library, Options as _, options};

options! {
    /// The options of an enum.
    struct EnumOptions {
        rename_all: LitStr => "rename_all = \"snake_case\"",
        library: Library => "crate = my::reexport",
    }
}

options! {
    /// The options of a variant.
    struct VariantOptions {
        rename: LitStr => "rename = \"in-transit\"",
    }
}

/// Parses the enum that `input` declares, and reports its errors. Returns it also after an error, if it has variants
/// and no generics, so that no other error follows.
pub(super) fn parse(input: DeriveInput, errors: &mut Errors) -> Option<Enumeration> {
    let example = "#[column_type(rename_all = \"snake_case\")]";
    let options = EnumOptions::of_attributes(&input.attrs, "column_type", example, errors);
    let library = options.library.path(errors);
    let style = style(&options, errors);
    if !input.generics.params.is_empty() {
        errors.push(&input.generics.params, "a column holds values of one type, so its enum cannot be generic");
        return None;
    }
    let Data::Enum(data) = &input.data else {
        let message = "`ColumnType` is derived for an enum, whose variants are stored by their names; mark a field of \
                       another type with `#[read_model(json)]`, or implement `ColumnType` by hand";
        errors.push(&input.ident, message);
        return None;
    };
    if data.variants.is_empty() {
        errors.push(&input.ident, "this enum has no variant, so there is nothing to store: add one");
        return None;
    }
    let mut variants = Vec::new();
    for own in &data.variants {
        let name = variant(own, style, errors);
        if let Some((other, _)) = variants.iter().find(|(_, other)| *other == name) {
            errors.push(
                &own.ident,
                format_args!("`{other}` is stored as `{name}` already: give this variant another name"),
            );
        }
        variants.push((own.ident.clone(), name));
    }
    let has_fields = data.variants.iter().any(|own| !matches!(own.fields, Fields::Unit));
    (!has_fields).then_some(Enumeration { library, ident: input.ident, generics: input.generics, variants })
}

/// Returns the style of the names of all variants.
fn style(options: &EnumOptions, errors: &mut Errors) -> Style {
    let Some(literal) = options.rename_all.value(errors) else { return Style::AsWritten };
    Style::called(&literal.value()).unwrap_or_else(|| {
        errors.push(literal, format_args!("there is no such style of names: the styles are {}", Style::list()));
        Style::AsWritten
    })
}

/// Returns the stored name of one variant.
fn variant(own: &Variant, style: Style, errors: &mut Errors) -> String {
    if !matches!(own.fields, Fields::Unit) {
        let message = "a variant that is stored by its name has no fields: mark the field of the read model with \
                       `#[read_model(json)]` to store more than a name";
        errors.push(&own.fields, message);
    }
    let example = "#[column_type(rename = \"in-transit\")]";
    let options = VariantOptions::of_attributes(&own.attrs, "column_type", example, errors);
    let Some(literal) = options.rename.value(errors) else { return style.apply(&own.ident.unraw().to_string()) };
    check_name(literal, errors);
    literal.value()
}

fn check_name(literal: &LitStr, errors: &mut Errors) {
    if literal.value().trim().is_empty() || literal.value().contains(char::is_control) {
        errors.push(literal, "the stored name of a variant is one line of plain text, and not empty");
    }
}
