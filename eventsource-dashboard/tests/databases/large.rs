//! 10,000 dead letters and 1,000,000 streams.

use eventsource::admin::{Admin as _, Asked, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::projection::{EventSubscriber, LetterSearch};
use eventsource::subscription::{Action, FailureLimit, LetterSelection, RetryPolicy};
use eventsource_tests::backend::{Postgres, Sqlite};
use eventsource_tests::domain::Bumped;
use eventsource_tests::fill::Fill;
use eventsource_tests::wait::DEADLINE;
use uuid::Uuid;

use crate::page::Page;

on_both! {
    pages_are_shown_in_time
}

#[derive(Clone)]
struct Fails;

#[projection(name = "fails", effects)]
impl Fails {
    #[handles(Bumped)]
    fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        Err(HandlerError::permanent(format!("{} is not allowed", event.by)))
    }
}

async fn pages_are_shown_in_time<B: Fill>()
where
    Fails: EventSubscriber<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    let manager = world.manager();
    let config = SubscriptionConfig::from_beginning().failure_limit(FailureLimit::none()).retry(RetryPolicy::never());
    let fails = manager.subscribe(Fails, config).await.unwrap();
    let stream = StreamId::new("Counter", Uuid::from_u128(1));
    let event = NewEvent::of(&Bumped { by: 7 }).unwrap();
    let id = event.id();
    let position = world.store().append(&stream, ExpectedVersion::Any, vec![event]).await.unwrap().position();
    manager.start().await.unwrap();
    fails.wait_for_passed(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    world.copy_letter(10_000).await;
    world.fill(1_000, 1_000_999).await;
    let page = Page::on(&world);
    let admin = DatabaseAdmin::new(world.checkpoints(), world.store());
    let search = Box::new(LetterSearch::default().error("allowed"));
    let retry = Action::RetryLetters { letters: LetterSelection::Matching(search) };
    let asked = admin.ask("fails", retry, Asked::by("ada").within(DEADLINE)).await.unwrap();
    let operation = format!("/operations/{asked}");
    let event = format!("/events/{id}");
    for (path, part) in [
        ("", "over 10000"),
        ("/letters", "fails"),
        ("/subscriptions/fails", "over 10000"),
        ("/subscriptions/fails/letters", "10000 dead letters, by error and event type"),
        ("/subscriptions/fails/letters?error=allowed&kind=Bumped", "Next page"),
        ("/subscriptions/fails/letters?error=other", "No dead letter is found."),
        ("/subscriptions/fails/letters/9999", "7 is not allowed"),
        ("/streams", "50 streams"),
        ("/streams?kind=Order", "50 streams"),
        ("/events", "50 events, the latest first"),
        ("/events?kind=Type7&aggregate=Order", "50 events, the latest first"),
        ("/events?until=1970-01-02T00:00", "50 events, the latest first"),
        ("/events?from=1970-01-02T00:00&until=1970-01-02T01:00", "50 events, the latest first"),
        ("/events?after=5&kind=Type7", "Newer events"),
        ("/events?position=500000&aggregate=Order", "50 events, the latest first"),
        ("/events?kind=None", "0 events, the latest first"),
        ("/events?aggregate=None", "0 events, the latest first"),
        ("/events?tenant=none", "0 events, the latest first"),
        (&*event, "no: it is a"),
        (&*operation, "Its letters that still wait: 10000<"),
        ("/subscriptions/fails/letters/1", "the dead letter"),
        ("/event-types", "Type7"),
    ] {
        let answer = page.get(path).await;
        println!("{}: {path}: {:?}", std::any::type_name::<B>(), answer.took);
        assert!(answer.status.is_success() && answer.body.contains(part), "{path}: {part}: {}", answer.body);
        assert!(answer.body.len() < 200_000, "{path}: {} bytes", answer.body.len());
    }
}
