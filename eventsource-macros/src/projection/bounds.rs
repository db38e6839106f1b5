//! Generates the `where` clauses of a projection.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Attribute, GenericParam};

use super::call;
use super::model::{Injected, Projection};
use crate::ctx::Ctx;

/// Generates the bounds, one for each lent type, and an alias for each lent type behind a `cfg`.
pub(super) fn lent(projection: &Projection, ctx: &Ctx<'_>) -> (TokenStream, Vec<TokenStream>) {
    let private = &ctx.private;
    let mut seen = Vec::new();
    let (mut aliases, mut bounds) = (TokenStream::new(), Vec::new());
    let (always, conditional): (Vec<_>, Vec<_>) = asked(projection).partition(|(cfgs, _)| cfgs.is_empty());
    for (cfgs, Injected { ty, .. }) in always.into_iter().chain(conditional) {
        let key = quote!(#(#cfgs)* #ty).to_string();
        if seen.contains(&key) || seen.contains(&quote!(#ty).to_string()) {
            continue;
        }
        seen.push(key);
        let Some(condition) = call::condition(cfgs) else {
            bounds.push(quote! { #ty: #private::Inject<__U> });
            continue;
        };
        // A `where` clause cannot contain a `cfg`.
        let alias = format_ident!("__Lent{}", seen.len());
        aliases.extend(quote! {
            #[cfg(#condition)]
            type #alias = #ty;
            #[cfg(not(#condition))]
            type #alias = #private::NotAsked;
        });
        bounds.push(quote! { #alias: #private::Inject<__U> });
    }
    (aliases, bounds)
}

/// Returns all lent types, each with the `cfg`s of its method.
fn asked(projection: &Projection) -> impl Iterator<Item = (&[Attribute], &Injected)> {
    projection.calls().flat_map(|call| call.lent().map(|injected| (&*call.cfgs, injected)))
}

/// Returns the predicates of the impl block. A projection that borrows is an error; its lifetimes are assumed to be
/// `'static`, so that no other error follows.
pub(super) fn predicates(projection: &Projection) -> Vec<TokenStream> {
    let given = projection.generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let assumed = projection.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Lifetime(parameter) => {
            let lifetime = &parameter.lifetime;
            Some(quote!(#lifetime: 'static))
        }
        _ => None,
    });
    given.map(|predicate| quote!(#predicate)).chain(assumed).collect()
}
