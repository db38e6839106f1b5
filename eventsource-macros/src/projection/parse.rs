//! Parses the impl block of a projection.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Attribute, Type};

use super::model::{Call, Handler, Projection, ProjectionKind};
use super::{exhaustive, kind, method};
use crate::block::marker::{Marker, Outer, take};
use crate::block::method::{Context, one_event, only_argument};
use crate::block::parameter::plain;
use crate::block::role::Role;
use crate::block::scope::Scope;
use crate::block::{Block, ItemKind, twice};
use crate::errors::Errors;
use crate::options::{Options, Spec};
use crate::text::shown;

const OPTIONS: &[Spec] = &[
    Spec { key: "name", example: Some("name = \"order-summary\"") },
    Spec { key: "version", example: Some("version = 2") },
    Spec { key: "memory", example: None },
    Spec { key: "snapshot", example: None },
    Spec { key: "effects", example: None },
    Spec { key: "exhaustive", example: Some("exhaustive = Order` or `exhaustive(Order, Customer)") },
    Spec { key: "ignores", example: Some("ignores(OrderNoteAdded)") },
    Spec { key: "read_models", example: Some("read_models(OrderRow)") },
    Spec { key: "crate", example: Some("crate = my::reexport") },
];

/// Parses `block`, removes its marks, and reports its errors. Returns `None` if there is no type to implement the
/// traits for.
pub(super) fn parse(tokens: TokenStream, block: &mut Block, errors: &mut Errors) -> Option<Projection> {
    let mut options = Options::new(OPTIONS);
    options.read(tokens, errors);
    let (library, version) = (options.library(errors), options.version(errors));
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
fn read_models(options: &Options, hooks: &[(Call, Attribute)], scope: &Scope, errors: &mut Errors) -> Vec<Type> {
    let read_models = named_types("read_models", "a read model", options, scope, errors);
    if let (Some(_), Some((hook, mark))) = (options.span("read_models"), hooks.first()) {
        let message = format_args!(
            "`read_models` generates the truncate hook, and `{}` is one: keep one of the two",
            hook.method
        );
        errors.push(mark, message);
    }
    read_models
}

/// Parses the types that the option `key` lists. Each is `what`, uses no name of the impl block, and is named once.
pub(super) fn named_types(key: &str, what: &str, options: &Options, scope: &Scope, errors: &mut Errors) -> Vec<Type> {
    let types = options.types(key, errors);
    if let (true, Some(span), true) = (types.is_empty(), options.span(key), errors.is_empty())
        && key != "exhaustive"
    {
        errors.at(span, format_args!("`{key}` names nothing: name {what}, or remove it"));
    }
    for (at, ty) in types.iter().enumerate() {
        if let Some(meant) = meant(key, ty) {
            errors.push(ty, format_args!("this is not {what}: write `{key}({meant})`"));
        }
        if let Some(name) = scope.used_in(ty) {
            errors.push(ty, format_args!("`{name}` means nothing here: name {what}"));
        }
        if types[..at].iter().any(|other| shown(other) == shown(ty)) {
            errors.push(ty, format_args!("`{}` is named twice: keep one of them", shown(ty)));
        }
    }
    types
}

/// Returns the type that was meant by a `ty` in brackets, by reference, or inside a repository.
fn meant(key: &str, ty: &Type) -> Option<String> {
    match plain(ty) {
        Type::Slice(slice) => Some(shown(&slice.elem)),
        Type::Reference(reference) => Some(shown(&reference.elem)),
        Type::Tuple(tuple) => Some(shown(&tuple.elems)),
        Type::Path(path) => {
            let repository =
                path.path.segments.last().filter(|last| key == "read_models" && last.ident == "Repository");
            repository.and_then(only_argument).map(shown)
        }
        _ => None,
    }
}

/// Returns the name of the projection: the option, or the name of the type.
fn name(ty: &Type, options: &Options, errors: &mut Errors) -> Option<String> {
    let given = options.text("name", errors);
    if let Some(literal) = &given
        && literal.value().trim().is_empty()
    {
        errors.push(literal, "the name of a projection is not empty: its checkpoint is kept under it");
    }
    if let Some(literal) = &given
        && literal.value().contains(char::is_control)
    {
        errors.push(literal, "the name of a projection is one line of plain text: remove what cannot be seen");
    }
    if let Some(literal) = &given
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
