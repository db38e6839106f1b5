//! What happens while a page is open.

use serde_json::json;
use thirtyfour::By;

use crate::browser::Browser;
use crate::site::Site;
use crate::wait::eventually;

#[tokio::test]
async fn open_page_shows_changes_and_keeps_the_focus() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    browser.tabs.goto(site.url("")).await.unwrap();
    browser.sees("Updated at").await;
    // The link of the notice is replaced with the notice.
    browser.run("window.kept = document.querySelector('#needs a'); window.kept.focus()").await;
    site.manager.pause_for("stock", "the warehouse counts").await.unwrap();
    browser.sees("stock is paused.").await;
    assert!(browser.run("return document.querySelector('#r2-state').textContent").await.to_string().contains("paused"));
    site.order(8, "poison").await;
    browser.sees("mailer has 2 dead letters").await;
    let focus = browser.run("return [document.activeElement.textContent, window.kept.isConnected]").await;
    assert_eq!(focus, json!(["mailer", false]));
    // A field that is being filled in is left as it is.
    browser.tabs.goto(site.url("/subscriptions/mailer")).await.unwrap();
    browser.sees("Updated at").await;
    let reason = browser.find(By::Name("reason")).await;
    reason.send_keys("because").await.unwrap();
    site.manager.pause("mailer").await.unwrap();
    browser.sees("mailer is paused.").await;
    assert_eq!(reason.value().await.unwrap().unwrap(), "because");
    assert!(browser.console().await.is_empty());
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn updates_pause_on_request_and_while_the_page_is_hidden() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    browser.tabs.goto(site.url("")).await.unwrap();
    browser.sees("Updated at").await;
    browser.press("Pause updates").await;
    browser.sees("Updates are paused.").await;
    site.manager.pause("stock").await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert!(!browser.text().await.contains("stock is paused."));
    browser.press("Resume updates").await;
    browser.sees("Updated at").await;
    eventually("the state is shown", async || {
        browser.run("return document.querySelector('#r2-state').textContent").await.to_string().contains("paused")
    })
    .await;
    // A hidden page has no connection: as many as a browser has for one server are free for other tabs.
    for _ in 0..8 {
        let tab = browser.tabs.new_tab().await.unwrap();
        browser.tabs.switch_to_window(tab).await.unwrap();
        browser.tabs.goto(site.url("")).await.unwrap();
        browser.sees("Updated at").await;
    }
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn end_of_the_log_is_live_and_can_be_paused_and_filtered() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    let first = browser.tabs.window().await.unwrap();
    browser.tabs.goto(site.url("/events")).await.unwrap();
    browser.sees("Updated at").await;
    browser.sees("12 events, the latest first").await;
    site.order(8, "Ada").await;
    browser.sees("14 events, the latest first").await;
    let is_above = "return Boolean(document.querySelector('#pause') \
                    .compareDocumentPosition(document.querySelector('table')) & Node.DOCUMENT_POSITION_FOLLOWING)";
    assert_eq!(browser.run(is_above).await, json!(true));
    browser.press("Pause updates").await;
    browser.sees("Updates are paused.").await;
    site.order(9, "Ada").await;
    // Another tab shows the new ones: this page had the time, too.
    let second = browser.tabs.new_tab().await.unwrap();
    browser.tabs.switch_to_window(second).await.unwrap();
    browser.tabs.goto(site.url("/events")).await.unwrap();
    browser.sees("Updated at").await;
    browser.sees("16 events, the latest first").await;
    browser.tabs.close_window().await.unwrap();
    browser.tabs.switch_to_window(first).await.unwrap();
    assert!(browser.text().await.contains("14 events, the latest first"), "it is paused");
    browser.press("Resume updates").await;
    browser.sees("16 events, the latest first").await;
    browser.find(By::Name("kind")).await.send_keys("OrderPaid").await.unwrap();
    browser.press("Show").await;
    browser.sees("8 events, the latest first").await;
    browser.sees("Updated at").await;
    site.order(10, "Ada").await;
    browser.sees("9 events, the latest first").await;
    assert!(!browser.text().await.contains("OrderPlaced"));
    // A page that ends at a position does not change.
    browser.find(By::Name("position")).await.send_keys("4").await.unwrap();
    browser.press("Show").await;
    browser.sees("2 events, the latest first").await;
    assert!(!browser.text().await.contains("Pause updates"));
    assert!(browser.console().await.is_empty());
    browser.quit().await;
    site.stop().await;
}

#[tokio::test]
async fn server_stops_while_a_page_is_open_and_the_page_says_so() {
    let site = Site::shop().await;
    let browser = Browser::start().await;
    browser.tabs.goto(site.url("")).await.unwrap();
    browser.sees("Updated at").await;
    site.stop().await;
    browser.sees("No connection: the page is as it was at").await;
    assert!(browser.text().await.contains("mailer"));
    browser.quit().await;
}
