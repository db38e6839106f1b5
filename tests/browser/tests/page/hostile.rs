//! Text of the log that would do harm where it is not escaped: in names, types, errors, metadata and payloads.

use eventsource::prelude::*;
use eventsource_dashboard::Payloads;
use serde_json::json;
use uuid::Uuid;

use crate::browser::Browser;
use crate::site::{HOSTILE, Site, part};

#[tokio::test]
async fn hostile_text_runs_nothing_and_is_shown() {
    let site = Site::start(HOSTILE, HOSTILE, Payloads::Shown).await;
    let stream = StreamId::new(HOSTILE, Uuid::from_u128(1));
    let payload = json!({ "customer": HOSTILE, "total_cents": 1 }).to_string();
    let metadata =
        || Metadata::new().actor(HOSTILE).tenant(HOSTILE).entry(HOSTILE, HOSTILE).correlation_id(Uuid::from_u128(1));
    let events = ["OrderPlaced", HOSTILE].map(|kind| NewEvent::raw(kind, 1, payload.clone()).with_metadata(metadata()));
    site.store.append(&stream, ExpectedVersion::NoStream, events.into()).await.unwrap();
    site.caught_up().await;
    let events = site.events().await;
    let name = part(HOSTILE);
    let paths = [
        String::new(),
        format!("/subscriptions/{name}"),
        "/letters".to_owned(),
        format!("/subscriptions/{name}/letters"),
        format!("/subscriptions/{name}/letters/1"),
        "/events".to_owned(),
        format!("/events/{}", events[0].id()),
        format!("/events/{}", events[1].id()),
        format!("/events?kind={name}&aggregate={name}"),
        format!("/events?tenant={name}"),
        format!("/streams/{name}/{}", stream.aggregate_id()),
        format!("/subscriptions/{name}{name}"),
        format!("/operations?subscription={name}"),
        "/operations".to_owned(),
    ];
    let browser = Browser::start().await;
    // A pause with a hostile reason, as an operator sends it.
    browser.tabs.goto(site.url(&format!("/subscriptions/{name}"))).await.unwrap();
    let reason = browser.find(thirtyfour::By::Name("reason")).await;
    reason.send_keys("\"'><script>window.harmed=1</script>").await.unwrap();
    browser.press("Pause").await;
    browser.sees("done").await;
    for path in paths {
        browser.tabs.goto(site.url(&path)).await.unwrap();
        // The first live updates have arrived: they are HTML too.
        if browser.run("return document.querySelector('main[data-updates]') !== null").await == json!(true) {
            browser.sees("Updated at").await;
        }
        let harmed = browser.run("return [window.harmed, document.images.length, document.scripts.length > 1]").await;
        assert_eq!(harmed, json!([null, 0, false]), "{path}");
        let console = browser.console().await;
        let console: Vec<_> = console.iter().filter(|line| !line.contains("404")).collect();
        assert!(console.is_empty(), "{path}: {console:?}");
        let text = browser.text().await;
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{path}: {text}");
        let is_shown = text.contains("<script>window.harmed=1</script>");
        assert!(is_shown, "{path}: the text is shown as it is: {text}");
    }
    browser.quit().await;
    site.stop().await;
}
