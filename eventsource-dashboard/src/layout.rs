//! What all pages have.

use axum::extract::{FromRequestParts, NestedPath};
use axum::http::request::Parts;
use maud::{DOCTYPE, Markup, html};

use crate::access::Access;
use crate::assets::style_path;
use crate::dashboard::Shared;
use crate::text::line;

/// What a page knows of its request.
pub(crate) struct Page {
    /// The path at which the dashboard is nested, without a slash at its end.
    pub(crate) root: String,
    pub(crate) access: Access,
    pub(crate) wants_json: bool,
    pub(crate) title: String,
    pub(crate) operator: String,
}

impl FromRequestParts<Shared> for Page {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Self::Rejection> {
        let root = match NestedPath::from_request_parts(parts, shared).await {
            Ok(nested) => nested.as_str().trim_end_matches('/').to_owned(),
            Err(_) => String::new(),
        };
        let accept = parts.headers.get("accept").and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        let operator = shared.operator.as_ref().map_or_else(|| "dashboard".to_owned(), |operator| operator(parts));
        Ok(Self {
            root,
            access: parts.extensions.get::<Access>().cloned().unwrap_or(Access::Deny),
            wants_json: accept.contains("application/json") && !accept.contains("text/html"),
            title: shared.title.clone(),
            operator,
        })
    }
}

/// The places of the navigation: the path, and the name.
const PLACES: [(&str, &str); 4] =
    [("", "Subscriptions"), ("/letters", "Dead letters"), ("/events", "Events"), ("/operations", "Operations")];

impl Page {
    /// Returns the address of a place of the navigation.
    pub(crate) fn to(&self, place: &str) -> String {
        match (&*self.root, place) {
            ("", "") => "/".to_owned(),
            (root, place) => format!("{root}{place}"),
        }
    }

    /// Returns the whole page. `at` is the place of the navigation that it belongs to.
    pub(crate) fn html(&self, at: &str, heading: &str, content: &Markup) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (line(heading)) " · " (line(&self.title)) }
                    link rel="stylesheet" href={ (self.root) "/" (style_path()) };
                }
                body {
                    header {
                        span.title { (line(&self.title)) }
                        nav aria-label="Places" {
                            @for (path, name) in PLACES {
                                a href=(self.to(path))
                                    aria-current=[(path == at).then_some("page")] { (name) }
                                " "
                            }
                        }
                    }
                    main {
                        h1 { (line(heading)) }
                        (content)
                    }
                    footer { "eventsource" }
                }
            }
        }
    }
}
