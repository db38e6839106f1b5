//! The call of one of the user's methods: each piece stands where the user wrote what it comes from.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::model::{Call, Handler, Injected};
use crate::spans::{ends, located};

/// What generated code around the call is named.
pub(super) struct Names<'a> {
    /// The stored event.
    pub(super) recorded: TokenStream,
    /// The unit of work.
    pub(super) unit: TokenStream,
    /// The path to what generated code may name.
    pub(super) private: &'a TokenStream,
}

/// The call of a handler, with the event in `__event`.
pub(super) fn handler(handler: &Handler, names: &Names<'_>) -> TokenStream {
    // A payload parameter gets it too, by deref coercion. A wrong type is reported under the parameter's.
    let (first, last) = ends(&handler.event_parameter);
    let (borrow, event) = (quote_spanned!(first=> &), quote_spanned!(last=> __event));
    call(&handler.call, Some(quote!(#borrow #event)), names)
}

/// The call of a handler or hook, and its result.
pub(super) fn call(call: &Call, event: Option<TokenStream>, names: &Names<'_>) -> TokenStream {
    let Names { recorded, unit, private } = names;
    let mut lends = TokenStream::new();
    let mut arguments: Vec<TokenStream> = event.into_iter().collect();
    for (index, Injected { ty, parameter, is_lent }) in call.injected.iter().enumerate() {
        let (first, _) = ends(parameter);
        if *is_lent {
            let guard = format_ident!("__lent_{index}", span = first);
            lends.extend(quote_spanned! {first=>
                let mut #guard = <#ty as #private::Inject<__U>>::inject(#unit).await?;
            });
            arguments.push(quote_spanned!(first=> &mut *#guard));
        } else {
            arguments.push(quote_spanned!(first=> <#ty as #private::FromEvent>::from_event(#recorded)));
        }
    }
    let mut method = call.method.clone();
    let name = located(method.span());
    method.set_span(name);
    // By its path, since the user's method may have the name of a method of ours.
    let called = quote_spanned!(name=> Self::#method(self, #(#arguments),*));
    let called = if call.is_async { quote_spanned!(name=> #private::require_send(#called).await) } else { called };
    let output = quote_spanned!(located(call.output)=> __output);
    quote! {
        #lends
        let __output = #called;
        #private::HandlerOutput::into_result(#output)
    }
}
