//! From the impl block to the projection.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::{Attribute, Meta, Type};

use super::block::{Block, Item, ItemKind};
use super::kind;
use super::method::{self, Context};
use super::model::{Call, Handler, Projection};
use super::parameter::plain;
use super::scope::Scope;
use crate::errors::Errors;
use crate::marker::Marker;
use crate::options::{Options, Spec};
use crate::text::shown;

const OPTIONS: &[Spec] = &[
    Spec { key: "name", example: Some("name = \"order-summary\"") },
    Spec { key: "version", example: Some("version = 2") },
    Spec { key: "memory", example: None },
    Spec { key: "effects", example: None },
    Spec { key: "read_models", example: Some("read_models(OrderRow)") },
    Spec { key: "crate", example: Some("crate = my::reexport") },
];

/// The projection in `block`, which loses its marks, and what is wrong with it. `None` where there is no type to
/// implement the traits for.
pub(super) fn parse(tokens: TokenStream, block: &mut Block, errors: &mut Errors) -> Option<Projection> {
    let mut options = Options::new(OPTIONS);
    options.read(tokens, errors);
    let (library, version) = (options.library(errors), options.version(errors));
    if let Some((path, _)) = &block.signature.trait_ {
        let message =
            "`#[projection]` goes on an inherent impl block, `impl MyType { … }`: it implements the traits itself";
        errors.push(path, message);
        block.items.iter_mut().for_each(|item| drop(take_marks(item, &library, &mut Errors::default())));
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
        let marks = take_marks(item, &library, errors);
        let context = Context { scope: &scope, attributes: &item.attributes, errors };
        marked.read(&item.kind, &marks, context);
    }
    let Marked { handlers, hooks } = marked;
    let ty = *block.signature.self_ty.clone();
    if handlers.is_empty() && errors.is_empty() {
        errors.push(&ty, "this projection handles no event: mark its handlers with `#[handles(SomeEvent)]`");
    }
    check_duplicates(&handlers, errors);
    check_hooks(&hooks, errors);
    let read_models = read_models(&options, &hooks, &scope, errors);
    let hooks: Vec<_> = hooks.into_iter().map(|(call, _)| call).collect();
    let kind = kind::decide(&ty, &handlers, &hooks, &options, errors);
    let name = name(&ty, &options, errors)?;
    let broken = !errors.is_empty();
    Some(Projection { library, ty, generics, name, version, kind, handlers, hooks, read_models, broken })
}

/// The marked methods.
#[derive(Default)]
struct Marked {
    handlers: Vec<Handler>,
    hooks: Vec<(Call, Attribute)>,
}

impl Marked {
    /// Reads one item of the impl block by its marks.
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
                    Marker::Handles => self.handlers.extend(method::handler(mark, &method.signature, &mut context)),
                    Marker::Truncate => {
                        let hook = method::truncate(mark, &method.signature, &mut context);
                        self.hooks.extend(hook.map(|call| (call, mark.clone())));
                    }
                }
            }
        }
    }
}

/// The marks after the first one of a method, which has one.
fn check_more(first: Marker, more: &[(Marker, Attribute)], errors: &mut Errors) {
    for (other, mark) in more {
        let message = match (first, other) {
            (Marker::Handles, Marker::Handles) => {
                "a method handles one event: write one method for each, and let them call a shared one"
            }
            (Marker::Truncate, Marker::Truncate) => "this method is the truncate hook already",
            _ => "a method is a handler or the truncate hook, not both",
        };
        errors.push(mark, message);
    }
}

/// Takes the marks off `item`.
fn take_marks(item: &mut Item, library: &TokenStream, errors: &mut Errors) -> Vec<(Marker, Attribute)> {
    let mut marks = Vec::new();
    item.attributes.retain(|attribute| {
        if let Some(marker) = Marker::of(attribute, library) {
            marks.push((marker, attribute.clone()));
            return false;
        }
        let hidden = hidden_mark(attribute);
        if let Some(name) = &hidden {
            let message = format_args!(
                "`#[projection]` does not see a `{name}` inside of `cfg_attr`: put `#[cfg(…)]` on the method and `#[{name}]` below it"
            );
            errors.push(attribute, message);
        }
        hidden.is_none()
    });
    marks
}

/// The mark in a `cfg_attr`.
fn hidden_mark(attribute: &Attribute) -> Option<String> {
    let Meta::List(list) = &attribute.meta else { return None };
    if !list.path.is_ident("cfg_attr") {
        return None;
    }
    let tokens: Vec<_> = list.tokens.clone().into_iter().map(|token| token.to_string()).collect();
    let after = tokens.iter().skip_while(|token| *token != ",");
    after.into_iter().find(|token| *token == "handles" || *token == "truncate").cloned()
}

/// Two methods for one event. Where one of them is behind a `cfg`, or the event behind an alias, generated code finds it.
fn check_duplicates(handlers: &[Handler], errors: &mut Errors) {
    let certain: Vec<_> = handlers.iter().filter(|handler| handler.call.cfgs.is_empty()).collect();
    for (index, second) in certain.iter().enumerate() {
        let event = shown(&second.event);
        let Some(first) = certain[..index].iter().find(|first| shown(&first.event) == event) else { continue };
        let (kept, other) = (&first.call.method, &second.call.method);
        errors.push(
            &second.event,
            format_args!("`{event}` is handled twice, by `{kept}` already: keep one of the two methods"),
        );
        errors.push(&first.event, format_args!("this is the other handler of `{event}`, beside `{other}`"));
    }
}

/// Two truncate hooks. Where one of them is behind a `cfg`, the compiler finds out.
fn check_hooks(hooks: &[(Call, Attribute)], errors: &mut Errors) {
    let mut certain = hooks.iter().filter(|(call, _)| call.cfgs.is_empty());
    let Some((first, _)) = certain.next() else { return };
    for (_, mark) in certain {
        errors.push(mark, format_args!("a projection has one truncate hook, and `{}` is it already", first.method));
    }
}

/// The read models that the projection owns. They are emptied without a truncate hook.
fn read_models(options: &Options, hooks: &[(Call, Attribute)], scope: &Scope, errors: &mut Errors) -> Vec<Type> {
    let read_models = options.types("read_models", errors);
    for (at, ty) in read_models.iter().enumerate() {
        if let Some(name) = scope.used_in(ty) {
            errors.push(ty, format_args!("`{name}` means nothing here: name a read model"));
        }
        if read_models[..at].iter().any(|other| shown(other) == shown(ty)) {
            errors.push(ty, format_args!("`{}` is named twice: keep one of them", shown(ty)));
        }
    }
    if let (Some(_), Some((hook, mark))) = (options.span("read_models"), hooks.first()) {
        let message = format_args!(
            "`read_models` generates the truncate hook, and `{}` is one: keep one of the two",
            hook.method
        );
        errors.push(mark, message);
    }
    read_models
}

/// The name of the projection: that of the option, or of the type.
fn name(ty: &Type, options: &Options, errors: &mut Errors) -> Option<String> {
    let given = options.text("name", errors);
    if let Some(literal) = &given
        && literal.value().trim().is_empty()
    {
        errors.push(literal, "the name of a projection is not empty: its checkpoint is kept under it");
    }
    let Type::Path(path) = plain(ty) else {
        errors.push(ty, "`#[projection]` goes on the impl block of a struct or an enum");
        return None;
    };
    let last = path.path.segments.last()?;
    Some(given.map_or_else(|| last.ident.unraw().to_string(), |literal| literal.value()))
}
