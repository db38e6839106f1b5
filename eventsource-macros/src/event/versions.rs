//! Parses the options `version` and `from`: the versions of an event, and the type of each.

use syn::ext::IdentExt;
use syn::{Ident, Type};

use super::model::Older;
use super::options::{EventOptions, OldVersion};
use crate::errors::Errors;
use crate::types::plain;

/// The versions of an event.
pub(super) struct Versions {
    /// The version of the event as it is now.
    pub(super) version: u32,
    /// The number of versions that `..` covers.
    pub(super) before: u32,
    /// The older versions after these.
    pub(super) older: Vec<Older>,
}

/// Returns the versions of the event `ident`.
pub(super) fn read(ident: &Ident, options: &EventOptions, errors: &mut Errors) -> Versions {
    let version = options.version.version(errors);
    let entries = options.from.entries(errors);
    let named = entries.iter().filter(|entry| matches!(entry, OldVersion::Type(_))).count();
    let mut before = 0;
    let mut older = Vec::new();
    let mut own_errors = Errors::default();
    for (at, entry) in entries.iter().enumerate() {
        match entry {
            OldVersion::Type(ty) => older.push(read_one(ident, ty, &mut own_errors)),
            // `..` covers all versions before the first named one.
            OldVersion::Rest(_) if at == 0 => {
                before = (version - 1).saturating_sub(u32::try_from(named).unwrap_or(u32::MAX));
            }
            OldVersion::Rest(token) => {
                let message = "`..` stands for the versions before the first one that is named: put it first";
                own_errors.push(token, message);
            }
        }
    }
    // The number of versions is compared only if both are known.
    if own_errors.is_empty() && !options.version.is_wrong() && !options.from.is_wrong() {
        check(ident, version, older.len() + before as usize, options, errors);
    }
    errors.append(own_errors);
    Versions { version, before, older }
}

fn read_one(ident: &Ident, ty: &Type, errors: &mut Errors) -> Older {
    match plain(ty) {
        Type::Path(path) if path.path.is_ident(ident) => {
            let message = format_args!(
                "`{ident}` is the event as it is now: name the type that the older version had, or write `Self` where it \
                 decodes as the event does"
            );
            errors.push(ty, message);
            Older::Same
        }
        Type::Infer(_) => Older::Unused,
        Type::Path(path) if path.path.is_ident("Self") => Older::Same,
        Type::Path(_) => Older::Type(Box::new(ty.clone())),
        _ => {
            errors.push(ty, "`from` names the types of older versions, oldest first, such as `from(OrderPlacedV1)`");
            Older::Unused
        }
    }
}

/// Checks that `from` covers each older version, so that every stored event can be read.
fn check(ident: &Ident, version: u32, named: usize, options: &EventOptions, errors: &mut Errors) {
    let older = version as usize - 1;
    let name = ident.unraw();
    let types = |count: usize| (1..=count).map(|at| format!("{name}V{at}")).collect::<Vec<_>>().join(", ");
    match (options.version.key(), options.from.key()) {
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
