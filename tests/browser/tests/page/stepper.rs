//! The stepper and the differences of versions, on the page of a stream.

use eventsource::prelude::*;
use eventsource_dashboard::Payloads;
use thirtyfour::By;

use crate::browser::Browser;
use crate::site::Site;

#[tokio::test]
async fn stepper_shows_what_each_event_of_a_stream_changes() {
    let site = Site::start("mailer", "poison", Payloads::Shown).await;
    let stream = site.order(7, "Margaret").await;
    let refund = NewEvent::raw("OrderPaid", 1, r#"{"method":"refund"}"#);
    site.store.append(&stream, ExpectedVersion::Any, vec![refund]).await.unwrap();
    site.caught_up().await;
    let browser = Browser::start().await;
    browser.tabs.goto(site.url(&format!("/streams/Order/{}", stream.aggregate_id()))).await.unwrap();
    let difference = browser.find(By::XPath("//summary[normalize-space()='Compared with version 2']")).await;
    difference.click().await.unwrap();
    browser.sees("Fields of version 3 that differ from version 2").await;
    browser.sees("\"refund\"").await;
    let option = browser.find(By::Css("option[value=totals]")).await;
    option.click().await.unwrap();
    browser.press("Step through the stream").await;
    browser.sees("What version 1 has changed in the state").await;
    for text in ["totals over Order/", "handled", "passed over", "Nothing was changed.", "cents"] {
        browser.sees(text).await;
    }
    let cells =
        browser.run("return [...document.querySelectorAll('tbody tr')].map((row) => row.innerText).sort()").await;
    assert_eq!(cells, serde_json::json!(["cents\t0\t1500", "orders\t0\t1"]));
    assert!(browser.console().await.is_empty());
    // The projection has applied each event once.
    assert_eq!(site.totals.with(|totals| totals.orders).await, 1);
    browser.quit().await;
    site.stop().await;
}
