//! Generates the trait of an event.
//!
//! Each older version has one constant that requires its type to be readable, and one that requires the conversion to
//! the next version. So each mistake causes one error.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;

use super::docs;
use super::model::{Event, Older};
use crate::ctx::Ctx;
use crate::spans::moved;

/// Generates the items of the derive.
pub(super) fn expand(event: &Event) -> TokenStream {
    let Event { ident, name, version, aggregate, aliases, .. } = event;
    let ctx = Ctx::new(&event.library, &event.generics);
    let private = &ctx.private;
    let (rust_type, docs) = (format!("::{}", ident.unraw()), docs::of(event));
    let (impl_generics, type_generics, _) = event.generics.split_for_impl();
    let bounds = bounds(event);
    let submit = (!event.broken).then(|| {
        quote! { #private::submit! { #private::descriptor::<#ident>() } }
    });
    let (versions, upcast) = if event.broken { Default::default() } else { versions(event, &ctx) };
    let aliases = (!aliases.is_empty()).then(|| {
        quote! { const ALIASES: &'static [&'static #private::str] = &[#(#aliases),*]; }
    });
    let (stored, described) = (
        stored(event, &ctx),
        quote! {
            #private::EventDescriptor::of::<Self>(
                ::core::concat!(::core::module_path!(), #rust_type),
                (::core::file!(), ::core::line!()),
                (::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION")),
            )
        },
    );
    // An event with an error does not require serde, so that no other error follows.
    let (descriptor, encode, decode) = if event.broken {
        (described, quote!(#private::never()), quote!(#private::never()))
    } else {
        (quote!(__STORED.describe(#described)), quote!(__STORED.encode(self)), quote!(__STORED.decode(__payload)))
    };
    let items = quote! {
        #stored
        #versions
        #[automatically_derived]
        #[doc = #docs]
        impl #impl_generics #private::DomainEvent for #ident #type_generics #bounds {
            const NAME: &'static #private::str = #name;
            const VERSION: #private::u32 = #version;
            const AGGREGATE: &'static #private::str = #aggregate;
            #aliases
            const DESCRIPTOR: #private::EventDescriptor = #descriptor;

            #[inline(never)]
            fn encode(&self) -> #private::Result<#private::String, #private::Unstorable> {
                #encode
            }

            #[inline(never)]
            fn decode(
                __payload: &#private::str,
            ) -> #private::Result<Self, #private::serde_json::Error> {
                #decode
            }
            #upcast
        }
        #submit
    };
    ctx.wrap(items)
}

/// Generates how the event is written and read: the only place that requires serde's traits.
fn stored(event: &Event, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let ident = &event.ident;
    let (span, private) = ctx.at(ident);
    (!event.broken).then(|| {
        quote_spanned! {span=>
            const __STORED: #private::Stored<#ident> = #private::stored::<#ident>();
        }
    })
}

/// Generates the `where` clause. A generic event is an error; its clause assumes every bound, so that no other error
/// follows.
fn bounds(event: &Event) -> TokenStream {
    let predicates = event.generics.where_clause.as_ref().map(|clause| &clause.predicates).into_iter().flatten();
    let assumed = (!event.generics.params.is_empty())
        .then(|| quote! { Self: ::core::marker::Send + ::core::marker::Sync + 'static });
    quote! { where #(#predicates,)* #assumed }
}

/// Generates the constants of the older versions, and their part of the trait.
fn versions(event: &Event, ctx: &Ctx<'_>) -> (TokenStream, TokenStream) {
    if !event.older.iter().any(|older| !matches!(older, Older::Unused)) {
        return Default::default();
    }
    let private = &ctx.private;
    let (mut constants, mut old, mut arms) = (TokenStream::new(), Vec::new(), Vec::new());
    for (at, older) in event.older.iter().enumerate() {
        let version = event.before + at as u32 + 1;
        match older {
            Older::Unused => {}
            Older::Same => {
                old.push(quote!(__STORED.version(#version)));
                arms.push(quote!(#version => Self::decode(payload)));
            }
            Older::Type(ty) => {
                constants.extend(constant(at, ty, event, ctx));
                let name = old_name(at);
                old.push(quote!(#name.version(#version)));
                let links = links(at, event);
                arms.push(quote!(#version => #name.decode(payload).map(|__old| #links)));
            }
        }
    }
    let upcast = quote! {
        const OLD_VERSIONS: &'static [#private::OldVersion] = &[#(#old),*];

        fn upcast(
            version: #private::u32,
            payload: &#private::str,
        ) -> #private::Option<#private::Result<Self, #private::serde_json::Error>> {
            #private::Option::Some(match version {
                #(#arms,)*
                _ => return #private::Option::None,
            })
        }
    };
    (constants, upcast)
}

fn old_name(at: usize) -> Ident {
    format_ident!("__OLD_{}", at + 1)
}

fn link_name(at: usize) -> Ident {
    format_ident!("__LINK_{}", at + 1)
}

/// Returns the target of the conversion of the version `at`: the next version with a type and its place, or the event.
fn next(at: usize, event: &Event) -> Option<(usize, &Type)> {
    let later = event.older.iter().enumerate().skip(at + 1);
    let next = later.into_iter().find(|(_, older)| !matches!(older, Older::Unused))?;
    match next {
        (at, Older::Type(ty)) => Some((at, ty)),
        _ => None,
    }
}

/// Generates the constants of the version `at`, located at its type.
fn constant(at: usize, ty: &Type, event: &Event, ctx: &Ctx<'_>) -> TokenStream {
    let (span, private) = ctx.at(ty);
    let (old, link) = (old_name(at), link_name(at));
    let event_type = &event.ident;
    let next = next(at, event).map_or_else(|| moved(&quote!(#event_type), span), |(_, next)| quote!(#next));
    quote_spanned! {span=>
        const #old: #private::Old<#ty> = #private::old::<#ty>();
        const #link: #private::Link<#ty, #next> = #private::link::<#ty, #next>();
    }
}

/// Generates the conversion of `__old`, of the version `at`, to the event.
fn links(at: usize, event: &Event) -> TokenStream {
    let mut value = quote!(__old);
    let mut at = Some(at);
    while let Some(from) = at {
        let link = link_name(from);
        value = quote!(#link.follow(#value));
        at = next(from, event).map(|(next, _)| next);
    }
    value
}
