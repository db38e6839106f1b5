//! Parses the options that name types.

use syn::Type;

use crate::block::scope::Scope;
use crate::errors::Errors;
use crate::options::{Given, List};
use crate::text::shown;
use crate::types::{only_argument, plain};

/// An option that names types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// `exhaustive(Order)`
    Exhaustive,
    /// `ignores(OrderNoteAdded)`
    Ignores,
    /// `read_models(OrderRow)`
    ReadModels,
}

impl Naming {
    /// The key of the option.
    const fn key(self) -> &'static str {
        match self {
            Self::Exhaustive => "exhaustive",
            Self::Ignores => "ignores",
            Self::ReadModels => "read_models",
        }
    }

    /// What each of its types is.
    const fn what(self) -> &'static str {
        match self {
            Self::Exhaustive => "an aggregate",
            Self::Ignores => "an event",
            Self::ReadModels => "a read model",
        }
    }

    /// Returns the types that the option names. Each uses no name of the impl block, and is named once.
    pub(super) fn read(self, given: &Given<List<Type>>, scope: &Scope, errors: &mut Errors) -> Vec<Type> {
        let (key, what) = (self.key(), self.what());
        let types = given.entries(errors);
        // An empty `exhaustive` has a message of its own.
        if let (true, Some(span), true) = (types.is_empty(), given.key(), errors.is_empty())
            && self != Self::Exhaustive
        {
            errors.at(span, format_args!("`{key}` names nothing: name {what}, or remove it"));
        }
        for (at, ty) in types.iter().enumerate() {
            if let Some(meant) = self.meant(ty) {
                errors.push(ty, format_args!("this is not {what}: write `{key}({meant})`"));
            }
            if let Some(name) = scope.used_in(ty) {
                errors.push(ty, format_args!("`{name}` means nothing here: name {what}"));
            }
            if types[..at].iter().any(|other| shown(other) == shown(ty)) {
                errors.push(ty, format_args!("`{}` is named twice: keep one of them", shown(ty)));
            }
        }
        types.to_vec()
    }

    /// Returns the type that was meant by a `ty` in brackets, by reference, or inside a repository.
    fn meant(self, ty: &Type) -> Option<String> {
        match plain(ty) {
            Type::Slice(slice) => Some(shown(&slice.elem)),
            Type::Reference(reference) => Some(shown(&reference.elem)),
            Type::Tuple(tuple) => Some(shown(&tuple.elems)),
            Type::Path(path) if self == Self::ReadModels => {
                let repository = path.path.segments.last().filter(|last| last.ident == "Repository");
                repository.and_then(only_argument).map(shown)
            }
            _ => None,
        }
    }
}
