//! The context of generated code: what every function that generates a part of it needs.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;
use syn::{Generics, ImplGenerics};

use crate::spans::{located, moved};

/// The context of generated code.
pub(crate) struct Ctx<'a> {
    library: &'a TokenStream,
    /// The path of the runtime crate's private module inside [`Ctx::wrap`].
    pub(crate) private: TokenStream,
    /// The generics of the user's type or impl block.
    pub(crate) generics: &'a Generics,
}

impl<'a> Ctx<'a> {
    /// Creates the context of an item with these generics. `library` is the path of the runtime crate.
    pub(crate) fn new(library: &'a TokenStream, generics: &'a Generics) -> Self {
        Self { library, private: quote!(__private), generics }
    }

    /// Returns the location of `place`, and the path of the private module at this location.
    pub(crate) fn at(&self, place: &impl Spanned) -> (Span, TokenStream) {
        let span = located(place.span());
        (span, self.private_at(span))
    }

    /// Returns the path of the private module at the location `span`.
    pub(crate) fn private_at(&self, span: Span) -> TokenStream {
        moved(&self.private, span)
    }

    /// Returns the generics of an `impl`.
    pub(crate) fn impl_generics(&self) -> ImplGenerics<'a> {
        self.generics.split_for_impl().0
    }

    /// Wraps `items` in an anonymous constant, so that their names do not conflict with the user's.
    pub(crate) fn wrap(&self, items: TokenStream) -> TokenStream {
        let library = self.library;
        quote! {
            const _: () = {
                use #library::__private;
                #items
            };
        }
    }
}
