//! The stylesheet.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::dashboard::Shared;

const STYLE: &str = include_str!("assets/style.css");

/// The path of the stylesheet. It changes with its text, so that a browser may keep it.
pub(crate) fn style_path() -> String {
    format!("style-{:08x}.css", hash(STYLE))
}

pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(&format!("/{}", style_path()), get(style))
}

async fn style() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=31536000, immutable")], STYLE)
}

/// FNV-1a.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
