//! The token that a request must have.

use std::path::Path;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::CliError;

/// A shorter token could be guessed.
const SHORTEST: usize = 16;

#[derive(Clone)]
pub(super) struct Token(Arc<str>);

impl Token {
    /// Reads it from a file, without the space around it.
    pub(super) fn read(file: &Path) -> Result<Self, CliError> {
        let name = file.display();
        let text = std::fs::read_to_string(file)
            .map_err(|error| CliError::Usage(format!("the token file `{name}` cannot be read: {error}")))?;
        let text = text.trim();
        if text.len() < SHORTEST || text.contains(|character: char| character.is_whitespace()) {
            let text = format!("`{name}` must contain a token of at least {SHORTEST} characters, and nothing else");
            return Err(CliError::Usage(text));
        }
        Ok(Self(text.into()))
    }

    /// Compares in a time that does not depend on where they differ.
    fn is(&self, given: &str) -> bool {
        let (expected, given) = (self.0.as_bytes(), given.as_bytes());
        let difference = expected.iter().zip(given).fold(0, |sum, (one, other)| sum | (one ^ other));
        expected.len() == given.len() && difference == 0
    }
}

/// Returns the token of a request: a bearer token, or the password of a browser.
fn given(headers: &HeaderMap) -> Option<String> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(value.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    Some(decoded.split_once(':')?.1.to_owned())
}

pub(super) async fn check(State(token): State<Token>, request: Request, next: Next) -> Response {
    if given(request.headers()).is_some_and(|given| token.is(&given)) {
        return next.run(request).await;
    }
    let ask = [(WWW_AUTHENTICATE, "Basic realm=\"eventsource\", charset=\"UTF-8\"")];
    (StatusCode::UNAUTHORIZED, ask, "The dashboard needs its token: any user name, and the token as the password.")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_is_a_bearer_token_or_a_password() {
        let with = |value: &str| HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]);
        for header in ["Bearer 0123456789abcdef", "bearer 0123456789abcdef", "Basic YWRhOjAxMjM0NTY3ODlhYmNkZWY="] {
            assert_eq!(given(&with(header)).as_deref(), Some("0123456789abcdef"), "{header}");
        }
        for header in ["Basic 0123456789abcdef", "Basic ?", "Digest 0123456789abcdef", "0123456789abcdef", ""] {
            assert_eq!(given(&with(header)).as_deref().filter(|given| given.len() == 16), None, "{header}");
        }
        let token = Token("0123456789abcdef".into());
        assert!(token.is("0123456789abcdef") && !token.is("0123456789abcdeg") && !token.is("0123") && !token.is(""));
    }
}
