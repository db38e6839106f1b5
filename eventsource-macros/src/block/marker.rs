//! `#[handles]`, `#[truncate]` and `#[applies]`: marks that `#[projection]` and `#[aggregate]` read and take away.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{Attribute, Meta, Path, Type};

use super::parameter::{is_event, parameters};
use super::{Item, ItemKind};
use crate::errors::Errors;
use crate::suggest::nearest;
use crate::text::shown;
use crate::types::plain;

/// A mark on a method.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marker {
    /// `#[handles(Event)]`
    Handles,
    /// `#[truncate]`
    Truncate,
    /// `#[applies(Event)]`
    Applies,
}

/// The attribute of the impl block, which reads the marks inside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outer {
    /// `#[projection]`
    Projection,
    /// `#[aggregate]`
    Aggregate,
}

impl Outer {
    /// The name of the attribute.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Projection => "projection",
            Self::Aggregate => "aggregate",
        }
    }
}

impl Outer {
    const ALL: [Self; 2] = [Self::Projection, Self::Aggregate];

    /// Returns the outer attribute that `attribute` is.
    pub(crate) fn of(attribute: &Attribute) -> Option<Self> {
        let last = attribute.path().segments.last()?;
        Self::ALL.into_iter().find(|outer| last.ident == outer.name())
    }
}

impl Marker {
    const ALL: [Self; 3] = [Self::Handles, Self::Truncate, Self::Applies];

    /// The name of its attribute.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Handles => "handles",
            Self::Truncate => "truncate",
            Self::Applies => "applies",
        }
    }

    /// The attribute of the impl block that reads it.
    const fn outer(self) -> Outer {
        match self {
            Self::Handles | Self::Truncate => Outer::Projection,
            Self::Applies => Outer::Aggregate,
        }
    }

    /// Returns the mark with this name.
    fn called(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|marker| name == marker.name())
    }

    /// Returns the mark that `attribute` is, by the last word of its path, because the crate may be renamed.
    fn of(attribute: &Attribute) -> Option<Self> {
        Self::called(&attribute.path().segments.last()?.ident.to_string())
    }
}

/// Removes the marks of `item`, and returns those that `outer` reads.
pub(crate) fn take(item: &mut Item, outer: Outer, errors: &mut Errors) -> Vec<(Marker, Attribute)> {
    let mut marks = Vec::new();
    item.attributes.retain(|attribute| {
        if let Some(marker) = Marker::of(attribute) {
            if marker.outer() == outer {
                marks.push((marker, attribute.clone()));
            } else {
                let (name, own) = (marker.name(), marker.outer().name());
                errors.push(attribute, format_args!("`#[{name}]` belongs into an impl block marked `#[{own}]`, and this one is marked `#[{}]`", outer.name()));
            }
            return false;
        }
        if let Some(meant) = misspelt(attribute, outer) {
            let (name, own) = (shown(attribute.path()), meant.name());
            errors.push(attribute.path(), format_args!("there is no mark `#[{name}]`, did you mean `#[{own}]`?"));
            return false;
        }
        if let Some((meant, event)) = renamed(attribute, &item.kind, outer) {
            let (own, outer) = (meant.name(), outer.name());
            let message = format_args!(
                "`#[{outer}]` knows its marks by their names: import `{own}` under its own name, and write `#[{own}({event})]`"
            );
            errors.push(attribute.path(), message);
            return false;
        }
        let hidden = hidden(attribute);
        if let Some(name) = hidden.map(Marker::name) {
            let message = format_args!(
                "`#[{}]` does not see the mark `{name}` inside of `cfg_attr`: put `#[cfg(…)]` on the method and `#[{name}]` below it",
                outer.name()
            );
            errors.push(attribute, message);
        }
        hidden.is_none()
    });
    marks
}

