//! Every screen, on a phone and on a desk, by day and by night.

use eventsource::admin::{Admin as _, Asked};
use eventsource::subscription::Action;
use uuid::Uuid;

use crate::browser::{Browser, VIEWS};
use crate::site::Site;

#[tokio::test]
async fn every_screen_is_accessible_and_quiet_and_not_wider_than_the_window() {
    let site = Site::shop().await;
    let pause = Action::Pause { reason: "the warehouse counts".to_owned() };
    let request = site.admin().carry_out("stock", pause, Asked::by("ada")).await.unwrap().request.id;
    let stream = site.order(7, "Margaret").await;
    let event = site.events().await.first().unwrap().id();
    let screens = [
        ("overview", String::new()),
        ("subscription", "/subscriptions/mailer".to_owned()),
        ("paused", "/subscriptions/stock".to_owned()),
        ("all-letters", "/letters".to_owned()),
        ("letters", "/subscriptions/mailer/letters".to_owned()),
        ("letter", "/subscriptions/mailer/letters/5".to_owned()),
        ("found", "/subscriptions/mailer/letters?error=refuses&kind=OrderPlaced".to_owned()),
        ("confirm", "/subscriptions/mailer/letters/confirm?action=dismiss&error=refuses".to_owned()),
        ("events", "/events".to_owned()),
        ("filtered-events", "/events?kind=OrderPaid&position=9".to_owned()),
        ("older-events", "/events?before=9".to_owned()),
        ("not-an-id", "/events/abc".to_owned()),
        ("event-types", "/event-types".to_owned()),
        ("streams", "/streams".to_owned()),
        ("correlation", format!("/correlations/{}", Uuid::from_u128(7))),
        ("topology", "/topology".to_owned()),
        ("around", "/topology?around=totals".to_owned()),
        ("event", format!("/events/{event}")),
        ("stream", format!("/streams/Order/{}", stream.aggregate_id())),
        ("steps", format!("/streams/Order/{}/steps?projection=totals", stream.aggregate_id())),
        ("later-steps", format!("/streams/Order/{}/steps?projection=totals&after=1", stream.aggregate_id())),
        ("operations", "/operations".to_owned()),
        ("operation", format!("/operations/{request}")),
        ("doctor", "/doctor".to_owned()),
        ("unknown", "/subscriptions/none".to_owned()),
    ];
    let browser = Browser::start().await;
    let mut faults = Vec::new();
    for (name, path) in screens {
        browser.tabs.goto(site.url(&path)).await.unwrap();
        // An answer that is an error is a line of the console.
        let console = browser.console().await;
        faults.extend(
            console.into_iter().filter(|line| !matches!(name, "unknown" | "not-an-id") || !line.contains("404")),
        );
        browser.load_axe().await;
        for view in VIEWS {
            browser.look(view).await;
            let seen = format!("{name}-{}-{}", view.width, if view.is_dark { "dark" } else { "light" });
            let wider = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";
            let wider = browser.run(wider).await;
            if wider != 0 {
                faults.push(format!("{seen}: the page is {wider} pixels wider than the window"));
            }
            faults.extend(browser.axe().await.into_iter().map(|found| format!("{seen}: {found}")));
            browser.picture(&seen).await;
        }
        faults.extend(browser.console().await);
        let foreign = browser.foreign().await;
        if foreign != serde_json::json!([]) {
            faults.push(format!("{name}: it loads {foreign}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    browser.quit().await;
    site.stop().await;
}
