//! An operator who removes the checkpoint of a subscription is killed between every two steps: asked again, the removal is
//! done, and nothing of the subscription is left but its rows.

use eventsource::Inject;
use eventsource::admin::{AdminError, Asked};
use eventsource::prelude::*;
use eventsource::projection::LetterQuery;
use eventsource::subscription::Action;
use eventsource_tests::sums::{BumpSums, SumRow};
use eventsource_tests::wait::DEADLINE;

use crate::place::Place;
use crate::world::{Postgres, Sql, Sqlite};

async fn removal_is_done_again<B: Sql>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    for step in 1.. {
        let place = Place::<B>::new().await;
        let manager = place.backend.manager();
        let config = SubscriptionConfig::from_beginning().name("sums");
        let sums = manager.subscribe(BumpSums, config).await.unwrap();
        manager.start().await.unwrap();
        sums.caught_up().within(DEADLINE).await.unwrap();
        manager.stop().await.unwrap();

        let mut forgetter = place.start_forgetter(step);
        let is_done = forgetter.next_line().is_some_and(|line| line == "forgotten");
        match place.admin.carry_out("sums", Action::Forget {}, Asked::by("ada").within(DEADLINE)).await {
            Err(AdminError::UnknownSubscription { .. }) => {}
            forgotten => assert!(!is_done && forgotten.is_ok(), "step {step}: {forgotten:?}"),
        }
        let unknown = place.admin.subscription("sums").await.unwrap_err();
        assert!(matches!(unknown, AdminError::UnknownSubscription { .. }), "step {step}: {unknown}");
        let checkpoints = place.backend.checkpoints();
        assert_eq!(checkpoints.load("sums").await.unwrap(), None, "step {step}");
        assert!(checkpoints.dead_letters("sums", LetterQuery::all()).await.unwrap().is_empty(), "step {step}");
        assert!(place.backend.rows::<SumRow>().count(Query::all()).await.unwrap() > 0, "step {step}: the rows stay");
        if is_done {
            assert!(step > 4, "a removal has {step} steps");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removal_that_was_interrupted_is_done_again_on_sqlite() {
    removal_is_done_again::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn removal_that_was_interrupted_is_done_again_on_postgres() {
    removal_is_done_again::<Postgres>().await;
}
