//! Parses the impl block of a projection.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Attribute, Type};

use super::model::{Call, Handler, Projection, ProjectionKind};
use super::naming::Naming;
use super::options::ProjectionOptions;
use super::{exhaustive, kind, method};
use crate::block::marker::{Marker, Outer, take};
use crate::block::method::{Context, one_event};
use crate::block::role::Role;
use crate::block::scope::Scope;
use crate::block::{Block, ItemKind, twice};
use crate::errors::Errors;
use crate::options::Options as _;
use crate::types::plain;

/// Parses `block`, removes its marks, and reports its errors. Returns `None` if there is no type to implement the
/// traits for.
pub(super) fn parse(tokens: TokenStream, block: &mut Block, errors: &mut Errors) -> Option<Projection> {
    let options = ProjectionOptions::parse(tokens, errors);
    let library = options.library.path(errors);
    let version = options.version.version(errors);
    if let Some((path, _)) = &block.signature.trait_ {
        let message =
            "`#[projection]` goes on an inherent impl block, `impl MyType { … }`: it implements the traits itself";
        errors.push(path, message);
        block.items.iter_mut().for_each(|item| drop(take(item, Outer::Projection, &mut Errors::default())));
        return None;
    }
    let generics = block.signature.generics.clone();
    for parameter in generics.lifetimes() {
        let message = "a projection lives as long as its subscription: it owns what it holds, or shares it in an `Arc`";
        errors.push(parameter, message);
    }
    let scope = Scope::of(&generics);
    let mut marked = Marked::default();
    for item in &mut block.items {
        let marks = take(item, Outer::Projection, errors);
        let context = Context { scope: &scope, attributes: &item.attributes, errors };
        marked.read(&item.kind, &marks, context);
    }
    let Marked { handlers, hooks, writes_behind_shared } = marked;
    let ty = *block.signature.self_ty.clone();
    if handlers.is_empty() && errors.is_empty() {
        errors.push(&ty, "this projection handles no event: mark its handlers with `#[handles(SomeEvent)]`");
    }
    let each = handlers.iter().map(|handler| {
        let Handler { event, call, .. } = handler;
        twice::Method { event, name: &call.method, cfgs: &call.cfgs }
    });
    twice::check(each, Role::Handler, errors);
    check_hooks(&hooks, errors);
    let exhaustive = exhaustive::read(&options, &handlers, &scope, errors);
    let read_models = read_models(&options, &hooks, &scope, errors);
    let hooks: Vec<_> = hooks.into_iter().map(|(call, _)| call).collect();
    let kind = kind::decide(&ty, &handlers, &hooks, &options, errors);
    let name = name(&ty, &options, errors)?;
    let broken = !errors.is_empty() || kind == ProjectionKind::Undecided;
    // If a handler writes behind a shared reference, a copy of the state may share it.
    let owns_state = !writes_behind_shared && handlers.iter().any(|handler| handler.call.receiver.is_mut);
    let parts = Projection {
        library,
        ty,
        generics,
        name,
        version,
        kind,
        handlers,
        hooks,
        exhaustive,
        read_models,
        owns_state,
        broken,
    };
    Some(parts)
}

/// The marked methods.
#[derive(Default)]
struct Marked {
    handlers: Vec<Handler>,
    hooks: Vec<(Call, Attribute)>,
    /// Whether a handler changes state that a copy of the projection may share.
    writes_behind_shared: bool,
}

impl Marked {
    /// Parses one item of the impl block.
    fn read(&mut self, kind: &ItemKind, marks: &[(Marker, Attribute)], mut context: Context<'_>) {
        match (kind, marks) {
            (ItemKind::MacroCall(call), _) => {
                let message = "`#[projection]` does not see into a macro call, so handlers in it would not be called: \
                               move the call to an impl block of its own";
                context.errors.push(call, message);
            }
            (_, []) => {}
            (ItemKind::Unreadable(_, error), _) => context.errors.add(error.clone()),
            (ItemKind::Other(_), [(marker, mark), ..]) => {
                context.errors.push(mark, format_args!("`#[{}]` goes on a method", marker.name()));
            }
            (ItemKind::Method(method), [(marker, mark), more @ ..]) => {
                check_more(*marker, more, context.errors);
                match marker {
                    Marker::Handles => {
                        let handler = method::handler(mark, &method.signature, &mut context);
                        self.writes_behind_shared |= handler.is_some() && method.writes_behind_shared();
                        self.handlers.extend(handler);
                    }
                    _ => {
                        let hook = method::truncate(mark, &method.signature, &mut context);
                        self.hooks.extend(hook.map(|call| (call, mark.clone())));
                    }
                }
            }
        }
    }
}

/// Reports the marks of a method after the first one.
fn check_more(first: Marker, more: &[(Marker, Attribute)], errors: &mut Errors) {
    for (other, mark) in more {
        let message = match (first, other) {
            (Marker::Handles, Marker::Handles) => one_event(Marker::Handles),
            (Marker::Truncate, Marker::Truncate) => "this method is the truncate hook already",
            _ => "a method is a handler or the truncate hook, not both",
        };
        errors.push(mark, message);
    }
}

/// Reports two truncate hooks. If one of them is behind a `cfg`, the compiler reports it.
fn check_hooks(hooks: &[(Call, Attribute)], errors: &mut Errors) {
    let mut certain = hooks.iter().filter(|(call, _)| call.cfgs.is_empty());
    let Some((first, _)) = certain.next() else { return };
    for (_, mark) in certain {
        errors.push(mark, format_args!("a projection has one truncate hook, and `{}` is it already", first.method));
    }
}

/// Parses the read models that the projection owns. They need no truncate hook.
fn read_models(
    options: &ProjectionOptions,
    hooks: &[(Call, Attribute)],
    scope: &Scope,
    errors: &mut Errors,
) -> Vec<Type> {
    let read_models = Naming::ReadModels.read(&options.read_models, scope, errors);
    if let (Some(_), Some((hook, mark))) = (options.read_models.key(), hooks.first()) {
        let message = format_args!(
            "`read_models` generates the truncate hook, and `{}` is one: keep one of the two",
            hook.method
        );
        errors.push(mark, message);
    }
    read_models
}

/// Returns the name of the projection: the option, or the name of the type.
fn name(ty: &Type, options: &ProjectionOptions, errors: &mut Errors) -> Option<String> {
    let given = options.name.value(errors);
    if let Some(literal) = given
        && literal.value().trim().is_empty()
    {
        errors.push(literal, "the name of a projection is not empty: its checkpoint is kept under it");
    }
    if let Some(literal) = given
        && literal.value().contains(char::is_control)
    {
        errors.push(literal, "the name of a projection is one line of plain text: remove what cannot be seen");
    }
    if let Some(literal) = given
        && let Some(kept) = ["~next", "__next"].into_iter().find(|kept| literal.value().ends_with(kept))
    {
        let message =
            format_args!("`{kept}` at the end of a name is kept for rebuilds side by side: choose another name");
        errors.push(literal, message);
    }
    let Type::Path(path) = plain(ty) else {
        errors.push(ty, "`#[projection]` goes on the impl block of a struct or an enum");
        return None;
    };
    let last = path.path.segments.last()?;
    Some(given.map_or_else(|| last.ident.unraw().to_string(), |literal| literal.value()))
}
