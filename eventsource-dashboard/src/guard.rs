//! Checks every request before a page is made, and sets the headers that every answer has.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::access::{Access, of_loopback};
use crate::dashboard::Shared;
use crate::layout::Page;

/// The longest time that a browser waits for a page.
const PATIENCE: Duration = Duration::from_secs(5);

/// Only what the dashboard serves itself. A form goes to the dashboard only, and no other page frames it.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

pub(crate) async fn guard(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    shared.sampler.run(&shared.live);
    let (mut parts, body) = request.into_parts();
    let mut response = match allowed(&shared, &parts) {
        Ok(access) => {
            parts.extensions.insert(access);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(why) => (StatusCode::FORBIDDEN, why).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Answers in time, also if the database does not.
pub(crate) async fn limit(State(_): State<Shared>, page: Page, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let text =
                format!("The database did not answer within {} seconds: load the page again.", PATIENCE.as_secs());
            page.problem(StatusCode::GATEWAY_TIMEOUT, &text)
        }
    }
}

fn allowed(shared: &Shared, parts: &Parts) -> Result<Access, &'static str> {
    let access = match &shared.access {
        Some(access) => access(parts),
        None => of_loopback(parts)?,
    };
    if access == Access::Deny {
        return Err("You may not see the dashboard.");
    }
    let access = if shared.read_only { Access::ReadOnly } else { access };
    if !matches!(parts.method, Method::GET | Method::HEAD) && !is_of_this_page(parts) {
        return Err("The request does not come from the dashboard itself, so it changes nothing.");
    }
    Ok(access)
}

/// Returns whether the request was made by a page of this dashboard, or by a program with a token, which a browser does
/// not send by itself.
fn is_of_this_page(parts: &Parts) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if text(AUTHORIZATION).is_some_and(|value| value.starts_with("Bearer ")) {
        return true;
    }
    // Browsers send it to HTTPS and to localhost only.
    if let Some(site) = parts.headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = text(HOST).or_else(|| parts.uri.authority().map(|authority| authority.as_str()));
    let origin = text(ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    origin.is_some() && origin == host
}
