//! Parses the options `exhaustive` and `ignores`.

use syn::Type;

use super::model::{Exhaustive, Handler};
use super::naming::Naming;
use super::options::ProjectionOptions;
use crate::block::scope::Scope;
use crate::errors::Errors;
use crate::text::shown;

/// Parses both options, and reports errors that are visible in the tokens. Generated code checks the rest.
pub(super) fn read(
    options: &ProjectionOptions,
    handlers: &[Handler],
    scope: &Scope,
    errors: &mut Errors,
) -> Option<Exhaustive> {
    let aggregates = Naming::Exhaustive.read(&options.exhaustive, scope, errors);
    let ignores = Naming::Ignores.read(&options.ignores, scope, errors);
    let Some(span) = options.exhaustive.key() else {
        if let Some(span) = options.ignores.key() {
            let message = "`ignores` says which events an exhaustive projection leaves out: name their aggregate too, \
                           `exhaustive = Order`, or remove `ignores`";
            errors.at(span, message);
        }
        return None;
    };
    if aggregates.is_empty() && errors.is_empty() {
        errors.at(span, "`exhaustive` names the aggregate of which every event is decided about: `exhaustive = Order`");
    }
    for ignored in &ignores {
        let handler = handlers.iter().find(|handler| same(&handler.event, ignored) && handler.call.cfgs.is_empty());
        if let Some(handler) = handler {
            let (event, method) = (shown(ignored), &handler.call.method);
            errors.push(ignored, format_args!("`{event}` is handled, by `{method}`, and ignored: keep one of the two"));
        }
    }
    Some(Exhaustive { aggregates, ignores })
}

fn same(a: &Type, b: &Type) -> bool {
    shown(a) == shown(b)
}
