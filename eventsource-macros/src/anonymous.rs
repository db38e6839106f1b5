//! The anonymous constant in which generated items stand.

use proc_macro2::TokenStream;
use quote::quote;

/// The module of the runtime crate that generated code names, as it is called inside of [`wrap`].
pub(crate) fn private() -> TokenStream {
    quote!(__private)
}

/// `items` in an anonymous constant, where no name of theirs meets one of the user's. `library` is the runtime crate.
pub(crate) fn wrap(library: &TokenStream, items: TokenStream) -> TokenStream {
    quote! {
        const _: () = {
            use #library::__private;
            #items
        };
    }
}
