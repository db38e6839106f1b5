//! The stylesheet, the script and the icon.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::dashboard::Shared;

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/live.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The path of the stylesheet. It changes with its text, so that a browser may keep it.
pub(crate) fn style_path() -> String {
    format!("style-{:08x}.css", hash(STYLE))
}

/// The path of the script. It changes with its text, too.
pub(crate) fn script_path() -> String {
    format!("live-{:08x}.js", hash(SCRIPT))
}

/// The path of the icon. It changes with its text, too.
pub(crate) fn icon_path() -> String {
    format!("icon-{:08x}.svg", hash(ICON))
}

pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(&format!("/{}", style_path()), get(|| async { kept("text/css; charset=utf-8", STYLE) }))
        .route(&format!("/{}", script_path()), get(|| async { kept("text/javascript; charset=utf-8", SCRIPT) }))
        .route(&format!("/{}", icon_path()), get(|| async { kept("image/svg+xml", ICON) }))
}

fn kept(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")], text)
}

/// FNV-1a.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
