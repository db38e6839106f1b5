//! A rebuild in place of a subscription whose next generation is held; and events that an operator skipped.

use eventsource::Inject;
use eventsource::admin::{Admin, Asked, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::subscription::{Action, FailurePolicy};
use eventsource_tests::backend::{Backend, Postgres, Sqlite};
use eventsource_tests::domain::bump;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::page::Page;

on_both! {
    rebuild_in_place_says_that_the_held_next_generation_is_discarded
    skipped_event_is_shown_as_skipped
    owner_is_named_without_its_id_which_is_in_the_title
}

const PATH: &str = "/subscriptions/bump-sums";

async fn rebuild_in_place_says_that_the_held_next_generation_is_discarded<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    bump(&world.store(), [1, 2, 3]).await;
    let manager = world.manager();
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    let page = Page::on(&world);
    let rebuild = format!("{PATH}/rebuild-in-place");
    let discards = "and the held next generation is discarded";
    assert!(!page.get(PATH).await.body.contains(discards));
    let _held = sums.rebuild_and_hold("compare").await.unwrap();
    eventually("the hold is shown", || async { page.get(PATH).await.body.contains("<dt>Held</dt>") }).await;
    let body = page.get(PATH).await.body;
    for part in [discards, "name=\"discards\" value=\"held\"", "Rebuild in place, and discard the held next generation"]
    {
        assert!(body.contains(part), "{part}: {body}");
    }
    // The page was loaded before the hold began, and the name is wrong.
    for (form, text) in [
        ("confirm=bump-sums", "A next generation is held since the page was loaded"),
        ("confirm=other&discards=held", "The next generation that is held is discarded."),
    ] {
        let answer = page.post(&rebuild, form).await;
        assert_eq!((answer.status.as_u16(), answer.body.contains(text)), (422, true), "{form}: {}", answer.body);
    }
    assert!(page.get(PATH).await.body.contains("<dt>Held</dt>"));
    let answer = page.post(&rebuild, "confirm=bump-sums&discards=held").await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    eventually("the hold is gone", || async { !page.get(PATH).await.body.contains("<dt>Held</dt>") }).await;
    sums.caught_up().within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
}

async fn skipped_event_is_shown_as_skipped<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    bump(&world.store(), [1]).await;
    let manager = world.manager();
    let config = SubscriptionConfig::from_beginning().on_failure(FailurePolicy::Stop);
    let sums = manager.subscribe(BumpSums, config).await.unwrap();
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    let admin = DatabaseAdmin::new(world.checkpoints(), world.store());
    let stream = StreamId::new("Counter", uuid::Uuid::now_v7());
    let broken = NewEvent::raw("Bumped", 1, "{}");
    let to = world.store().append(&stream, ExpectedVersion::NoStream, vec![broken]).await.unwrap().position();
    eventually("it is faulted", || async { admin.subscription("bump-sums").await.unwrap().state == "faulted" }).await;
    let skip = Action::Skip { from: Position::new(1), to, reason: "a joke".to_owned() };
    admin.carry_out("bump-sums", skip, Asked::by("ada").within(DEADLINE)).await.unwrap();
    let page = Page::on(&world);
    for (position, state) in [(1, "applied"), (2, "skipped")] {
        let found = admin.events(Some(Position::new(position + 1)), &EventFilter::all(), 1).await.unwrap();
        let path = format!("/events/{}", found.events[0].id);
        let json = page.json(&path).await;
        assert_eq!(json["subscriptions"][0]["state"], state, "{json}");
        let body = page.get(&path).await.body;
        assert_eq!(body.contains("skipped by ada at <time") && body.contains("a joke"), state == "skipped", "{body}");
    }
    // Positions that no database has.
    for path in [
        "/events?before=18446744073709551615",
        "/events?after=18446744073709551615",
        "/events?position=18446744073709551615",
        "/subscriptions/bump-sums/letters?after=18446744073709551615",
        "/correlations/00000000-0000-0000-0000-000000000001?after=18446744073709551615",
        "/streams/Counter/00000000-0000-0000-0000-000000000001?after=18446744073709551615",
    ] {
        let answer = page.get(path).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
    }
    let letter = page.get("/subscriptions/bump-sums/letters/18446744073709551615").await;
    assert_eq!(letter.status.as_u16(), 404, "{}", letter.body);
    manager.stop().await.unwrap();
}

async fn owner_is_named_without_its_id_which_is_in_the_title<B: Backend>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    world.ensure_tables(&BumpSums).await;
    let manager = world.manager();
    let sums = manager.subscribe(BumpSums, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    sums.caught_up().within(DEADLINE).await.unwrap();
    let page = Page::on(&world);
    let overview = page.get("").await.body;
    let (_, owner) = overview.split_once("data-name=\"Owner\"").unwrap();
    let owner = owner.split("</td>").next().unwrap();
    let (title, name) = owner.split_once("title=\"").unwrap().1.split_once("\">").unwrap();
    let name = name.split('<').next().unwrap();
    let id = title.strip_prefix(name).unwrap().trim_matches([' ', '(', ')']);
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{owner}");
    assert_eq!(page.json(PATH).await["owner"]["manager"], title);
    // The processes have their whole names.
    let whole = format!(">{title}</td>");
    eventually("the process has reported", || async { page.get(PATH).await.body.contains(&whole) }).await;
    manager.stop().await.unwrap();
}
