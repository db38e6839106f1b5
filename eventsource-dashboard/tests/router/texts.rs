//! Numbers and times on every page.

use eventsource_dashboard::Payloads;

use crate::world::World;

/// Returns the text that a page shows.
fn shown(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for character in page.chars() {
        match character {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            character if !is_tag => text.push(character),
            _ => {}
        }
    }
    text
}

#[tokio::test]
async fn no_page_has_a_plural_after_one() {
    let world = World::new(|dashboard| dashboard.payloads(Payloads::Shown)).await;
    world.post("/admin/subscriptions/orders/pause", "reason=tea").await;
    let mut paths = world.paths();
    paths.push("/admin/subscriptions/orders/letters/confirm?action=dismiss".to_owned());
    paths.push(format!("/admin/streams/Order/{}/steps?projection=orders&after=1", world.event.aggregate_id()));
    for path in paths {
        let text = shown(&world.get(&path).await.body);
        let words: Vec<_> = text.split_whitespace().collect();
        for pair in words.windows(2) {
            let noun = pair[1].trim_end_matches(|end: char| !end.is_alphabetic());
            // A capital begins the next part of the page.
            let is_plural = noun.starts_with(char::is_lowercase)
                && noun.ends_with('s')
                && !["is", "was", "has", "s"].contains(&noun);
            assert!(pair[0] != "1" || !is_plural, "{path}: {pair:?}: {text}");
        }
        // Two words before the plural, such as "1 dead letters".
        for three in words.windows(3) {
            let is_plural = ["letters", "types"].iter().any(|noun| three[2].starts_with(noun));
            assert!(three[0] != "1" || !is_plural, "{path}: {three:?}: {text}");
        }
    }
    world.manager.stop().await.unwrap();
}

#[tokio::test]
async fn every_time_is_an_element_that_programs_read() {
    let world = World::new(|dashboard| dashboard).await;
    world.post("/admin/subscriptions/orders/letters", "action=dismiss&position=2&reason=a+joke").await;
    let mut number = 0;
    let mut paths = world.paths();
    let record = world.get("/admin/operations").await.body;
    let (_, operation) = record.split_once("href=\"/admin/operations/").unwrap();
    paths.push(format!("/admin/operations/{}", operation.split('"').next().unwrap()));
    for path in paths {
        let page = world.get(&path).await.body.replace("(UTC)", "");
        let times = page.matches("<time datetime=\"20").count();
        assert_eq!(page.matches(" UTC").count(), times, "{path}: {page}");
        assert_eq!(shown(&page).matches("+00:00").count(), 0, "{path}: {page}");
        number += times;
    }
    assert!(number > 20, "{number} times");
    world.manager.stop().await.unwrap();
}
