//! Who may see the pages, and change something.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header::{FORWARDED, HOST, VIA};
use axum::http::request::Parts;

/// What a request may do.
///
/// ```
/// use eventsource_dashboard::{Access, Change};
///
/// let support = Access::Only(vec![Change::RetryLetters, Change::DismissLetters]);
/// assert!(support.may(Change::RetryLetters) && !support.may(Change::Rebuild));
/// assert!(!Access::ReadOnly.may(Change::Pause));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// See everything, and change everything.
    Full,
    /// See everything, and change nothing.
    ReadOnly,
    /// See everything, and make these changes.
    Only(Vec<Change>),
    /// Nothing. The answer is 403.
    Deny,
}

/// A change that an operator can make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Change {
    /// Pause a subscription.
    Pause,
    /// Resume a paused subscription.
    Resume,
    /// Start a subscription again.
    Restart,
    /// Build a read model again.
    Rebuild,
    /// Let a held rebuild serve.
    SwitchRebuild,
    /// Cancel a rebuild.
    CancelRebuild,
    /// Retry dead letters.
    RetryLetters,
    /// Give dead letters up.
    DismissLetters,
    /// Withdraw a request.
    Withdraw,
}

impl Access {
    /// Returns whether the change is allowed.
    #[must_use]
    pub fn may(&self, change: Change) -> bool {
        match self {
            Self::Full => true,
            Self::Only(changes) => changes.contains(&change),
            Self::ReadOnly | Self::Deny => false,
        }
    }
}

/// The access of a request without a function of the user, or why it is denied.
pub(crate) fn of_loopback(parts: &Parts) -> Result<Access, &'static str> {
    let Some(ConnectInfo(peer)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() else {
        return Err(
            "The dashboard does not know the address of the browser, so it denies every request. Serve the router with \
             `into_make_service_with_connect_info::<SocketAddr>()`, or say who may see it: `Dashboard::access`.",
        );
    };
    if !peer.ip().to_canonical().is_loopback() {
        return Err("Only a browser on the same machine may see the dashboard: see `Dashboard::access`.");
    }
    let is_forwarded =
        |name: &str| name == FORWARDED.as_str() || name == VIA.as_str() || name.starts_with("x-forwarded-");
    if parts.headers.keys().any(|name| is_forwarded(name.as_str())) {
        return Err("A proxy has forwarded the request, so it may come from another machine: see `Dashboard::access`.");
    }
    // A name that an attacker lets point to this machine is not one of these.
    let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.or_else(|| parts.uri.authority().map(|authority| authority.as_str())).unwrap_or_default();
    match without_port(host) {
        "localhost" | "127.0.0.1" | "[::1]" => Ok(Access::Full),
        _ => Err("The dashboard answers only to the hosts localhost, 127.0.0.1 and [::1]: see `Dashboard::access`."),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_is_no_part_of_the_host() {
        for (host, name) in [("localhost:80", "localhost"), ("[::1]:80", "[::1]"), ("[::1]", "[::1]"), ("a:b", "a:b")] {
            assert_eq!(without_port(host), name);
        }
    }
}
