//! Of two processes with the same subscription the owner is killed at random moments, again and again: the standby goes
//! on where it was.

use std::time::{Duration, Instant};

use eventsource_tests::soak::Rounds;

use crate::world::*;

/// Kills 8 owners, and 300 in a soak; two thirds of the kills have to fall within the owner's work.
async fn killed<B: Sql>() {
    let mut world = World::<B>::new().await;
    let [mut owner, mut standby] = world.pair(&["project", "500"]).await;
    let (mut kills, mut during, mut slowest) = (Rounds::at_least(8).in_soak(300), 0, Duration::ZERO);
    let mut began = world.position().await;
    while kills.another() {
        // In batches of 3, much more than it gets done before it is killed.
        while world.head().await.value() < world.position().await.value() + 900 {
            world.append(10, None).await;
        }
        let head = world.head().await;
        eventually("the owner commits", || async { world.position().await > began }).await;
        world.sleep(60).await;
        // On a machine that stands still for longer than the lease, they may have changed places.
        if !world.is_owner(&owner).await {
            std::mem::swap(&mut owner, &mut standby);
        }
        owner.kill();
        let killed = Instant::now();
        let (position, letters) = world.log.assert_adds_up(&world.backend).await;
        during += u32::from(began < position && position < head);
        assert!(letters.len() < position.value() as usize);
        eventually("the standby takes over", || world.is_owner(&standby)).await;
        eventually("it goes on", || async { world.position().await > position || position == head }).await;
        slowest = slowest.max(killed.elapsed());
        began = position;
        owner = std::mem::replace(&mut standby, world.standby(&["project", "500"]));
    }
    let kills = kills.done();
    println!(
        "takeovers: {kills} kills, {during} between the owner's first and last commit; the slowest took {slowest:?}"
    );
    assert!(during * 3 >= kills * 2, "only {during} of {kills} kills fell within the owner's work");
    let head = world.head().await;
    eventually("the last one finishes", || async { world.position().await == head }).await;
    assert!(standby.is_running(), "the other one stands by");
    world.log.assert_adds_up(&world.backend).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_killed_again_and_again_on_sqlite() {
    killed::<Sqlite>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_killed_again_and_again_on_postgres() {
    killed::<Postgres>().await;
}
