//! From the event to its trait.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use super::model::Event;

/// The items that the derive adds.
pub(super) fn expand(event: &Event) -> TokenStream {
    let Event { library, ident, name, version, aggregate, .. } = event;
    let private = quote!(#library::__private);
    let rust_type = format!("::{}", ident.unraw());
    let (impl_generics, type_generics, _) = event.generics.split_for_impl();
    let bounds = bounds(event, &private);
    let submit = (!event.broken).then(|| {
        quote! { #private::submit! { #private::descriptor::<#ident>() } }
    });
    quote! {
        const _: () = {
            #[automatically_derived]
            impl #impl_generics #private::DomainEvent for #ident #type_generics #bounds {
                const NAME: &'static ::core::primitive::str = #name;
                const VERSION: ::core::primitive::u32 = #version;
                const AGGREGATE: &'static ::core::primitive::str = #aggregate;
                const DESCRIPTOR: #private::EventDescriptor = #private::EventDescriptor::of::<Self>(
                    ::core::concat!(::core::module_path!(), #rust_type),
                    (::core::file!(), ::core::line!()),
                    (::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION")),
                );

                #[inline(never)]
                fn decode(
                    payload: &::core::primitive::str,
                ) -> #private::Result<Self, #private::serde_json::Error> {
                    #private::from_json(payload)
                }
            }
            #submit
        };
    }
}

/// The `where` clause. A generic event is an error already; it is taken to be all that an event has to be, so that
/// nothing follows from that error.
fn bounds(event: &Event, private: &TokenStream) -> TokenStream {
    let predicates = event.generics.where_clause.as_ref().map(|clause| &clause.predicates).into_iter().flatten();
    let assumed = (!event.generics.params.is_empty()).then(|| quote! { Self: #private::EventBounds });
    quote! { where #(#predicates,)* #assumed }
}
