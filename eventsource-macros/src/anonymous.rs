//! The anonymous constant that contains the generated items.

use proc_macro2::TokenStream;
use quote::quote;

/// Returns the path of the runtime crate's private module inside [`wrap`].
pub(crate) fn private() -> TokenStream {
    quote!(__private)
}

/// Wraps `items` in an anonymous constant, so that their names do not conflict with the user's. `library` is the
/// runtime crate.
pub(crate) fn wrap(library: &TokenStream, items: TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            use #library::__private;
            #items
        };
    }
}
