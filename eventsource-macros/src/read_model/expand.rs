//! From the read model to its trait and its columns.
//!
//! Each field has a constant, which is the only place that asks whether its type can be stored, so that an answer of
//! "no" is one error.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use super::model::{Field, Model};
use crate::anonymous;
use crate::borrows::without_rc;
use crate::spans::{located, moved};

/// The items that the derive adds.
pub(super) fn expand(model: &Model) -> TokenStream {
    let Model { ident, table, fields, id, .. } = model;
    let private = anonymous::private();
    let stored = if model.unfit { &[] } else { &**fields };
    let constants = stored.iter().enumerate().map(|(at, field)| constant(at, field, &private));
    let defs = stored.iter().enumerate().map(|(at, field)| {
        let (name, indexed) = (name(at), field.is_indexed);
        quote! { #name.column(#indexed) }
    });
    let id_type = &fields[*id].ty;
    let id_type = if without_rc(id_type).is_some() { quote!(#private::u64) } else { quote!(#id_type) };
    let columns = columns(model, &private);
    // A predicate that is false is no error where a lifetime is bound to it.
    let assumed = model.unfit.then(|| quote! { where for<'__any> Self: #private::ThreadSafe });
    let (to_values, from_values) = if model.unfit { never(&private) } else { values(fields, &private) };
    let items = quote! {
        #(#constants)*
        #[automatically_derived]
        impl #private::ReadModel for #ident #assumed {
            type Id = #id_type;

            const TABLE: &'static #private::Table = &#private::Table::new(#table, &[#(#defs),*], #id);

            fn to_values(&self) -> #private::Result<#private::Vec<#private::Value>, #private::InvalidField> {
                #to_values
            }

            fn from_values(
                __values: #private::Vec<#private::Value>,
            ) -> #private::Result<Self, #private::InvalidField> {
                #from_values
            }
        }
        #columns
    };
    anonymous::wrap(&model.library, items)
}

/// How a row becomes values, and values a row.
fn values(fields: &[Field], private: &TokenStream) -> (TokenStream, TokenStream) {
    let to = fields.iter().enumerate().map(|(at, Field { ident, .. })| {
        let name = name(at);
        quote! { __values.push(#name.to_value(&self.#ident)?); }
    });
    let from = fields.iter().enumerate().map(|(at, Field { ident, .. })| {
        let name = name(at);
        quote! { #ident: #name.from_next(&mut __values)? }
    });
    let count = fields.len();
    let to = quote! {
        let mut __values = #private::Vec::with_capacity(#count);
        #(#to)*
        #private::Result::Ok(__values)
    };
    let from = quote! {
        let mut __values = ::core::iter::IntoIterator::into_iter(__values);
        #private::Result::Ok(Self { #(#from),* })
    };
    (to, from)
}

/// The same for a row with a mistake.
fn never(private: &TokenStream) -> (TokenStream, TokenStream) {
    (quote!(#private::never()), quote!(#private::never()))
}

/// The name of the constant of the field `at`.
fn name(at: usize) -> Ident {
    format_ident!("__FIELD_{at}")
}

/// The constant of a field, at its type.
fn constant(at: usize, field: &Field, private: &TokenStream) -> TokenStream {
    let (ty, column, name) = (&field.ty, &field.column, name(at));
    let rust_name = field.ident.unraw().to_string();
    let span = located(ty.span());
    let private = moved(private, span);
    let make = match (field.is_id, field.is_json) {
        (true, _) => quote_spanned!(span=> id_field),
        (_, true) => quote_spanned!(span=> json_field),
        _ => quote_spanned!(span=> field),
    };
    quote_spanned! {span=>
        const #name: #private::Field<#ty> = #private::#make::<#ty>(#column, #rust_name);
    }
}

/// The columns as constants of the type, for queries: those of its fields, and the framework's.
fn columns(model: &Model, private: &TokenStream) -> TokenStream {
    let Model { ident, visibility, fields, .. } = model;
    let own_names: Vec<_> = fields.iter().map(Field::constant).collect();
    // Two of one name are an error already.
    let distinct = fields.iter().enumerate().filter(|(at, _)| !own_names[..*at].contains(&own_names[*at]));
    let own = distinct.map(|(at, field)| {
        let (ty, column) = (&field.ty, &field.column);
        let ty = if field.is_json { quote!(#private::Json<#ty>) } else { quote!(#ty) };
        let name = format_ident!("{}", own_names[at], span = located(field.ident.span()));
        let doc = format!("The column `{column}`.");
        quote! {
            #[doc = #doc]
            #visibility const #name: #private::Column<Self, #ty> = #private::Column::new(#at);
        }
    });
    let (integer, time) = (quote!(#private::u64), quote!(#private::DateTime<#private::Utc>));
    let optional = quote!(::core::option::Option<#time>);
    let framework = [("VERSION", &integer), ("CREATED_AT", &time), ("UPDATED_AT", &time), ("DELETED_AT", &optional)];
    // A field of that name comes before.
    let framework = framework.into_iter().enumerate().filter(|(_, (name, _))| !own_names.iter().any(|own| own == name));
    let framework = framework.map(|(at, (name, ty))| {
        let (name, at) = (format_ident!("{name}"), fields.len() + at);
        let doc = format!("The column `{}`, kept by the framework.", name.to_string().to_lowercase());
        quote! {
            #[doc = #doc]
            #visibility const #name: #private::Column<Self, #ty> = #private::Column::new(#at);
        }
    });
    quote! {
        #[automatically_derived]
        #[allow(dead_code)]
        impl #ident {
            #(#own)*
            #(#framework)*
        }
    }
}
