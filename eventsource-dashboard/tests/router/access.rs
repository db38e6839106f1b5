//! Who may see the pages, and change something.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use eventsource_dashboard::{Access, Change};

use crate::world::{World, local};

/// Each change, with what its form sends.
const CHANGES: [(Change, &str, &str); 12] = [
    (Change::Pause, "/admin/subscriptions/orders/pause", "reason=tea"),
    (Change::Resume, "/admin/subscriptions/orders/resume", ""),
    (Change::Restart, "/admin/subscriptions/orders/restart", ""),
    (Change::Rebuild, "/admin/subscriptions/orders/rebuild-in-place", "confirm=orders"),
    (Change::Rebuild, "/admin/subscriptions/orders/rebuild-and-hold", "reason=compare"),
    (Change::SwitchRebuild, "/admin/subscriptions/orders/switch-rebuild", ""),
    (Change::CancelRebuild, "/admin/subscriptions/orders/cancel-rebuild", ""),
    (Change::RetryLetters, "/admin/subscriptions/orders/letters", "action=retry-all"),
    (Change::RetryLetters, "/admin/subscriptions/orders/letters", "action=retry-found&error=cannot"),
    (Change::DismissLetters, "/admin/subscriptions/orders/letters", "action=dismiss-found&kind=Other&reason=free"),
    (Change::DismissLetters, "/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=free"),
    (Change::Withdraw, "/admin/operations/00000000-0000-0000-0000-000000000000/withdraw", ""),
];

#[tokio::test]
async fn each_access_may_do_what_it_says_on_each_route() {
    let every: Vec<_> = CHANGES.iter().map(|(change, ..)| *change).collect();
    let accesses = [Access::Full, Access::ReadOnly, Access::Deny]
        .into_iter()
        .chain(every.iter().map(|change| Access::Only(vec![*change])));
    for access in accesses {
        let given = access.clone();
        let world = World::new(|dashboard| dashboard.access(move |_| given.clone())).await;
        for path in world.paths() {
            for method in ["GET", "HEAD"] {
                let status = world.send(local(method, &path).body(Body::empty()).unwrap()).await.status;
                let expected = if access == Access::Deny { StatusCode::FORBIDDEN } else { StatusCode::OK };
                assert_eq!(status, expected, "{access:?}: {method} {path}");
            }
            for method in ["PUT", "DELETE", "PATCH"] {
                let request = local(method, &path).header("sec-fetch-site", "same-origin");
                let status = world.send(request.body(Body::empty()).unwrap()).await.status;
                assert!(matches!(status.as_u16(), 403 | 405), "{access:?}: {method} {path}: {status}");
            }
        }
        for (change, path, form) in CHANGES {
            let answer = world.post(path, form).await;
            let is_forbidden = answer.status == StatusCode::FORBIDDEN;
            assert_eq!(is_forbidden, !access.may(change), "{access:?}: {change:?}: {}", answer.status);
            assert!(!answer.status.is_server_error(), "{access:?}: {change:?}: {}", answer.body);
        }
        world.manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn read_only_page_forbids_what_access_allows() {
    let world = World::new(|dashboard| dashboard.access(|_| Access::Full).read_only(true)).await;
    for (change, path, form) in CHANGES {
        assert_eq!(world.post(path, form).await.status, StatusCode::FORBIDDEN, "{change:?}");
    }
    for path in world.paths() {
        assert!(!world.get(&path).await.body.contains("method=\"post\""), "{path}");
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn without_access_only_a_browser_on_this_machine_sees_it() {
    let world = World::new(|dashboard| dashboard).await;
    assert_eq!(world.get("/admin").await.status, StatusCode::OK);
    for host in ["127.0.0.1", "[::1]:80", "localhost"] {
        let request = peer("127.0.0.1:1").header("host", host).body(Body::empty()).unwrap();
        assert_eq!(world.send(request).await.status, StatusCode::OK, "{host}");
    }
    let denied = [
        ("another machine", peer("192.0.2.1:1").header("host", "localhost")),
        ("a forged host", peer("127.0.0.1:1").header("host", "attacker.example")),
        ("a host that looks like it", peer("127.0.0.1:1").header("host", "localhost.attacker.example:80")),
        ("no host", peer("127.0.0.1:1")),
        ("a proxy", peer("127.0.0.1:1").header("host", "localhost").header("x-forwarded-for", "192.0.2.1")),
        (
            "a proxy by the standard",
            peer("127.0.0.1:1").header("host", "localhost").header("forwarded", "for=192.0.2.1"),
        ),
        ("a cache", peer("127.0.0.1:1").header("host", "localhost").header("via", "1.1 cache")),
        ("an unknown address", Request::builder().uri("/admin").header("host", "localhost")),
    ];
    for (who, request) in denied {
        let answer = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{who}");
        assert!(!answer.body.contains("orders"), "{who}: {}", answer.body);
    }
    world.manager.stop().await.unwrap();
}

fn peer(peer: &str) -> axum::http::request::Builder {
    Request::builder().uri("/admin").extension(ConnectInfo(peer.parse::<SocketAddr>().unwrap()))
}

#[tokio::test]
async fn form_of_another_page_changes_nothing() {
    let world = World::new(|dashboard| dashboard).await;
    let post = || {
        local("POST", "/admin/subscriptions/orders/pause").header("content-type", "application/x-www-form-urlencoded")
    };
    let denied = [
        ("another site", post().header("sec-fetch-site", "cross-site")),
        ("another origin of the site", post().header("sec-fetch-site", "same-site")),
        ("another origin", post().header("origin", "http://attacker.example")),
        ("another port", post().header("origin", "http://localhost:9999")),
        ("no origin", post()),
        ("an opaque origin", post().header("origin", "null")),
    ];
    for (who, request) in denied {
        let answer = world.send(request.body(Body::from("reason=")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{who}");
    }
    assert_eq!(world.manager.snapshot("orders").unwrap().state.name(), "live");
    let allowed = [
        ("the page", post().header("sec-fetch-site", "same-origin")),
        ("the page of an older browser", post().header("origin", "http://localhost:8080")),
        ("a program with a token", post().header("authorization", "Bearer abc")),
    ];
    for (who, request) in allowed {
        let answer = world.send(request.body(Body::from("reason=")).unwrap()).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{who}: {}", answer.body);
    }
    assert_eq!(world.manager.snapshot("orders").unwrap().state.name(), "paused");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let world = World::new(|dashboard| dashboard).await;
    let mut paths = world.paths();
    paths.extend(["/admin/subscriptions/none".to_owned(), "/admin/nowhere".to_owned()]);
    for path in paths {
        let answer = world.get(&path).await;
        let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default();
        assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"), "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert!(!answer.body.contains("style="), "the policy forbids inline styles: {path}");
    }
    world.manager.stop().await.unwrap();
}
