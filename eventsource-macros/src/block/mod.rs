//! Parses an impl block leniently: bodies are not parsed, and items that cannot be parsed stay as they are.
//!
//! Used by `#[projection]` and `#[aggregate]`. A half-typed body causes only the error of the compiler.

pub(crate) mod marker;
pub(crate) mod method;
pub(crate) mod parameter;
pub(crate) mod role;
pub(crate) mod scope;
mod shared;
pub(crate) mod twice;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, ItemImpl, LitStr, Path, Signature, Token, Visibility, token};

use self::marker::{Outer, strip, strip_outer};
use crate::errors::Errors;

/// An impl block.
pub(crate) struct Block {
    /// The tokens before the braces.
    head: TokenStream,
    /// The parsed head, without items.
    pub(crate) signature: ItemImpl,
    braces: Span,
    inner: Vec<Attribute>,
    /// The items between the braces.
    pub(crate) items: Vec<Item>,
}

/// An item of an impl block.
pub(crate) struct Item {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) kind: ItemKind,
}

/// The kind of an item of an impl block.
pub(crate) enum ItemKind {
    /// A method, or an associated function.
    Method(Box<Method>),
    /// A call of a macro.
    MacroCall(TokenStream),
    /// A constant, or a type.
    Other(TokenStream),
    /// An item that begins like a method and cannot be parsed.
    Unreadable(TokenStream, syn::Error),
}

/// A method, or an associated function.
pub(crate) struct Method {
    before: TokenStream,
    /// From `async` to the return type.
    pub(crate) signature: Signature,
    body: TokenStream,
}

impl Block {
    /// Expands the attribute `outer` on `item` to the item without its marks, the output of `generate`, and the errors.
    pub(crate) fn expand(
        item: TokenStream,
        outer: Outer,
        generate: impl FnOnce(&mut Self, &mut Errors) -> Option<TokenStream>,
    ) -> TokenStream {
        let mut errors = Errors::default();
        let mut output = match Self::read(item.clone()) {
            Some(Ok(mut block)) => {
                block.check_alone(outer, &mut errors);
                // Do not report errors that follow from this one.
                let told = (!errors.is_empty()).then(|| errors.clone());
                let generated = generate(&mut block, &mut errors);
                errors = told.unwrap_or(errors);
                let mut output = block.into_token_stream();
                output.extend(generated);
                output
            }
            Some(Err(error)) => {
                errors.add(error);
                strip(item)
            }
            None => {
                let message = match outer {
                    Outer::Projection => {
                        "`#[projection]` goes on the impl block that has the handlers: `#[projection] impl MyType { … }`"
                    }
                    Outer::Aggregate => {
                        "`#[aggregate]` goes on the impl block that applies the events: `#[aggregate] impl MyType { … }`"
                    }
                };
                errors.at(Span::call_site(), message);
                strip(item)
            }
        };
        output.extend(errors.into_tokens());
        output
    }

    /// Reports and removes another `#[projection]` or `#[aggregate]` on the same impl block.
    fn check_alone(&mut self, outer: Outer, errors: &mut Errors) {
        for attribute in &self.signature.attrs {
            let Some(other) = Outer::of(attribute) else { continue };
            if other == outer {
                errors.push(attribute, format_args!("this impl block is marked `#[{}]` twice: keep one", outer.name()));
            } else {
                let message =
                    "an impl block is a projection or an aggregate: write one block for each, with its own methods";
                errors.push(attribute, message);
            }
        }
        if !errors.is_empty() {
            self.head = strip_outer(std::mem::take(&mut self.head));
        }
    }

    /// Parses `item`. Returns `None` if it is not an impl block.
    pub(crate) fn read(item: TokenStream) -> Option<syn::Result<Self>> {
        let mut head: Vec<TokenTree> = flattened(item).into_iter().collect();
        let Some(TokenTree::Group(body)) = head.pop() else { return None };
        if body.delimiter() != Delimiter::Brace || !is_impl(&head) {
            return None;
        }
        Some(Self::from_parts(head.into_iter().collect(), &body))
    }

