//! What all pages have.

use axum::extract::{FromRequestParts, NestedPath};
use axum::http::request::Parts;
use eventsource::text::exactly;
use maud::{DOCTYPE, Markup, html};

use crate::access::Access;
use crate::assets::{icon_path, script_path, style_path};
use crate::dashboard::Shared;
use crate::live::{Part, Trouble};
use crate::pages::topology;
use crate::text::{line, time};

/// What a page knows of its request.
pub(crate) struct Page {
    /// The path at which the dashboard is nested, without a slash at its end.
    pub(crate) root: String,
    pub(crate) access: Access,
    pub(crate) wants_json: bool,
    pub(crate) title: String,
    pub(crate) operator: String,
    /// The address of its live updates, if it has some.
    pub(crate) updates: Option<String>,
    /// Whether the content has the button that pauses the updates, and not the end of the page.
    pub(crate) has_controls: bool,
    /// Why it shows an old sample, if it does.
    pub(crate) trouble: Option<Trouble>,
    /// Whether there is a page of the topology.
    pub(crate) has_topology: bool,
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
            updates: None,
            has_controls: false,
            trouble: None,
            has_topology: shared.topology.is_some(),
        })
    }
}

/// The places of the navigation: the path, and the name.
const PLACES: [(&str, &str); 7] = [
    ("", "Subscriptions"),
    ("/letters", "Dead letters"),
    ("/events", "Events"),
    ("/streams", "Streams"),
    (topology::AT, "Topology"),
    ("/operations", "Operations"),
    ("/doctor", "Doctor"),
];

impl Page {
    /// Returns the address of a place of the navigation.
    pub(crate) fn to(&self, place: &str) -> String {
        match (&*self.root, place) {
            ("", "") => "/".to_owned(),
            (root, place) => format!("{root}{place}"),
        }
    }

    /// Makes it a page with live updates, which `query` asks for.
    pub(crate) fn live(self, query: &str) -> Self {
        let updates = Some(format!("{}/updates?{query}", self.root));
        Self { updates, ..self }
    }

    /// Returns the button that pauses the updates, and since when the page is current. A script shows them.
    pub(crate) fn controls(&self) -> Markup {
        html! {
            @if self.updates.is_some() {
                button #pause type="button" hidden { "Pause updates" }
                p #updated { }
            }
        }
    }

    /// Returns the part that says why the page shows an old sample.
    pub(crate) fn trouble_part(trouble: Option<&Trouble>) -> Part {
        Part::new("trouble", old(trouble))
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
                    link rel="icon" type="image/svg+xml" href={ (self.root) "/" (icon_path()) };
                    link rel="stylesheet" href={ (self.root) "/" (style_path()) };
                    @if self.updates.is_some() { script src={ (self.root) "/" (script_path()) } defer { } }
                }
                body {
                    header {
                        span.title { (line(&self.title)) }
                        nav aria-label="Places" {
                            @for (path, name) in PLACES.iter().filter(|(path, _)| self.has_topology || *path != topology::AT) {
                                a href=(self.to(path))
                                    aria-current=[(*path == at).then_some("page")] { (name) }
                                " "
                            }
                        }
                    }
                    main data-updates=[self.updates.as_deref()] {
                        h1 { (line(heading)) }
                        div #trouble { (old(self.trouble.as_ref())) }
                        (content)
                    }
                    footer {
                        @if !self.has_controls { (self.controls()) }
                        // Numbers change all the time: only states are said.
                        @if self.updates.is_some() { p #said role="status" { } }
                        p { "eventsource" }
                    }
                }
            }
        }
    }
}

fn old(trouble: Option<&Trouble>) -> Markup {
    html! {
        @if let Some(trouble) = trouble {
            p.notice {
                "The database does not answer: this is what was known at " (time(trouble.at))
                ", " (exactly(trouble.age(), "second")) " ago. " (line(&trouble.why))
            }
        }
    }
}
