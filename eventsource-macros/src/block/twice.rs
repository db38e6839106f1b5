//! Finds two methods for one event.

use syn::{Attribute, Ident, Type};

use super::role::Role;
use crate::errors::Errors;
use crate::text::shown;

/// A method for an event.
pub(crate) struct Method<'a> {
    /// The event.
    pub(crate) event: &'a Type,
    /// The method.
    pub(crate) name: &'a Ident,
    /// Its `cfg` attributes.
    pub(crate) cfgs: &'a [Attribute],
}

/// Reports two methods for one event. If one of them is behind a `cfg`, or the event behind an alias, generated code
/// reports it.
pub(crate) fn check<'a>(methods: impl Iterator<Item = Method<'a>>, role: Role, errors: &mut Errors) {
    let certain: Vec<_> = methods.filter(|method| method.cfgs.is_empty()).collect();
    let done = role.done();
    for (index, second) in certain.iter().enumerate() {
        let event = shown(second.event);
        let Some(first) = certain[..index].iter().find(|first| shown(first.event) == event) else { continue };
        let (kept, other) = (first.name, second.name);
        errors.push(
            second.event,
            format_args!("`{event}` is {done} twice, by `{kept}` already: keep one of the two methods"),
        );
        errors.push(
            first.event,
            format_args!("this is the other method by which `{event}` is {done}, in addition to `{other}`"),
        );
    }
}
