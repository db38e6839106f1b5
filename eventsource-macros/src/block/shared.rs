//! Finds methods that change state which a copy of `self` may share.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Method;

/// Methods without arguments that give write access behind a shared reference.
const LOCKS: &[&str] =
    &["lock", "try_lock", "write", "try_write", "borrow_mut", "try_borrow_mut", "lock_owned", "write_owned"];

impl Method {
    /// Whether its body calls a method that writes behind a shared reference, such as `lock` or `fetch_add`. If the
    /// type is `Clone`, its state is then usually behind an `Arc`: `Mutex` and atomics are not `Clone`.
    pub(crate) fn writes_behind_shared(&self) -> bool {
        calls_one(self.body.clone())
    }
}

fn calls_one(tokens: TokenStream) -> bool {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let calls = tokens.windows(3).any(|window| match window {
        [TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(arguments)] => {
            let method = method.to_string();
            dot.as_char() == '.'
                && arguments.delimiter() == Delimiter::Parenthesis
                && (method.starts_with("fetch_") || (arguments.stream().is_empty() && LOCKS.contains(&method.as_str())))
        }
        _ => false,
    });
    calls || tokens.into_iter().any(|token| matches!(token, TokenTree::Group(group) if calls_one(group.stream())))
}
