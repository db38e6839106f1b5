//! The options of an attribute: `key = value`, or a key alone, between commas.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Path, Token, Type};

use crate::errors::Errors;
use crate::suggest::nearest;

/// An option that an attribute knows.
pub(crate) struct Spec {
    pub(crate) key: &'static str,
    /// An example with a value; `None` if the option has no value.
    pub(crate) example: Option<&'static str>,
}

impl Spec {
    /// Whether its value is a list in parentheses.
    fn is_list(&self) -> bool {
        self.example.is_some_and(|example| example.ends_with(')'))
    }
}

/// The options that were given, each at most once.
pub(crate) struct Options {
    valid: &'static [Spec],
    given: Vec<Given>,
}

struct Given {
    key: &'static str,
    span: Span,
    value: TokenStream,
}

impl Options {
    /// Creates an empty set. `valid` are the options that exist.
    pub(crate) const fn new(valid: &'static [Spec]) -> Self {
        Self { valid, given: Vec::new() }
    }

    /// Reads the tokens between the parentheses of an attribute.
    pub(crate) fn read(&mut self, tokens: TokenStream, errors: &mut Errors) {
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
            let example = self.valid.iter().find_map(|spec| spec.example).unwrap_or("name = …");
            let message =
                format_args!("an option is expected here, such as `{example}`: the options are {}", self.list());
            errors.push(or_first(rest, input), message);
            return Ok(());
        };
        let equals: Option<Token![=]> = input.parse()?;
        let value = up_to_comma(input)?;
        let Some(spec) = self.find(&key, errors) else { return Ok(()) };
        if self.given.iter().any(|given| given.key == spec.key) {
            errors.push(&key, format_args!("`{}` is given twice: keep one of them", spec.key));
            return Ok(());
        }
        let list = spec.is_list().then(|| in_parentheses(&value)).flatten();
        match spec.example {
            Some(_) if list.is_some() && equals.is_none() => {}
            Some(example) if equals.is_none() || value.is_empty() => {
                errors.push(&key, format_args!("`{}` needs a value, such as `{example}`", spec.key));
            }
            None if equals.is_some() || !value.is_empty() => {
                errors.push(&key, format_args!("`{}` stands alone, without a value", spec.key));
            }
            _ => {}
        }
        self.given.push(Given {
            key: spec.key,
            span: key.span(),
            value: list.unwrap_or_else(|| if equals.is_some() { value } else { TokenStream::new() }),
        });
        Ok(())
    }

    /// Returns the option `key`, or the option that a misspelt `key` was meant to be.
    fn find(&self, key: &Ident, errors: &mut Errors) -> Option<&'static Spec> {
        let word = key.unraw().to_string();
        if let Some(spec) = self.valid.iter().find(|spec| word == spec.key) {
            return Some(spec);
        }
        let meant = nearest(&word, self.valid.iter().map(|spec| spec.key));
        let hint = meant.map_or_else(|| ": the".to_owned(), |meant| format!(", did you mean `{meant}`? The"));
        errors.push(key, format_args!("there is no option `{word}`{hint} options are {}", self.list()));
        self.valid.iter().find(|spec| Some(spec.key) == meant)
    }

    /// Lists the options that exist.
    fn list(&self) -> String {
        let keys: Vec<_> = self.valid.iter().map(|spec| format!("`{}`", spec.key)).collect();
        keys.join(", ")
    }

    fn given(&self, key: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.key == key)
    }

    /// Returns the place of the option `key`.
    pub(crate) fn span(&self, key: &str) -> Option<Span> {
        self.given(key).map(|given| given.span)
    }

    /// Returns the value of the option `key`. Reports a value that is not a `T`.
    fn value<T: syn::parse::Parse>(&self, key: &str, what: &str, errors: &mut Errors) -> Option<T> {
        let value = self.given(key).map(|given| &given.value).filter(|value| !value.is_empty())?;
        let parsed = syn::parse2(value.clone());
        if parsed.is_err() {
            errors.push(value, format_args!("`{key}` is {what}"));
        }
        parsed.ok()
    }

    /// Returns the value of an option that is a text.
    pub(crate) fn text(&self, key: &str, errors: &mut Errors) -> Option<LitStr> {
        self.value(key, "a text between quotes", errors)
    }

    /// Returns the value of an option that is a list of types.
    pub(crate) fn types(&self, key: &str, errors: &mut Errors) -> Vec<Type> {
        self.listed(key, "types", errors)
    }

    /// Returns the value of an option that is a list of texts.
    pub(crate) fn texts(&self, key: &str, errors: &mut Errors) -> Vec<LitStr> {
        self.listed(key, "texts between quotes", errors)
    }

    /// Returns the value of an option that is a list of `what`.
    pub(crate) fn listed<T: syn::parse::Parse>(&self, key: &str, what: &str, errors: &mut Errors) -> Vec<T> {
        let Some(value) = self.given(key).map(|given| &given.value).filter(|value| !value.is_empty()) else {
            return Vec::new();
        };
        if let Ok(list) = Punctuated::<T, Token![,]>::parse_terminated.parse2(value.clone()) {
            return list.into_iter().collect();
        }
        let example = self.valid.iter().find(|spec| spec.key == key).and_then(|spec| spec.example);
        errors.push(value, format_args!("`{key}` is a list of {what}, such as `{}`", example.unwrap_or(key)));
        Vec::new()
    }

    /// Returns the value of the option `version`. The default is 1.
    pub(crate) fn version(&self, errors: &mut Errors) -> u32 {
        const RULE: &str = "a whole number from 1 on, such as `version = 2`";
        let Some(literal) = self.value::<LitInt>("version", RULE, errors) else { return 1 };
        match literal.base10_parse() {
            Ok(version) if version >= 1 => version,
            _ => {
                errors.push(literal, format_args!("`version` is {RULE}"));
                1
            }
        }
    }

    /// Returns the path to the runtime crate: the option `crate`, or `::eventsource`.
    pub(crate) fn library(&self, errors: &mut Errors) -> TokenStream {
        let path = self.value::<ModPath>("crate", "a path, such as `crate = my::reexport`", errors);
        path.map_or_else(|| quote::quote!(::eventsource), |ModPath(path)| path.into_token_stream())
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

/// A path without generic arguments.
struct ModPath(Path);

impl syn::parse::Parse for ModPath {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        input.call(Path::parse_mod_style).map(Self)
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

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &[Spec] = &[
        Spec { key: "name", example: Some("name = \"x\"") },
        Spec { key: "version", example: Some("version = 2") },
        Spec { key: "memory", example: None },
        Spec { key: "crate", example: Some("crate = x") },
    ];

    fn read(text: &str) -> (Options, Vec<String>) {
        let (mut options, mut errors) = (Options::new(VALID), Errors::default());
        if let Ok(tokens) = text.parse() {
            options.read(tokens, &mut errors);
        }
        options.text("name", &mut errors);
        options.version(&mut errors);
        options.library(&mut errors);
        (options, errors.texts())
    }

    #[test]
    fn options_of_every_kind_are_read() {
        let (options, errors) = read("name = \"a\", version = 3, memory, crate = crate::x,");
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(options.version(&mut Errors::default()), 3);
        assert_eq!(options.library(&mut Errors::default()).to_string(), "crate :: x");
        assert!(options.span("memory").is_some());
    }

    #[test]
    fn options_report_all_mistakes() {
        let (_, errors) = read("nmae = \"a\", stream = X::<u8>, memory = true, version, memory, 7, crate = 3");
        assert_eq!(
            errors,
            [
                "there is no option `nmae`, did you mean `name`? The options are `name`, `version`, `memory`, `crate`",
                "there is no option `stream`: the options are `name`, `version`, `memory`, `crate`",
                "`memory` stands alone, without a value",
                "`version` needs a value, such as `version = 2`",
                "`memory` is given twice: keep one of them",
                "an option is expected here, such as `name = \"x\"`: the options are `name`, `version`, `memory`, `crate`",
                "`crate` is a path, such as `crate = my::reexport`",
            ]
        );
    }

    #[test]
    fn a_missing_comma_is_named_and_what_follows_is_read() {
        let (options, errors) = read("name = \"a\" version = 3 crate = a::b memory");
        assert_eq!(
            errors,
            [
                "a comma is missing before `version`",
                "a comma is missing before `crate`",
                "`crate` is a path, such as `crate = my::reexport`"
            ]
        );
        assert_eq!(options.version(&mut Errors::default()), 3);
    }

    #[test]
    fn versions_are_whole_numbers_from_one() {
        for wrong in ["version = 0", "version = \"1\"", "version = -1", "version = 1.5", "version = 5000000000"] {
            let (_, errors) = read(wrong);
            assert_eq!(errors, ["`version` is a whole number from 1 on, such as `version = 2`"], "{wrong}");
        }
    }
}
