//! An owner that is killed while a rebuild shows.

use std::time::Duration;

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_tests::backend::{Backend, Postgres, Sqlite};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::{DEADLINE, eventually};
use tokio::sync::watch;

use crate::page::Page;

on_both! {
    rebuild_is_shown_after_its_owner_was_killed
}

/// Waits at the first event while the gate is closed.
struct Gated {
    is_open: watch::Receiver<bool>,
}

#[projection(name = "gated", read_models(SumRow))]
impl Gated {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, sums: &mut Repository<SumRow>) -> Result<(), ReadModelError> {
        // The test keeps the sender.
        let _ = self.is_open.clone().wait_for(|is_open| *is_open).await;
        sums.save(SumRow { digit: event.by, total: 0, bumps: 0, last: 0 }).await
    }
}

async fn rebuild_is_shown_after_its_owner_was_killed<B: Backend + Sync>()
where
    Repository<SumRow>: Inject<<B::Checkpoints as CheckpointStore>::Unit>,
{
    let world = B::open().await;
    let (gate, is_open) = watch::channel(true);
    let gated = Gated { is_open };
    world.ensure_tables(&gated).await;
    bump(&world.store(), 0..3).await;
    let page = Page::on(&world);
    // The runtime of the owner is dropped at once, as if its process was killed: it gives nothing up.
    let owner = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (manager, closed) = (world.manager(), gate.clone());
    let begun = owner.spawn(async move {
        let config = SubscriptionConfig::from_beginning().batch_size(1).lease(Duration::from_millis(500));
        let gated = manager.subscribe(gated, config).await.unwrap();
        manager.start().await.unwrap();
        gated.caught_up().within(DEADLINE).await.unwrap();
        // The rebuild does not end before its owner is killed.
        closed.send_replace(false);
        let _rebuild = gated.rebuild().await.unwrap();
        std::future::pending::<()>().await;
    });
    let bar = "<progress aria-label=\"Progress of the rebuild\"";
    let path = "/subscriptions/gated";
    eventually("the rebuild is shown", || async { page.get(path).await.body.contains(bar) }).await;
    assert!(!begun.is_finished() && !*gate.borrow());
    owner.shutdown_background();
    eventually("the end of the lease is shown", || async {
        page.get(path).await.body.contains("(its lease has ended)")
    })
    .await;
    let answer = page.get(path).await;
    assert!(answer.body.contains(bar) && answer.body.contains("Cancel the rebuild"), "{}", answer.body);
    let doctor = page.get("/doctor").await.body;
    assert!(doctor.contains("the lease of"), "{doctor}");
}
