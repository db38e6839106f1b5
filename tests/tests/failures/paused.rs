//! The pause of a subscription is stored with its checkpoint: it outlives restarts and takeovers, and can be set and
//! removed in every process.

use std::time::Duration;

use eventsource::Inject;

use crate::scene::{At, Scene};
use crate::world::*;

crate::on_every_backend! {
    pause_outlives_a_restart_until_it_is_resumed
    pause_outlives_a_takeover
    pause_and_resume_on_a_standby_reach_the_owner
    restart_by_name_ends_the_pause
    states_are_reported_to_other_processes
}

fn config() -> SubscriptionConfig {
    SubscriptionConfig::from_beginning().lease(Duration::from_secs(2))
}

async fn is<P>(handle: &SubscriptionHandle<P>, name: &str) {
    eventually(name, || async { handle.snapshot().state.name() == name }).await;
}

async fn pause_outlives_a_restart_until_it_is_resumed<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    handle.pause_for("an upgrade").await.unwrap();
    manager.stop().await.unwrap();
    let position = world.bump(&[2]).await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    manager.start().await.unwrap();
    is(&handle, "paused").await;
    assert_eq!(handle.snapshot().pause_reason.as_deref(), Some("an upgrade"));
    handle.wait_for(position).within(Duration::from_millis(1_500)).await.unwrap_err();
    assert_eq!(world.applied().await, [1], "a paused subscription applies no event");
    handle.resume().await.unwrap();
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[3]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2, 3]);
    manager.stop().await.unwrap();
}

async fn pause_outlives_a_takeover<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, config()).await;
    let Scene { world, owner, standby, .. } = &scene;
    owner.pause().await.unwrap();
    scene.first.stop().await.unwrap();
    is(standby, "paused").await;
    standby.resume().await.unwrap();
    standby.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2]);
    scene.second.stop().await.unwrap();
}

async fn pause_and_resume_on_a_standby_reach_the_owner<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, config()).await;
    let Scene { world, owner, standby, .. } = &scene;
    standby.pause_for("the table is moved").await.unwrap();
    is(owner, "paused").await;
    assert_eq!(owner.snapshot().pause_reason.as_deref(), Some("the table is moved"));
    is(standby, "standing by").await;
    standby.resume().await.unwrap();
    owner.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2]);
    scene.stop().await;
}

async fn restart_by_name_ends_the_pause<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let world = W::new().await;
    let manager = world.manager();
    let handle = manager.subscribe(Applies(Plan::default()), config()).await.unwrap();
    manager.start().await.unwrap();
    handle.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
    handle.pause().await.unwrap();
    handle.restart().await.unwrap();
    handle.wait_for(world.bump(&[2]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.applied().await, [1, 2]);
    manager.stop().await.unwrap();
}

async fn states_are_reported_to_other_processes<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    let scene = Scene::<W>::new(At::Elsewhere, config()).await;
    let Scene { world, owner, standby, .. } = &scene;
    let checkpoints = world.checkpoints();
    let operations = checkpoints.operations().unwrap();
    let states = || async {
        let reports = operations.reports().await.unwrap();
        let mut states: Vec<_> = reports.into_iter().map(|stored| stored.report.state).collect();
        states.sort();
        states
    };
    eventually("both are reported", || async { states().await == ["live", "standing by"] }).await;
    let found = checkpoints.load("applies").await.unwrap().unwrap();
    let SubscriptionState::Standby { owner: named, .. } = standby.snapshot().state else { panic!("it stands by") };
    assert_eq!(found.lease.map(|lease| lease.owner).as_deref(), Some(&*named));
    owner.pause_for("an upgrade").await.unwrap();
    eventually("the pause is reported", || async { states().await == ["paused", "standing by"] }).await;
    scene.stop().await;
}
