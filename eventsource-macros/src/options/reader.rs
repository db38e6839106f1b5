//! Reads the tokens of an attribute, and finds the option that each part of it is.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Token};

use super::value::{Form, Value};
use crate::errors::Errors;
use crate::suggest::nearest;

/// An option that an attribute knows.
pub(crate) struct Spec {
    form: Form,
    /// An example, which begins with the key.
    pub(super) example: &'static str,
}

impl Spec {
    /// Returns an option with a value of the type `T`.
    pub(crate) const fn of<T: Value>(example: &'static str) -> Self {
        Self { form: T::FORM, example }
    }

    /// Returns the key.
    pub(super) fn key(&self) -> &'static str {
        self.example.split([' ', '(']).next().unwrap_or(self.example)
    }
}

/// An option as it is written, before its value is parsed.
#[derive(Clone)]
pub(crate) enum Written {
    /// It is not there.
    Absent,
    /// It is there, without the value that it needs, which has been reported.
    WithoutValue {
        /// The place of its key.
        key: Span,
    },
    /// It is there with a value, which has no tokens if the option stands alone.
    WithValue {
        /// The option.
        spec: &'static Spec,
        /// The place of its key.
        key: Span,
        /// The tokens of its value.
        value: TokenStream,
    },
}

/// Reads the options of one attribute, each at most once.
pub(crate) struct Reader {
    specs: &'static [Spec],
    /// One for each of `specs`.
    written: Vec<Written>,
}

impl Reader {
    /// Creates a reader of the options `specs`.
    pub(super) fn new(specs: &'static [Spec]) -> Self {
        Self { specs, written: vec![Written::Absent; specs.len()] }
    }

    /// Returns the options, in the order of their specs.
    pub(super) fn finish(self) -> impl Iterator<Item = Written> {
        self.written.into_iter()
    }

    /// Reads the tokens between the parentheses of an attribute.
    pub(super) fn read(&mut self, tokens: TokenStream, errors: &mut Errors) {
        let result = (|input: ParseStream| {
            while !input.is_empty() {
                self.read_one(input, errors)?;
                if input.peek(Token![,]) {
                    input.parse::<Token![,]>()?;
                } else if let Ok(key) = input.fork().call(Ident::parse_any) {
                    errors.push(&key, format_args!("a comma is missing before `{key}`"));
                }
            }
            Ok(())
        })
        .parse2(tokens);
        if let Err(error) = result {
            errors.add(error);
        }
    }

    /// Reads one option, up to the comma after it.
    fn read_one(&mut self, input: ParseStream, errors: &mut Errors) -> syn::Result<()> {
        let Ok(key) = input.call(Ident::parse_any) else {
            let rest = up_to_comma(input)?;
            let example =
                self.specs.iter().find(|spec| spec.form != Form::Alone).map_or("name = …", |spec| spec.example);
            let message =
                format_args!("an option is expected here, such as `{example}`: the options are {}", self.list());
            errors.push(or_first(rest, input), message);
            return Ok(());
        };
        let equals: Option<Token![=]> = input.parse()?;
        let value = up_to_comma(input)?;
        let Some((spec, written)) = self.find(&key, errors) else { return Ok(()) };
        if matches!(written, Written::Absent) {
            *written = spec.write(&key, equals.is_some(), value, errors);
        } else {
            errors.push(&key, format_args!("`{}` is given twice: keep one of them", spec.key()));
        }
        Ok(())
    }

    /// Returns the option `key`, or the option that a misspelt `key` was meant to be, and its place.
    fn find(&mut self, key: &Ident, errors: &mut Errors) -> Option<(&'static Spec, &mut Written)> {
        let word = key.unraw().to_string();
        let mut meant = Some(&*word).filter(|word| self.specs.iter().any(|spec| spec.key() == *word));
        if meant.is_none() {
            meant = nearest(&word, self.specs.iter().map(Spec::key));
            let hint = meant.map_or_else(|| ": the".to_owned(), |meant| format!(", did you mean `{meant}`? The"));
            errors.push(key, format_args!("there is no option `{word}`{hint} options are {}", self.list()));
        }
        self.specs.iter().zip(&mut self.written).find(|(spec, _)| Some(spec.key()) == meant)
    }

    /// Lists the options that exist.
    fn list(&self) -> String {
        let keys: Vec<_> = self.specs.iter().map(|spec| format!("`{}`", spec.key())).collect();
        keys.join(", ")
    }
}

impl Spec {
    /// Returns the option with the tokens after its key. Reports a missing value, and one that should not be there.
    fn write(&'static self, key: &Ident, is_assigned: bool, value: TokenStream, errors: &mut Errors) -> Written {
        let (name, place) = (self.key(), key.span());
        let list = if self.form == Form::List { in_parentheses(&value) } else { None };
        let value = match (self.form, list) {
            (Form::Alone, _) => {
                if is_assigned || !value.is_empty() {
                    errors.push(key, format_args!("`{name}` stands alone, without a value"));
                }
                TokenStream::new()
            }
            (_, Some(list)) => list,
            (_, None) if is_assigned && !value.is_empty() => value,
            (_, None) => {
                errors.push(key, format_args!("`{name}` needs a value, such as `{}`", self.example));
                return Written::WithoutValue { key: place };
            }
        };
        Written::WithValue { spec: self, key: place, value }
    }
}

/// Returns the content of `tokens`, if they are one group in parentheses.
fn in_parentheses(tokens: &TokenStream) -> Option<TokenStream> {
    let mut tokens = tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => Some(group.stream()),
        _ => None,
    }
}

/// Reads the tokens up to the next comma, or up to the next option if the comma before it is missing.
fn up_to_comma(input: ParseStream) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut whole = false;
    while !input.is_empty() && !input.peek(Token![,]) {
        if whole && input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            break;
        }
        let token: TokenTree = input.parse()?;
        whole = !matches!(token, TokenTree::Punct(_));
        tokens.extend([token]);
    }
    Ok(tokens)
}

/// Returns `tokens`, or the next token if there are none.
fn or_first(tokens: TokenStream, input: ParseStream) -> TokenStream {
    if tokens.is_empty() {
        input.cursor().token_tree().map(|(token, _)| token.into()).unwrap_or_default()
    } else {
        tokens
    }
}
