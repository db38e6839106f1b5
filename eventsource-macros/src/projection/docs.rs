//! Generates the documentation of a projection: the events that it handles, and the methods.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Expr, ExprLit, Lit, Meta};

use super::call::condition;
use super::model::{Handler, Projection, ProjectionKind};
use crate::text::shown;

/// Generates the attributes that document the projection. The line of a handler behind a `cfg` is behind it too.
pub(super) fn of(projection: &Projection) -> Vec<TokenStream> {
    let Projection { name, version, kind, .. } = projection;
    let kind = phrase(*kind);
    // An event may be private although the projection is public. A broken link is then not an error.
    let allow = quote! { #[allow(rustdoc::broken_intra_doc_links, rustdoc::private_intra_doc_links)] };
    let head = format!(
        "The events of `{name}`, {kind} of version {version}.\n\n| event | handled by | |\n| --- | --- | --- |"
    );
    let rows = projection.handlers.iter().map(|handler| {
        let row = row(handler);
        match condition(&handler.call.cfgs) {
            Some(condition) => quote! { #[cfg_attr(#condition, doc = #row)] },
            None => quote! { #[doc = #row] },
        }
    });
    [allow, quote! { #[doc = #head] }].into_iter().chain(rows).collect()
}

/// Returns the row of one handler.
fn row(handler: &Handler) -> String {
    let event = shown(&handler.event);
    let summary = handler.call.docs.iter().find_map(text).unwrap_or_default();
    format!("| [`{}`]({event}) | `{}` | {} |", last(&event), handler.call.method, summary.replace('|', "\\|"))
}

/// Returns the last segment of a path.
fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// Returns the text of a `doc` attribute.
fn text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pair.value else { return None };
    Some(text.value().trim().to_owned()).filter(|text| !text.is_empty())
}

/// Returns a phrase for the kind.
const fn phrase(kind: ProjectionKind) -> &'static str {
    match kind {
        ProjectionKind::Transactional => "a transactional projection",
        ProjectionKind::Memory => "a memory projection",
        ProjectionKind::DurableMemory => "a durable memory projection",
        ProjectionKind::Effects => "a projection with effects outside",
        ProjectionKind::EffectsAtMostOnce => "a projection with effects outside, at most once",
        ProjectionKind::Undecided => "a projection",
    }
}
