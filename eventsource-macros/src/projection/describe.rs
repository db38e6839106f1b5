//! Generates the description of a projection, for the catalogue, the test kit and the documentation.

use proc_macro2::TokenStream;
use quote::quote;

use super::bounds::predicates;
use super::docs;
use super::model::{Injected, Projection};
use crate::block::scope::Scope;
use crate::ctx::Ctx;
use crate::text::rust_type;

/// Generates the descriptor, its registration, and a marker for each handled event.
pub(super) fn described(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Projection { ty, name, version, .. } = projection;
    let kind = projection.kind.variant();
    let (path, scope) = (rust_type(ty), Scope::of(ctx.generics));
    let lent = projection.calls().flat_map(|call| call.lent().map(move |injected| (call, injected)));
    let known = lent.filter(|(_, injected)| scope.used_in(&injected.ty).is_none());
    let lent = known.map(|(call, Injected { ty, .. })| {
        let cfgs = &call.cfgs;
        quote! { #(#cfgs)* <#private::Probe<#ty>>::TABLE, }
    });
    let owned = projection.read_models.iter().map(|ty| {
        quote! { <#private::Probe<#private::Repository<#ty>>>::TABLE, }
    });
    let impl_generics = ctx.impl_generics();
    let predicates: Vec<_> = predicates(projection);
    let handles = projection.handlers.iter().enumerate().map(|(at, handler)| {
        let (cfgs, event) = (&handler.call.cfgs, &handler.event);
        quote! {
            #(#cfgs)*
            impl #impl_generics #private::Handles<#event, #at> for #ty where #(#predicates,)* {}
        }
    });
    let docs = docs::of(projection);
    quote! {
        const __PROJECTION: #private::ProjectionDescriptor = #private::ProjectionDescriptor::new(
            #name,
            #version,
            #private::ProjectionKind::#kind,
            ::core::concat!(::core::module_path!(), #path),
            __EVENTS,
            &[#(#lent)* #(#owned)*],
        );
        #private::submit! { __PROJECTION }
        #(#docs)*
        #[automatically_derived]
        impl #impl_generics #private::Projection for #ty where #(#predicates,)* {
            const DESCRIPTOR: #private::ProjectionDescriptor = __PROJECTION;
        }
        #(#handles)*
    }
}

/// Generates the descriptor of a projection with an error.
pub(super) fn broken(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let (private, ty) = (&ctx.private, &projection.ty);
    let impl_generics = ctx.impl_generics();
    let predicates = predicates(projection);
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::Projection for #ty where #(#predicates,)* {
            const DESCRIPTOR: #private::ProjectionDescriptor =
                #private::ProjectionDescriptor::new("", 1, #private::ProjectionKind::Memory, "", &[], &[]);
        }
    }
}
