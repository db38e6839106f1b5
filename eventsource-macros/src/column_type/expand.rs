//! Generates the traits of an enum.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;

use super::Enumeration;
use crate::ctx::Ctx;

/// Generates the items of the derive.
pub(super) fn expand(enumeration: &Enumeration) -> TokenStream {
    let Enumeration { library, ident, generics, variants } = enumeration;
    let ctx = Ctx::new(library, generics);
    let private = &ctx.private;
    let shown = ident.unraw().to_string();
    let names = variants.iter().map(|(_, name)| name);
    let to = variants.iter().map(|(variant, name)| quote! { Self::#variant => #name });
    let from = variants.iter().map(|(variant, name)| quote! { #name => #private::Result::Ok(Self::#variant) });
    let items = quote! {
        #[automatically_derived]
        impl #private::ColumnType for #ident {
            const KIND: #private::ColumnKind = #private::ColumnKind::Text;

            fn to_value(&self) -> #private::Result<#private::Value, #private::InvalidValue> {
                #private::Result::Ok(#private::text_value(match self { #(#to,)* }))
            }

            // Two variants with one name are reported elsewhere.
            #[allow(unreachable_patterns)]
            fn from_value(__value: #private::Value) -> #private::Result<Self, #private::InvalidValue> {
                let __text = #private::value_text(__value)?;
                match &*__text {
                    #(#from,)*
                    __other => #private::Result::Err(#private::unknown_variant(#shown, __other, &[#(#names),*])),
                }
            }
        }
        #[automatically_derived]
        impl #private::Comparable for #ident {}
    };
    ctx.wrap(items)
}
