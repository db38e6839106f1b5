//! Parses the options `version` and `from`: the versions of an event, and the type of each.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, Token, Type};

use super::model::Older;
use crate::block::parameter::plain;
use crate::errors::Errors;
use crate::options::Options;

/// Returns the version of the event `ident`, the number of versions that `..` covers, and the older versions after
/// these.
pub(super) fn read(ident: &Ident, options: &Options, errors: &mut Errors) -> (u32, u32, Vec<Older>) {
    let good = errors.is_empty();
    let version = options.version(errors);
    let entries: Vec<Entry> = options.listed("from", "types", errors);
    let named = entries.iter().filter(|entry| matches!(entry, Entry::Type(_))).count();
    let (mut older, mut before) = (Vec::new(), 0);
    for (at, entry) in entries.into_iter().enumerate() {
        match entry {
            Entry::Type(ty) => older.push(read_one(ident, *ty, errors)),
            // `..` covers all versions before the first named one.
            Entry::Rest(_) if at == 0 => {
                before = (version - 1).saturating_sub(u32::try_from(named).unwrap_or(u32::MAX));
            }
            Entry::Rest(token) => {
                errors.push(token, "`..` stands for the versions before the first one that is named: put it first")
            }
        }
    }
    if errors.is_empty() || !good {
        check(ident, version, older.len() + before as usize, options, errors);
    }
    (version, before, older)
}

fn read_one(ident: &Ident, ty: Type, errors: &mut Errors) -> Older {
    match plain(&ty) {
        Type::Path(path) if path.path.is_ident(ident) => {
            let message = format_args!(
                "`{ident}` is the event as it is now: name the type that the older version had, or write `Self` where it \
                 decodes as the event does"
            );
            errors.push(&ty, message);
            Older::Same
        }
        Type::Infer(_) => Older::Unused,
        Type::Path(path) if path.path.is_ident("Self") => Older::Same,
        Type::Path(_) => Older::Type(Box::new(ty)),
        _ => {
            errors.push(&ty, "`from` names the types of older versions, oldest first, such as `from(OrderPlacedV1)`");
            Older::Unused
        }
    }
}

/// An entry of `from`.
enum Entry {
    /// `..`
    Rest(Token![..]),
    /// A version.
    Type(Box<Type>),
}

impl Parse for Entry {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        if input.peek(Token![..]) { input.parse().map(Self::Rest) } else { input.parse().map(Box::new).map(Self::Type) }
    }
}

/// Checks that `from` covers each older version, so that every stored event can be read.
fn check(ident: &Ident, version: u32, named: usize, options: &Options, errors: &mut Errors) {
    let older = version as usize - 1;
    let name = ident.unraw();
    let types = |count: usize| (1..=count).map(|at| format!("{name}V{at}")).collect::<Vec<_>>().join(", ");
    match (options.span("version"), options.span("from")) {
        (Some(span), None) if older == 1 => errors.at(
            span,
            format_args!(
                "events that are stored with version 1 could not be read any more: name the type that they have, \
                 `from({name}V1)`, or write `from(_)` where there are none"
            ),
        ),
        (Some(span), None) if older > 1 => errors.at(
            span,
            format_args!(
                "events that are stored with versions 1 to {older} could not be read any more: name the types that they \
                 have, oldest first, such as `from({})`, or write `from(..)` where there are none",
                if older < 5 { types(older) } else { format!("{name}V1, {name}V2, …") }
            ),
        ),
        (_, Some(span)) if named > older => errors.at(
            span,
            format_args!(
                "`from` names {}, so this is version {} of the event: write `version = {}`",
                if named == 1 { "one older version".to_owned() } else { format!("{named} older versions") },
                named + 1,
                named + 1
            ),
        ),
        (_, Some(span)) if named < older => errors.at(
            span,
            format_args!(
                "version {version} has {older} older {}, and `from` names {named}: name the type of each, oldest first, \
                 with `_` for a version of which nothing is stored",
                if older == 1 { "one" } else { "ones" },
            ),
        ),
        _ => {}
    }
}
