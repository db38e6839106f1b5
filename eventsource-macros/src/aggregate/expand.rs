//! Generates the traits of an aggregate.
//!
//! All items are in one anonymous constant. Each event has a constant `__ROUTE_n`, the only place that requires the
//! type to be an event. So a type that is not an event causes one error.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Aggregate, Applier};
use crate::ctx::Ctx;
use crate::route::{route_name, stored_name};
use crate::spans::{ends, located, moved};
use crate::text::{rust_type, shown};

/// Generates the items that `#[aggregate]` adds.
pub(super) fn expand(aggregate: &Aggregate) -> TokenStream {
    let ctx = Ctx::new(&aggregate.library, &aggregate.generics);
    let items = if aggregate.broken { broken(aggregate, &ctx) } else { whole(aggregate, &ctx) };
    ctx.wrap(items)
}

/// The traits of an aggregate.
fn whole(aggregate: &Aggregate, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Aggregate { ty, generics, name, appliers, .. } = aggregate;
    let routes = appliers.iter().enumerate().map(|(at, applier)| route(at, applier, name, ctx));
    let events = appliers.iter().enumerate().map(|(at, Applier { cfgs, .. })| {
        let route = route_name(at);
        quote! { #(#cfgs)* #route.descriptor() }
    });
    let applies = appliers.iter().map(|applier| applies(aggregate, applier, ctx));
    let arms = appliers.iter().enumerate().map(|(at, Applier { cfgs, .. })| {
        let (route, name) = (route_name(at), stored_name(at));
        quote! {
            #(#cfgs)*
            #name => #private::Applies::apply(__aggregate, &*#route.read(__recorded)?),
        }
    });
    let distinct = distinct(aggregate, ctx);
    let (impl_generics, _, clause) = generics.split_for_impl();
    let (path, aggregate) = (rust_type(ty), implementation(aggregate, ctx));
    quote! {
        #(#routes)*
        const __EVENTS: &[&#private::EventDescriptor] = &[#(#events),*];
        #distinct
        #aggregate
        #[automatically_derived]
        impl #impl_generics #private::EventsOf<Self> for #ty #clause {
            const EVENTS: &'static [&'static #private::EventDescriptor] = __EVENTS;

            // Two equal events are reported elsewhere.
            #[allow(unreachable_patterns)]
            fn apply(
                __aggregate: &mut Self,
                __recorded: &#private::Arc<#private::RecordedEvent>,
            ) -> #private::Result<#private::bool, #private::DecodeError> {
                match #private::name_of::<{ #private::aliased(__EVENTS) }>(__recorded, __EVENTS) {
                    #(#arms)*
                    _ => return #private::Result::Ok(false),
                }
                #private::Result::Ok(true)
            }
        }
        #(#applies)*
        #private::submit! {
            #private::AggregateDescriptor::new(
                #name,
                ::core::concat!(::core::module_path!(), #path),
                __EVENTS,
            )
        }
    }
}

/// Generates the check that no two events have the same stored name, at the last event.
fn distinct(aggregate: &Aggregate, ctx: &Ctx<'_>) -> Option<TokenStream> {
    let last = aggregate.appliers.iter().skip(1).last()?;
    let (span, private) = ctx.at(&last.event);
    Some(quote_spanned! {span=> const _: () = #private::assert_named_apart(__EVENTS); })
}

/// Generates the constants of one method: the route of its event, its stored name, and the check that the event belongs
/// to the aggregate.
fn route(at: usize, applier: &Applier, aggregate: &str, ctx: &Ctx<'_>) -> TokenStream {
    let Applier { event, cfgs, .. } = applier;
    let (route, name) = (route_name(at), stored_name(at));
    let private = &ctx.private;
    let (span, at_event) = ctx.at(event);
    let own = quote_spanned! {span=> const _: () = #at_event::assert_own_event(#route.descriptor(), #aggregate); };
    quote! {
        #(#cfgs)*
        const #route: #private::Route<#event> = #private::route::<#event>();
        #(#cfgs)*
        const #name: &#private::str = #route.name();
        #(#cfgs)*
        #own
    }
}

/// Generates the `Applies` of one event. A second method for the same type, perhaps behind an alias, conflicts with it.
fn applies(aggregate: &Aggregate, applier: &Applier, ctx: &Ctx<'_>) -> TokenStream {
    let Aggregate { ty, generics, .. } = aggregate;
    let Applier { event, parameter, method, cfgs } = applier;
    let (impl_generics, _, clause) = generics.split_for_impl();
    let (span, at) = ctx.at(event);
    let mut method = method.clone();
    method.set_span(located(method.span()));
    let (first, last) = ends(parameter);
    let (borrow, argument) = (quote_spanned!(first=> &*), quote_spanned!(last=> __event));
    let (ty, impl_generics) = (moved(&quote!(#ty), span), moved(&quote!(#impl_generics), span));
    // Located at the event, so that a second method is reported there.
    let applies = quote_spanned! {span=>
        impl #impl_generics #at::Applies<#event> for #ty #clause {
            fn apply(&mut self, __event: &#event) {
                Self::#method(self, #borrow #argument);
            }
        }
    };
    quote! {
        #(#cfgs)*
        #applies
    }
}

/// Generates the implementation of `Aggregate`.
fn implementation(aggregate: &Aggregate, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Aggregate { ty, generics, name, .. } = aggregate;
    let (impl_generics, _, clause) = generics.split_for_impl();
    let (span, at) = ctx.at(ty);
    let of = quote_spanned!(span=> #at::Aggregate);
    let is_state = quote_spanned!(span=> #at::aggregate_state::<Self, _>(#at::asked));
    let asked = generics.lifetimes().next().is_none().then(|| quote! { const ASKS: () = #is_state; });
    let predicates = clause.iter().flat_map(|clause| &clause.predicates);
    quote! {
        // First, so that the compiler names it first if a second block conflicts with it.
        impl #impl_generics #private::OneAggregateBlockPerType for #ty #clause { #asked }
        #[automatically_derived]
        impl #impl_generics #of for #ty where #(#predicates,)* for<'__any> Self: #private::AggregateState {
            const TYPE: &'static #private::str = #name;
            type Events = Self;
        }
    }
}

/// Generates the traits of an aggregate with an error. They do nothing.
fn broken(aggregate: &Aggregate, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let Aggregate { ty, generics, .. } = aggregate;
    let (impl_generics, _, clause) = generics.split_for_impl();
    let implementation = implementation(aggregate, ctx);
    let mut seen = Vec::new();
    let distinct = aggregate.appliers.iter().filter(|applier| {
        let event = shown(&applier.event);
        let is_new = !seen.contains(&event);
        seen.push(event);
        is_new
    });
    let applies = distinct.map(|Applier { event, cfgs, .. }| {
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics #private::Applies<#event> for #ty #clause {
                fn apply(&mut self, _: &#event) {}
            }
        }
    });
    quote! {
        #implementation
        #(#applies)*
        #[automatically_derived]
        impl #impl_generics #private::EventsOf<Self> for #ty #clause {
            const EVENTS: &'static [&'static #private::EventDescriptor] = &[];

            fn apply(
                _: &mut Self,
                _: &#private::Arc<#private::RecordedEvent>,
            ) -> #private::Result<#private::bool, #private::DecodeError> {
                #private::Result::Ok(false)
            }
        }
    }
}
