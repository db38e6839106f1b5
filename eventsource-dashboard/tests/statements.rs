//! A look at the overview takes a few statements, however many subscriptions and letters there are. The dashboard takes one
//! each 10 s for its curves, also while no page is open. The statements are those that the driver logs.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eventsource::admin::{Admin as _, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::projection::Claim;
use eventsource_tests::backend::{Backend, Postgres, Sqlite};
use eventsource_tests::domain::bump;
use eventsource_tests::driver_log::DriverLog;

async fn statements_of_an_overview<B: Backend>(subscriptions: u64, number: &AtomicUsize) -> usize {
    let world = B::open().await;
    bump(&world.store(), 0..30).await;
    for subscription in 0..subscriptions {
        let name = format!("bumps-{subscription}");
        let claim = Claim::new(&name, "of a test", Position::new(subscription));
        world.checkpoints().claim(&claim).await.unwrap();
    }
    let admin = DatabaseAdmin::new(world.checkpoints(), world.store());
    // The first one opens a connection.
    admin.overview().await.unwrap();
    number.store(0, Ordering::Relaxed);
    assert_eq!(admin.overview().await.unwrap().subscriptions.len() as u64, subscriptions);
    number.load(Ordering::Relaxed)
}

#[tokio::test]
async fn overview_takes_as_many_statements_for_one_subscription_as_for_many() {
    let number = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&number);
    tracing::subscriber::set_global_default(DriverLog(move |_: &tracing::Event<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
    }))
    .unwrap();
    // As the documentation of `Dashboard` says.
    for (name, documented, one, many) in [
        (
            "SQLite",
            5,
            statements_of_an_overview::<Sqlite>(1, &number).await,
            statements_of_an_overview::<Sqlite>(20, &number).await,
        ),
        (
            "PostgreSQL",
            7,
            statements_of_an_overview::<Postgres>(1, &number).await,
            statements_of_an_overview::<Postgres>(20, &number).await,
        ),
    ] {
        assert_eq!((one, many), (documented, documented), "{name}");
    }
}