    fn from_parts(head: TokenStream, body: &Group) -> syn::Result<Self> {
        let mut signature = head.clone();
        signature.append(Group::new(Delimiter::Brace, TokenStream::new()));
        let signature = syn::parse2(signature)?;
        let read = |input: ParseStream| {
            let inner = input.call(Attribute::parse_inner)?;
            let mut items = Vec::new();
            while !input.is_empty() {
                items.push(input.parse()?);
            }
            Ok((inner, items))
        };
        let (inner, items) = read.parse2(body.stream())?;
        Ok(Self { head, signature, braces: body.span(), inner, items })
    }
}

/// Whether the first word after attributes and modifiers is `impl`.
fn is_impl(head: &[TokenTree]) -> bool {
    let first = head.iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident != "unsafe" && ident != "default" => Some(ident),
        _ => None,
    });
    first.is_some_and(|ident| ident == "impl")
}

/// Unwraps the invisible group in which a `macro_rules!` passes a whole item.
fn flattened(item: TokenStream) -> TokenStream {
    let mut tokens = item.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::None => flattened(group.stream()),
        _ => item,
    }
}

impl Parse for Item {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let kind = if is_function(input) {
            let ahead = input.fork();
            match ahead.parse() {
                Ok(method) => {
                    input.advance_to(&ahead);
                    ItemKind::Method(Box::new(method))
                }
                Err(error) => ItemKind::Unreadable(up_to_end(input, true)?, error),
            }
        } else if is_macro_call(input) {
            ItemKind::MacroCall(up_to_end(input, true)?)
        } else {
            ItemKind::Other(up_to_end(input, false)?)
        };
        Ok(Self { attributes, kind })
    }
}

impl Parse for Method {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let mut before = input.parse::<Visibility>()?.into_token_stream();
        before.append_all(input.parse::<Option<Token![default]>>()?);
        let signature = input.parse()?;
        if !input.peek(token::Brace) && !input.peek(Token![;]) {
            return Err(input.error("expected the body of this method"));
        }
        Ok(Self { before, signature, body: input.parse::<TokenTree>()?.into() })
    }
}

/// Whether a function comes next.
fn is_function(input: ParseStream) -> bool {
    let ahead = input.fork();
    let _ = ahead.parse::<Visibility>();
    let _ = ahead.parse::<Option<Token![default]>>();
    loop {
        if ahead.peek(Token![fn]) {
            return true;
        }
        let skipped = ahead.parse::<Token![const]>().is_ok()
            || ahead.parse::<Token![async]>().is_ok()
            || ahead.parse::<Token![unsafe]>().is_ok()
            || ahead.parse::<Token![extern]>().is_ok()
            || ahead.parse::<LitStr>().is_ok();
        if !skipped {
            return false;
        }
    }
}

/// Whether a call of a macro comes next.
fn is_macro_call(input: ParseStream) -> bool {
    let ahead = input.fork();
    ahead.call(Path::parse_mod_style).is_ok() && ahead.peek(Token![!])
}

/// Reads the tokens up to the semicolon or the braces that end the item.
fn up_to_end(input: ParseStream, braces_end: bool) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let end = input.peek(Token![;]) || (braces_end && input.peek(token::Brace));
        tokens.append(input.parse::<TokenTree>()?);
        if end {
            break;
        }
    }
    Ok(tokens)
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let mut body = TokenStream::new();
        body.append_all(&self.inner);
        body.append_all(&self.items);
        let mut body = Group::new(Delimiter::Brace, body);
        body.set_span(self.braces);
        tokens.extend(self.head.clone());
        tokens.append(body);
    }
}

impl ToTokens for Item {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attributes);
        match &self.kind {
            ItemKind::Method(method) => {
                method.before.to_tokens(tokens);
                method.signature.to_tokens(tokens);
                method.body.to_tokens(tokens);
            }
            ItemKind::MacroCall(other) | ItemKind::Other(other) | ItemKind::Unreadable(other, _) => {
                other.to_tokens(tokens);
            }
        }
    }
}
