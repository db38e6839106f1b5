//! What the pages show and do.

use axum::body::Body;
use axum::http::StatusCode;
use eventsource_dashboard::Payloads;

use crate::world::{HOSTILE, World, local};

#[tokio::test]
async fn hostile_text_is_escaped_on_every_page() {
    for payloads in [Payloads::Masked, Payloads::Shown] {
        let world = World::new(|dashboard| dashboard.title(HOSTILE).payloads(payloads)).await;
        world.post("/admin/subscriptions/orders/pause", "reason=%3Cscript%3Ealert(1)%3C/script%3E").await;
        let mut paths = world.paths();
        paths.extend([
            "/admin/subscriptions/%3Cscript%3E".to_owned(),
            "/admin/streams/%3Cscript%3E/00000000-0000-0000-0000-000000000000".to_owned(),
        ]);
        for path in paths {
            let body = world.get(&path).await.body;
            let own = body.matches("<script src=\"/admin/live-").count();
            assert_eq!(body.matches("<script").count(), own, "{path}: {body}");
            for hidden in ['\u{202e}', '\u{1b}'] {
                assert!(!body.contains(hidden), "{path}: {hidden:?}");
            }
        }
        let letter = world.get("/admin/subscriptions/orders/letters/2").await.body;
        assert!(letter.contains("cannot read &lt;script&gt;"), "{letter}");
        assert_eq!(letter.matches("alert(1)").count() > 3, payloads == Payloads::Shown, "{letter}");
        world.manager.stop().await.unwrap();
    }
}

#[tokio::test]
async fn every_page_is_json_for_a_client_that_accepts_only_that() {
    let world = World::new(|dashboard| dashboard).await;
    for path in world.paths() {
        let request = local("GET", &path).header("accept", "application/json").body(Body::empty()).unwrap();
        let answer = world.send(request).await;
        let json: serde_json::Value =
            serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        // Errors are shown as they are.
        let has_values = ["/events", "/streams", "/correlations"].iter().any(|part| path.contains(part));
        let has_values = has_values && !path.contains("/steps");
        assert!(!has_values || !answer.body.contains("alert(1)"), "values are masked: {path}: {json}");
    }
    let request = local("GET", "/admin/subscriptions/none").header("accept", "application/json");
    let answer = world.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let json: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["error"], "there is no subscription `none`; there are: orders");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn change_is_recorded_and_its_page_says_what_came_of_it() {
    let world = World::new(|dashboard| dashboard.operator(|_| "ada".to_owned())).await;
    let answer = world.post("/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=a+joke").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let to = answer.headers["location"].to_str().unwrap().to_owned();
    let page = world.get(&to).await.body;
    assert!(page.contains("done: 1 dead letter dismissed"), "{page}");
    let record = world.get("/admin/operations").await.body;
    for part in ["ada", "dismiss_letters", "orders"] {
        assert!(record.contains(part), "{part}: {record}");
    }
    let letters = world.get("/admin/subscriptions/orders/letters").await.body;
    assert!(letters.contains("No dead letter is found."), "{letters}");
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn doctor_names_the_problem_and_what_mends_it() {
    let world = World::new(|dashboard| dashboard).await;
    let page = world.get("/admin/doctor").await.body;
    assert!(
        page.contains("`orders` has 1 dead letter, and 0 events held back")
            && page.contains("`letters retry orders --all`"),
        "{page}"
    );
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn rebuild_in_place_asks_for_the_name_and_a_dismissal_for_a_reason() {
    let world = World::new(|dashboard| dashboard).await;
    for (path, form) in [
        ("/admin/subscriptions/orders/rebuild-in-place", "confirm=other"),
        ("/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=+"),
        ("/admin/subscriptions/orders/letters", "action=other"),
        ("/admin/subscriptions/orders/letters", "action=dismiss-found&reason=+"),
        ("/admin/subscriptions/orders/letters", "action=retry-found&stream=Order"),
    ] {
        let answer = world.post(path, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form}");
    }
    assert_eq!(world.post("/admin/subscriptions/orders/other", "").await.status, StatusCode::NOT_FOUND);
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn links_and_assets_are_below_the_path_of_the_dashboard() {
    let world = World::new(|dashboard| dashboard).await;
    for path in world.paths() {
        let body = world.get(&path).await.body;
        let links = ["href=\"", "action=\"", "src=\"", "data-updates=\""].map(|start| body.split(start).skip(1));
        for link in links.into_iter().flatten() {
            let link = link.split('"').next().unwrap();
            assert!(link == "/admin" || link.starts_with("/admin/"), "{path}: {link}");
            for (end, kind) in [
                (".css", "text/css; charset=utf-8"),
                (".js", "text/javascript; charset=utf-8"),
                (".svg", "image/svg+xml"),
            ] {
                if link.ends_with(end) {
                    let asset = world.get(link).await;
                    assert!(asset.status.is_success() && asset.headers["content-type"] == kind, "{link}");
                }
            }
        }
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn payload_is_a_file_of_plain_text_and_only_if_payloads_are_shown() {
    let world = World::new(|dashboard| dashboard).await;
    let path = format!("/admin/events/{}/payload", world.event.id());
    assert_eq!(world.get(&path).await.status, StatusCode::FORBIDDEN);
    world.manager.stop().await.unwrap();
    let world = World::new(|dashboard| dashboard.payloads(Payloads::Shown)).await;
    let answer = world.get(&format!("/admin/events/{}/payload", world.event.id())).await;
    assert_eq!(answer.body, world.event.payload());
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    assert!(answer.headers["content-disposition"].to_str().unwrap().starts_with("attachment;"));
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn topology_is_drawn_and_told_in_tables() {
    let world = World::new(|dashboard| dashboard).await;
    let page = world.get("/admin/topology").await.body;
    for part in ["class=\"topology\"", "1 projection", "1 event", "OrderPlaced", "/admin/subscriptions/orders"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert_eq!(page.matches("<path class=\"edge\"").count(), 2, "{page}");
    let around = world.get("/admin/topology?around=Other").await.body;
    assert!(around.contains("There is nothing."), "{around}");
    world.manager.stop().await.unwrap();
}
