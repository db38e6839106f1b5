//! Generates the call of a method of the user. Each token is located at the user's token that it comes from.
//!
//! The surrounding code declares `__recorded`, the stored event, `__unit`, the unit of work, and its type `__U`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Attribute;

use super::model::{Call, Handler, Injected};
use crate::ctx::Ctx;
use crate::spans::{ends, located};

/// Generates the call of a handler, with the event in `__event`.
pub(super) fn handler(handler: &Handler, ctx: &Ctx<'_>) -> TokenStream {
    // A payload parameter gets it by deref coercion. A wrong type is reported at the type of the parameter.
    let (first, last) = ends(&handler.event_parameter);
    let (borrow, event) = (quote_spanned!(first=> &), quote_spanned!(last=> __event));
    call(&handler.call, Some(quote!(#borrow #event)), ctx)
}

/// Generates the call of a handler or a hook, and its result.
pub(super) fn call(call: &Call, event: Option<TokenStream>, ctx: &Ctx<'_>) -> TokenStream {
    let mut lends = TokenStream::new();
    let mut arguments: Vec<TokenStream> = event.into_iter().collect();
    for (index, Injected { ty, parameter, is_lent }) in call.injected.iter().enumerate() {
        let (first, _) = ends(parameter);
        let private = ctx.private_at(first);
        if *is_lent {
            let guard = format_ident!("__lent_{index}", span = first);
            lends.extend(quote_spanned! {first=>
                let mut #guard = <#ty as #private::Inject<__U>>::inject(__unit).await?;
            });
            arguments.push(quote_spanned!(first=> &mut *#guard));
        } else {
            arguments.push(quote_spanned!(first=> <#ty as #private::FromEvent>::from_event(__recorded)));
        }
    }
    let mut method = call.method.clone();
    let name = located(method.span());
    method.set_span(name);
    // Called by its path, because the user's method may have the name of a trait method.
    let called = quote_spanned!(name=> Self::#method(self, #(#arguments),*));
    let called = if call.is_async {
        let private = ctx.private_at(name);
        quote_spanned!(name=> #private::require_send(#called).await)
    } else {
        called
    };
    let output = located(call.output);
    let private = ctx.private_at(output);
    let result = quote_spanned!(output=> #private::HandlerOutput::into_result(__output));
    quote! {
        #lends
        let __output = #called;
        #result
    }
}

/// Joins all `cfgs` to one condition.
pub(super) fn condition(cfgs: &[Attribute]) -> Option<TokenStream> {
    let conditions = cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok()).map(|list| &list.tokens);
    (!cfgs.is_empty()).then(|| quote!(all(#(#conditions),*)))
}
