//! The macros of the `eventsource` crate.
use proc_macro::TokenStream;
/// todo
#[proc_macro_derive(DomainEvent, attributes(event))]
pub fn derive_domain_event(_: TokenStream) -> TokenStream {
    TokenStream::new()
}
/// todo
#[proc_macro_attribute]
pub fn projection(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}
/// todo
#[proc_macro_attribute]
pub fn handles(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}
/// todo
#[proc_macro_attribute]
pub fn truncate(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}
