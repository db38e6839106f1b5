//! Forms: without a script, from another page, and in two tabs.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::json;
use thirtyfour::By;

use crate::browser::Browser;
use crate::site::{Server, Site};

fn state(site: &Site) -> String {
    site.manager.snapshot("stock").unwrap().state.name().to_owned()
}

#[tokio::test]
async fn form_of_another_origin_changes_nothing() {
    let site = Site::shop().await;
    let form =
        format!("<form method=post action={}><button>win</button></form>", site.url("/subscriptions/stock/pause"));
    let router = Router::new().route("/", get(move || async move { Html(form) }));
    let attacker = Server::start(router, None).await;
    let browser = Browser::start().await;
    // Another port of the site, and another site.
    for host in ["127.0.0.1", "localhost"] {
        browser.tabs.goto(format!("http://{host}:{}/", attacker.address.port())).await.unwrap();
        browser.press("win").await;
        browser.sees("does not come from the dashboard itself").await;
        assert_eq!(state(&site), "live", "{host}");
    }
    browser.tabs.goto(site.url("/subscriptions/stock")).await.unwrap();
    browser.press("Pause").await;
    browser.sees("done").await;
    assert_eq!(state(&site), "paused");
    browser.quit().await;
    attacker.stop().await;
    site.stop().await;
}

/// A page of an attacker whose name was pointed at this machine would be of the same origin as the dashboard.
#[tokio::test]
async fn name_that_points_at_this_machine_is_denied() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    browser.tabs.goto(format!("http://attacker.test:{}/admin", site.server.address.port())).await.unwrap();
    browser.sees("The dashboard answers only to the hosts localhost").await;
    let text = browser.text().await;
    assert!(!text.contains("mailer") && !text.contains("Subscriptions"), "{text}");
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn page_without_scripts_shows_and_does_the_same() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.tabs.goto(site.url("")).await.unwrap();
    browser.sees("mailer has 1 dead letter").await;
    assert!(!browser.text().await.contains("Pause updates"), "there are no updates to pause");
    for link in ["mailer", "1", "5"] {
        browser.find(By::LinkText(link)).await.click().await.unwrap();
    }
    browser.sees("the mail server refuses the recipient").await;
    browser.find(By::Name("reason")).await.send_keys("a test order").await.unwrap();
    browser.press("Dismiss: the event is never applied").await;
    browser.sees("done: 1 dead letter dismissed").await;
    browser.tabs.goto(site.url("/subscriptions/mailer/letters/5")).await.unwrap();
    browser.sees(": a test order").await;
    site.order(8, "poison").await;
    site.caught_up().await;
    browser.tabs.goto(site.url("/subscriptions/mailer/letters/13")).await.unwrap();
    browser.press("Retry").await;
    browser.sees("retry letters mailer").await;
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn pages_of_events_go_back_and_forth_without_scripts() {
    let site = Site::shop().await;
    for number in 10..40 {
        site.order(number, "Ada").await;
    }
    let browser = Browser::start().await;
    browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    browser.tabs.goto(site.url("/events")).await.unwrap();
    browser.sees("50 events, the latest first").await;
    browser.find(By::LinkText("Older events")).await.click().await.unwrap();
    browser.sees("22 events, the latest first").await;
    browser.find(By::LinkText("Newer events")).await.click().await.unwrap();
    browser.sees("50 events, the latest first").await;
    browser.find(By::LinkText("Newest events")).await.click().await.unwrap();
    browser.sees("50 events, the latest first").await;
    assert!(!browser.text().await.contains("Newest events") && !browser.text().await.contains("Pause updates"));
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn two_tabs_on_one_letter_both_learn_the_result() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    let first = browser.tabs.window().await.unwrap();
    browser.tabs.goto(site.url("/subscriptions/mailer/letters/5")).await.unwrap();
    let second = browser.tabs.new_tab().await.unwrap();
    browser.tabs.switch_to_window(second).await.unwrap();
    browser.tabs.goto(site.url("/subscriptions/mailer/letters/5")).await.unwrap();
    browser.find(By::Name("reason")).await.send_keys("a test order").await.unwrap();
    browser.press("Dismiss: the event is never applied").await;
    browser.sees("done: 1 dead letter dismissed").await;
    // The other tab still shows the letter with its buttons.
    browser.tabs.switch_to_window(first).await.unwrap();
    browser.press("Retry").await;
    browser.sees("retry letters mailer").await;
    browser.sees("no dead letter").await;
    browser.quit().await;
    site.stop().await;
}
