//! The parts of an address and the fields of a form. A mistake in them is answered with a page that names it.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use crate::dashboard::Shared;
use crate::layout::Page;

/// The parts of a path. If one cannot be read, there is no such page.
pub(crate) struct Path<T>(pub(crate) T);

/// The fields of an address.
pub(crate) struct Query<T>(pub(crate) T);

/// The fields of a form.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Path<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        match extract::Path::from_request_parts(parts, shared).await {
            Ok(extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(page(parts, shared).await.problem(StatusCode::NOT_FOUND, &in_path(&rejection))),
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Shared> for Query<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Response> {
        match extract::Query::try_from_uri(&parts.uri).map_err(|rejection| in_query(&rejection)) {
            Ok(extract::Query(value)) => Ok(Self(value)),
            Err(text) => Err(page(parts, shared).await.problem(StatusCode::BAD_REQUEST, &text)),
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequest<Shared> for Form<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let page = page(&mut parts, shared).await;
        match extract::Form::from_request(Request::from_parts(parts, body), shared).await {
            Ok(extract::Form(value)) => Ok(Self(value)),
            Err(rejection) => Err(page.problem(rejection.status(), &in_form(&rejection))),
        }
    }
}

async fn page(parts: &mut Parts, shared: &Shared) -> Page {
    match Page::from_request_parts(parts, shared).await {
        Ok(page) => page,
        Err(never) => match never {},
    }
}

/// Returns what is wrong with a path. The parts that can be wrong are ids and positions.
fn in_path(rejection: &PathRejection) -> String {
    let PathRejection::FailedToDeserializePathParams(failed) = rejection else { return rejection.body_text() };
    match failed.kind() {
        ErrorKind::ParseErrorAtKey { value, .. }
        | ErrorKind::ParseErrorAtIndex { value, .. }
        | ErrorKind::ParseError { value, .. } => {
            format!("there is no such page: `{value}` is no position, which is a whole number, such as 42; {REMEDY}")
        }
        ErrorKind::DeserializeError { value, .. } => format!(
            "there is no such page: `{value}` is no id, which is written as 0192f0c1-a2b3-7d4e-8f00-000000000001; \
             {REMEDY}"
        ),
        _ => format!("there is no such page: {}; {REMEDY}", failed.body_text()),
    }
}

const REMEDY: &str = "open the page from a list that links to it";

fn in_query(rejection: &QueryRejection) -> String {
    format!("a field of the address cannot be read: {}; correct it, or leave it out", cause(&rejection.body_text()))
}

fn in_form(rejection: &FormRejection) -> String {
    format!("the form cannot be read: {}; load the page again, and send it once more", cause(&rejection.body_text()))
}

/// Returns a text of axum without its first part, which says only that something was not read.
fn cause(text: &str) -> &str {
    match text.split_once(": ") {
        Some((first, cause)) if first.starts_with("Failed to deserialize") => cause,
        _ => text,
    }
}
