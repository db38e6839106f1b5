//! A process that retries and dismisses dead letters is killed at random moments, again and again.

use eventsource::prelude::*;
use eventsource::projection::{Claim, EventSubscriber, fingerprint};
use eventsource_tests::chains::{self, Chains, Health};
use eventsource_tests::soak::Rounds;

use crate::world::*;

type Unit<B> = <<B as Backend>::Checkpoints as CheckpointStore>::Unit;

/// Parks new streams behind events that are sick.
async fn park<B: Sql>(world: &mut World<B>)
where
    Chains: EventSubscriber<Unit<B>>,
{
    world.append(8, Some(0)).await;
    let manager = world.backend.manager();
    let handle = manager.subscribe(Chains { cured: false, slow: 0 }, chains::config()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().await.unwrap();
    manager.stop().await.unwrap();
}

/// What is left to be retried or dismissed.
async fn left<B: Sql>(world: &mut World<B>) -> usize {
    let (_, letters) = world.log.assert_adds_up(&world.backend).await;
    letters.iter().filter(|letter| world.log.health(letter) != Health::Stubborn).count()
}

/// Kills 8 times, and 300 times in a soak; two thirds of the kills have to fall within a retry.
async fn killed<B: Sql>()
where
    Chains: EventSubscriber<Unit<B>>,
{
    let mut world = World::<B>::new().await;
    let (mut kills, mut during) = (Rounds::at_least(8).in_soak(300), 0);
    while kills.another() {
        park(&mut world).await;
        assert!(left(&mut world).await >= 8, "there is something to retry");
        let before = world.applied().await;
        let how = if world.random.chance(0.5) { "all" } else { "each" };
        // Small batches are killed between commits, large ones within a transaction as well.
        let batch = if world.random.chance(0.5) { "3" } else { "40" };
        let mut child = world.start(&["retry", how, batch]);
        eventually("it retries", || async { world.applied().await > before }).await;
        let until = before + world.random.below(100);
        let limit = tokio::time::Instant::now() + std::time::Duration::from_secs(2);
        while world.applied().await < until && tokio::time::Instant::now() < limit {}
        world.sleep(3).await;
        child.kill();
        // The server notices a little later, and ends the transaction that was open.
        let (checkpoints, same) = (world.backend.checkpoints(), fingerprint(&Chains { cured: true, slow: 0 }));
        checkpoints.claim(&Claim::new("chains", &same, Position::START)).await.unwrap();
        during += u32::from(world.applied().await > before && left(&mut world).await > 0);
    }
    let kills = kills.done();
    println!("retries: {kills} kills, {during} of them between the first and the last commit of a retry");
    assert!(during * 3 >= kills * 2, "only {during} of {kills} kills fell within a retry");
    world.start(&["retry", "each", "3", "once"]).finish();
    assert_eq!(left(&mut world).await, 0, "what is left is stubborn");
    assert_eq!(world.position().await, world.head().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_retries_on_sqlite() {
    killed::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_during_retries_on_postgres() {
    killed::<Postgres>().await;
}
