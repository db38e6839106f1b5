//! Generates the methods of `EventSubscriber`: the routing of an event to its handler, and the truncate hook.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Projection;
use super::{call, read_models};
use crate::ctx::Ctx;
use crate::route::{route_name, stored_name};

/// Generates `handle`, and `truncate` if there is a hook.
pub(super) fn methods(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let truncate = projection.hooks.iter().map(|hook| {
        let cfgs = &hook.cfgs;
        let call = call::call(hook, None, ctx);
        quote! {
            #(#cfgs)*
            async fn truncate(&mut self, __unit: &mut __U) -> #private::Result<(), #private::HandlerError> { #call }
        }
    });
    let handle = handle(projection, ctx);
    let empty = read_models::truncate(&projection.read_models, ctx);
    quote! {
        #handle
        #(#truncate)*
        #empty
    }
}

/// Generates `handle`. If no handler can wait, it does its work when it is called: a state machine would cost as much
/// as the routing.
fn handle(projection: &Projection, ctx: &Ctx<'_>) -> TokenStream {
    let private = &ctx.private;
    let waits = projection.handlers.iter().any(|handler| handler.call.waits());
    let arms = projection.handlers.iter().enumerate().map(|(index, handler)| {
        let (cfgs, name, route) = (&handler.call.cfgs, stored_name(index), route_name(index));
        let call = call::handler(handler, ctx);
        let decode = if handler.takes_payload() { quote!(payload) } else { quote!(decode) };
        quote! {
            #(#cfgs)*
            #name => {
                let __event = #route.#decode(__recorded)?;
                #call
            }
        }
    });
    let routed = quote! {
        match #private::name_of::<{ #private::aliased(__EVENTS) }>(__recorded, __EVENTS) {
            #(#arms)*
            _ => #private::Result::Ok(()),
        }
    };
    let output = quote!(#private::Result<(), #private::HandlerError>);
    let (declared, output, body) = if waits {
        (quote!(async), output, routed)
    } else {
        (
            quote!(),
            quote!(impl #private::Future<Output = #output> + #private::Send),
            quote!(#private::at_once(|| #routed)),
        )
    };
    quote! {
        // Two equal names are reported elsewhere.
        #[allow(unreachable_patterns)]
        #declared fn handle(
            &mut self,
            __recorded: &#private::Arc<#private::RecordedEvent>,
            __unit: &mut __U,
        ) -> #output { #body }
    }
}
