//! `#[handles]` and `#[truncate]`: marks that `#[projection]` reads and takes away.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::Attribute;

/// A mark on a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// `#[handles(Event)]`
    Handles,
    /// `#[truncate]`
    Truncate,
}

impl Marker {
    /// The name of its attribute.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Handles => "handles",
            Self::Truncate => "truncate",
        }
    }

    /// The mark that `attribute` is: by its name alone, or by its path in the runtime crate.
    pub(crate) fn of(attribute: &Attribute, library: &TokenStream) -> Option<Self> {
        let path = &attribute.path();
        let last = path.segments.last()?;
        let marker = [Self::Handles, Self::Truncate].into_iter().find(|marker| last.ident == marker.name())?;
        let segments: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let parents = segments[..segments.len() - 1].join("::");
        let library = library.to_string().replace(' ', "");
        (parents.is_empty() || parents == library.trim_start_matches("::")).then_some(marker)
    }
}

/// What the mark does where `#[projection]` did not take it away: the item stays, with an error beside it.
pub(crate) fn misplaced(marker: Marker, item: TokenStream) -> TokenStream {
    let name = marker.name();
    let message =
        format!("`#[{name}]` works only on a method inside an impl block marked `#[projection]`: mark the impl block");
    let mut output = quote_spanned! { proc_macro2::Span::call_site()=> ::core::compile_error! { #message } };
    output.extend(item);
    output
}

/// `item` without any mark, however deep: where the item cannot be read, so that its mistake is the only error.
pub(crate) fn strip(item: TokenStream) -> TokenStream {
    let mut output: Vec<TokenTree> = Vec::new();
    for token in item {
        match token {
            TokenTree::Group(group) => {
                let hash = matches!(output.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
                if hash && is_marker(&group) {
                    output.pop();
                    continue;
                }
                let mut stripped = Group::new(group.delimiter(), strip(group.stream()));
                stripped.set_span(group.span());
                output.push(stripped.into());
            }
            other => output.push(other),
        }
    }
    output.into_iter().collect()
}

/// Whether the brackets of an attribute begin with a mark.
fn is_marker(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(ident)) if ident == "handles" || ident == "truncate")
}
