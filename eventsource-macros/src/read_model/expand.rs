//! Generates the trait and the columns of a read model.
//!
//! Each field has a constant, the only place that requires its type to be storable. So a type that is not causes one
//! error.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::model::{Field, Model};
use crate::borrows::without_rc;
use crate::ctx::Ctx;
use crate::spans::located;

/// Generates the items of the derive.
pub(super) fn expand(model: &Model) -> TokenStream {
    let Model { ident, table, fields, id, .. } = model;
    let ctx = Ctx::new(&model.library, &model.generics);
    let private = &ctx.private;
    let stored = if model.unfit { &[] } else { &**fields };
    let constants = stored.iter().enumerate().map(|(at, field)| constant(at, field, &ctx));
    let defs = stored.iter().enumerate().map(|(at, field)| {
        let (name, indexed) = (name(at), field.is_indexed);
        quote! { #name.column(#indexed) }
    });
    let id_type = &fields[*id].ty;
    let id_type = if without_rc(id_type).is_some() { quote!(#private::u64) } else { quote!(#id_type) };
    let columns = columns(model, &ctx);
    // With a lifetime, a false predicate is not an error.
    let assumed = model.unfit.then(|| quote! { where for<'__any> Self: #private::ThreadSafe });
    let (to_values, from_values) = if model.unfit { never(&ctx) } else { values(fields, &ctx) };
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
    ctx.wrap(items)
}

/// Generates the conversions between a row and values.
fn values(fields: &[Field], ctx: &Ctx<'_>) -> (TokenStream, TokenStream) {
    let private = &ctx.private;
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

/// Generates the conversions of a row with an error.
fn never(ctx: &Ctx<'_>) -> (TokenStream, TokenStream) {
    let private = &ctx.private;
    (quote!(#private::never()), quote!(#private::never()))
}

/// Returns the name of the constant of the field `at`.
fn name(at: usize) -> Ident {
    format_ident!("__FIELD_{at}")
}

/// Generates the constant of a field, located at its type.
fn constant(at: usize, field: &Field, ctx: &Ctx<'_>) -> TokenStream {
    let (ty, column, name) = (&field.ty, &field.column, name(at));
    let rust_name = field.ident.unraw().to_string();
    let (span, private) = ctx.at(ty);
    let make = match (field.is_id, field.is_json) {
        (true, _) => quote_spanned!(span=> id_field),
        (_, true) => quote_spanned!(span=> json_field),
        _ => quote_spanned!(span=> field),
    };
    quote_spanned! {span=>
        const #name: #private::Field<#ty> = #private::#make::<#ty>(#column, #rust_name);
    }
}

/// Generates the constants of the columns, for queries: those of the fields, and those of every table.
fn columns(model: &Model, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Model { ident, visibility, fields, .. } = model;
    let own_names: Vec<_> = fields.iter().map(Field::constant).collect();
    // Two constants with one name are reported elsewhere.
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
    // A field with that name takes precedence.
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
