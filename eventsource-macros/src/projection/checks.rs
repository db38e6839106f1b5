//! Generates the checks that need the types: no event is handled twice, and none is forgotten.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::kind::UNDECIDED;
use super::model::{Exhaustive, Injected, Projection, ProjectionKind};
use super::read_models;
use crate::block::scope::Scope;
use crate::ctx::Ctx;
use crate::route::route_name;
use crate::spans::ends;
use crate::text::shown;
use crate::types::{only_argument, plain};

/// Generates the check that no event is handled twice, also behind an alias, at the last event.
pub(super) fn distinct(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let last = projection.handlers.iter().skip(1).last()?;
    let (span, private) = ctx.at(&last.event);
    Some(quote_spanned! {span=> const _: () = #private::assert_distinct(__EVENTS); })
}

/// Generates the error of a projection without a kind, at its type. If a handler takes a `&T` that is not a part of an
/// event, the compiler reports only that.
pub(super) fn undecided(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let read_off = projection.calls().flat_map(|call| call.read_off()).map(|Injected { ty, .. }| {
        let (span, private) = ctx.at(ty);
        quote_spanned!(span=> #private::read_off::<#ty>())
    });
    let (span, private) = ctx.at(&projection.ty);
    (projection.kind == ProjectionKind::Undecided).then(|| {
        quote_spanned! {span=> const _: () = #private::refuse_undecided(&[#(#read_off),*], #UNDECIDED); }
    })
}

/// Generates the checks of lent types, one for each type, at its first use: no pool, and no repository of a type that
/// is not a read model.
pub(super) fn lendable(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let scope = Scope::of(ctx.generics);
    let mut seen = Vec::new();
    let checks = projection.calls().flat_map(|call| call.lent().map(move |injected| (call, injected)));
    let checks = checks.filter_map(|(call, Injected { ty, parameter, .. })| {
        let (cfgs, parameter) = (&call.cfgs, shown(parameter));
        let key = quote!(#(#cfgs)* #ty).to_string();
        if scope.used_in(ty).is_some() || seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let (span, private) = ctx.at(ty);
        match row(ty) {
            // The read models that the projection owns are checked elsewhere.
            Some(row) if projection.read_models.iter().any(|own| shown(own) == shown(row)) => None,
            Some(row) => Some(read_models::asked_for(cfgs, row, ctx)),
            None => Some(quote_spanned! {span=>
                #(#cfgs)*
                #private::assert_no_pool(<#private::Probe<#ty>>::POOL_OF, #parameter);
            }),
        }
    });
    let checks: Vec<_> = checks.collect();
    (!checks.is_empty()).then(|| quote! { const _: () = { #(#checks)* }; })
}

/// Returns the row in `Repository<Row>`, by its name.
fn row(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = plain(ty) else { return None };
    only_argument(path.path.segments.last().filter(|last| last.ident == "Repository")?)
}

/// Generates the checks of `exhaustive` and `ignores`, each at its place.
pub(super) fn exhaustive(projection: &Projection, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let Exhaustive { aggregates, ignores } = projection.exhaustive.as_ref()?;
    let declared = aggregates.iter().map(|aggregate| {
        let (span, private) = ctx.at(aggregate);
        quote_spanned!(span=> #private::declared_by::<#aggregate>())
    });
    let ignored = ignores.iter().map(|event| {
        let (span, private) = ctx.at(event);
        quote_spanned!(span=> #private::route::<#event>().descriptor())
    });
    let names = list(aggregates);
    let handled = projection.handlers.iter().enumerate().map(|(at, handler)| {
        let (cfgs, route) = (&handler.call.cfgs, route_name(at));
        let (span, private) = ctx.at(&handler.event);
        quote_spanned! {span=>
            #(#cfgs)*
            const _: () = #private::assert_declared(#route.descriptor(), __DECLARED, #names);
        }
    });
    let ignorable = ignores.iter().enumerate().map(|(at, event)| {
        let (span, private) = ctx.at(event);
        quote_spanned! {span=>
            const _: () = #private::assert_ignorable(#at, __IGNORED, __EVENTS, __DECLARED, #names);
        }
    });
    let name = shown(&projection.ty);
    let first = aggregates.first()?;
    let (first, _) = ends(first);
    let private = ctx.private_at(first);
    let complete = quote_spanned! {first=>
        const _: () = #private::assert_exhaustive(#name, #names, __DECLARED, __EVENTS, __IGNORED);
    };
    let private = &ctx.private;
    Some(quote! {
        const __DECLARED: &[&[&#private::EventDescriptor]] = &[#(#declared),*];
        const __IGNORED: &[&#private::EventDescriptor] = &[#(#ignored),*];
        #(#handled)*
        #(#ignorable)*
        #complete
    })
}

/// Lists the types for a message.
fn list(types: &[Type]) -> String {
    types.iter().map(|ty| format!("`{}`", shown(ty))).collect::<Vec<_>>().join(" and ")
}