/// Returns the mark that a misspelt `attribute` was meant to be: it has a similar name, and the arguments of the mark.
fn misspelt(attribute: &Attribute, outer: Outer) -> Option<Marker> {
    let name = attribute.path().get_ident()?.to_string();
    let own = Marker::ALL.into_iter().filter(|marker| marker.outer() == outer);
    let meant = Marker::called(nearest(&name, own.map(Marker::name))?)?;
    let fits = match (&attribute.meta, meant) {
        (Meta::Path(_), Marker::Truncate) => true,
        (Meta::List(list), Marker::Handles | Marker::Applies) => syn::parse2::<Path>(list.tokens.clone()).is_ok(),
        _ => false,
    };
    fits.then_some(meant)
}

/// Returns the mark that `attribute` may be under another name, and its event: its argument is the type of the event
/// that the method takes.
fn renamed(attribute: &Attribute, kind: &ItemKind, outer: Outer) -> Option<(Marker, String)> {
    let (ItemKind::Method(method), Meta::List(list)) = (kind, &attribute.meta) else { return None };
    let event = shown(syn::parse2::<Path>(list.tokens.clone()).ok()?);
    let Type::Reference(first) = plain(&parameters(&method.signature).next()?.ty) else { return None };
    let meant = Marker::ALL.into_iter().find(|marker| marker.outer() == outer && *marker != Marker::Truncate)?;
    is_event(&shown(&first.elem), &event).then_some((meant, event))
}

/// Returns the mark in a `cfg_attr`.
fn hidden(attribute: &Attribute) -> Option<Marker> {
    let Meta::List(list) = &attribute.meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let tokens: Vec<_> = list.tokens.clone().into_iter().map(|token| token.to_string()).collect();
    tokens.iter().skip_while(|token| *token != ",").find_map(|token| Marker::called(token))
}

/// Expands a mark outside an impl block of its outer attribute: the item, and an error.
pub(crate) fn misplaced(marker: Marker, item: TokenStream) -> TokenStream {
    let (name, outer) = (marker.name(), marker.outer().name());
    // The attribute of the impl block does not recognise a mark that was imported under another name.
    let is_renamed = Span::call_site().source_text().is_some_and(|written| !written.contains(name));
    let message = if is_renamed {
        format!(
            "`#[{outer}]` knows its marks by their names: import `{name}` under its own name, and write `#[{name}]`"
        )
    } else {
        format!("`#[{name}]` works only on a method inside an impl block marked `#[{outer}]`: mark the impl block")
    };
    let mut output = quote_spanned! { Span::call_site()=> ::core::compile_error! { #message } };
    output.extend(item);
    output
}

/// Removes all marks of an item that cannot be parsed, at any depth, so that the syntax error is the only error.
pub(crate) fn strip(item: TokenStream) -> TokenStream {
    strip_where(item, &is_marker)
}

/// Removes the [`Outer`] attributes of the head of an impl block.
pub(crate) fn strip_outer(head: TokenStream) -> TokenStream {
    strip_where(head, &|group| last_word(group).is_some_and(|last| Outer::ALL.iter().any(|outer| last == outer.name())))
}

/// Removes the attributes whose brackets are `unwanted`, at any depth.
fn strip_where(item: TokenStream, unwanted: &dyn Fn(&Group) -> bool) -> TokenStream {
    let mut output: Vec<TokenTree> = Vec::new();
    for token in item {
        match token {
            TokenTree::Group(group) => {
                let hash = matches!(output.last(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#');
                if hash && unwanted(&group) {
                    output.pop();
                    continue;
                }
                let mut stripped = Group::new(group.delimiter(), strip_where(group.stream(), unwanted));
                stripped.set_span(group.span());
                output.push(stripped.into());
            }
            other => output.push(other),
        }
    }
    output.into_iter().collect()
}

/// Whether the brackets of an attribute contain a mark.
fn is_marker(group: &Group) -> bool {
    last_word(group).is_some_and(|last| Marker::called(&last).is_some())
}

/// Returns the last word of the path of an attribute with these brackets.
fn last_word(group: &Group) -> Option<String> {
    let words = group.stream().into_iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(punct) => punct.as_char() == ':',
        _ => false,
    });
    words.last().map(|last| last.to_string())
}
