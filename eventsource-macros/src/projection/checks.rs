//! What only the compiler can check, when it knows the events: no event is handled twice, and none is forgotten.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::expand::route_name;
use super::model::{Exhaustive, Projection};
use crate::spans::{ends, located, moved};
use crate::text::shown;

/// The check that no event is handled twice, which sees through aliases, at the last of the events.
pub(super) fn distinct(projection: &Projection, private: &TokenStream) -> Option<TokenStream> {
    let last = projection.handlers.iter().skip(1).last()?;
    let span = located(last.event.span());
    let private = moved(private, span);
    Some(quote_spanned! {span=> const _: () = #private::assert_distinct(__EVENTS); })
}

/// The checks of `exhaustive` and `ignores`, each where it is written.
pub(super) fn exhaustive(projection: &Projection, private: &TokenStream) -> Option<TokenStream> {
    let Exhaustive { aggregates, ignores } = projection.exhaustive.as_ref()?;
    let declared = aggregates.iter().map(|aggregate| {
        let span = located(aggregate.span());
        let private = moved(private, span);
        quote_spanned!(span=> #private::declared_by::<#aggregate>())
    });
    let ignored = ignores.iter().map(|event| {
        let span = located(event.span());
        let private = moved(private, span);
        quote_spanned!(span=> #private::route::<#event>().descriptor())
    });
    let names = list(aggregates);
    let handled = projection.handlers.iter().enumerate().map(|(at, handler)| {
        let (cfgs, route, span) = (&handler.call.cfgs, route_name(at), located(handler.event.span()));
        let private = moved(private, span);
        quote_spanned! {span=>
            #(#cfgs)*
            const _: () = #private::assert_declared(#route.descriptor(), __DECLARED, #names);
        }
    });
    let ignorable = ignores.iter().enumerate().map(|(at, event)| {
        let span = located(event.span());
        let private = moved(private, span);
        quote_spanned! {span=>
            const _: () = #private::assert_ignorable(#at, __IGNORED, __EVENTS, __DECLARED, #names);
        }
    });
    let name = shown(&projection.ty);
    let first = aggregates.first()?;
    let (first, _) = ends(first);
    let moved_private = moved(private, first);
    let complete = quote_spanned! {first=>
        const _: () = #moved_private::assert_exhaustive(#name, #names, __DECLARED, __EVENTS, __IGNORED);
    };
    Some(quote! {
        const __DECLARED: &[&[&#private::EventDescriptor]] = &[#(#declared),*];
        const __IGNORED: &[&#private::EventDescriptor] = &[#(#ignored),*];
        #(#handled)*
        #(#ignorable)*
        #complete
    })
}

/// The types as a message lists them.
fn list(types: &[Type]) -> String {
    types.iter().map(|ty| format!("`{}`", shown(ty))).collect::<Vec<_>>().join(" and ")
}
