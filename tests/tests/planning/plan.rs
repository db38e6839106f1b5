//! The plan of a program.

use eventsource::Inject;
use eventsource::admin::{Admin as _, DatabaseAdmin};
use eventsource::prelude::*;
use eventsource::projection::FindingLevel;
use eventsource::subscription::plan::{EstimateBy, Estimates, Plan, PlannedAction, PlannedSubscription};
use eventsource::subscription::{FailurePolicy, ManagerError, OnChange};
use eventsource_tests::backend::{Backend, Memory, Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;
use eventsource_tests::deployment::{First, FirstRow, SecondRow};
use eventsource_tests::domain::{Bumped, Seen};
use eventsource_tests::sums::{BumpSums, SumRow};

use crate::programs::{bump, planning, run_first, second, strangers};

on_both! {
    changed_projection_is_refused_with_what_has_changed
    plan_changes_nothing
    changed_projection_is_rebuilt_as_it_is_configured
    view_on_the_table_refuses_a_rebuild_side_by_side
    renamed_projection_is_refused_because_of_its_table
    types_that_nothing_decodes_or_handles_are_named
    checkpoint_without_a_subscription_is_named
    missing_table_of_a_subscription_that_continues_is_named
    faulted_subscription_is_named
}

fn planned<'p>(plan: &'p Plan, name: &str) -> &'p PlannedSubscription {
    plan.subscriptions.iter().find(|planned| planned.name == name).unwrap()
}

async fn changed_projection_is_refused_with_what_has_changed<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let head = bump(&world.store(), 21).await;
    let plan = second(&world, OnChange::Refuse).await.plan(Estimates::None).await.unwrap();
    assert_eq!((plan.format, plan.head), (1, head));
    let digits = planned(&plan, "bump-digits");
    assert!(
        matches!(&digits.action, PlannedAction::Refuse { reason } if reason.contains("the projection has changed")),
        "{digits:?}"
    );
    let change = digits.change.as_ref().unwrap();
    assert_eq!(change.columns_added, ["bump_digits.double I64"]);
    assert_eq!(change.columns_removed, ["bump_digits.bumps I64"]);
    assert_eq!(change.other, ["version 1 is version 2"]);
    assert!(change.events_added.is_empty() && change.events_removed.is_empty());
    assert!(
        change.stored.starts_with("bump-digits v1: Bumped") && change.current.starts_with("bump-digits v2: Bumped")
    );
    let sums = planned(&plan, "bump-sums");
    assert_eq!((&sums.action, &sums.change), (&PlannedAction::Continue {}, &None));
    assert_eq!(sums.position, Some(Position::new(head.value() - 1)));
    assert_eq!(planned(&plan, "seen").action, PlannedAction::Replay {});
    assert_eq!(plan.refused().count(), 1);
}

async fn plan_changes_nothing<W: Sql + Content>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let before = world.content().await;
    let manager = second(&world, OnChange::RebuildSideBySide).await;
    manager.plan(Estimates::Sampled).await.unwrap();
    assert!(matches!(manager.start().await, Err(ManagerError::OnlyPlans)));
    assert!(matches!(manager.start_one("seen").await, Err(ManagerError::OnlyPlans)));
    assert!(matches!(manager.restart("seen").await, Err(ManagerError::OnlyPlans)));
    manager.stop().await.unwrap();
    drop(manager);
    assert_eq!(world.content().await, before);
}

async fn changed_projection_is_rebuilt_as_it_is_configured<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    for (on_change, action) in [
        (OnChange::Rebuild, PlannedAction::RebuildInPlace {}),
        (OnChange::RebuildSideBySide, PlannedAction::RebuildSideBySide {}),
    ] {
        let plan = second(&world, on_change).await.plan(Estimates::Sampled).await.unwrap();
        let digits = planned(&plan, "bump-digits");
        assert_eq!((&digits.action, digits.from), (&action, Position::START));
        let estimate = digits.estimate.unwrap();
        assert_eq!((estimate.positions, estimate.by), (20, EstimateBy::Reading));
        assert!(estimate.seconds > 0.0, "{estimate:?}");
        assert_eq!(planned(&plan, "bump-sums").estimate, None, "nothing is to apply");
    }
}

async fn view_on_the_table_refuses_a_rebuild_side_by_side<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    world.execute("CREATE TABLE other (digit BIGINT REFERENCES bump_digits (digit))").await;
    let plan = second(&world, OnChange::RebuildSideBySide).await.plan(Estimates::None).await.unwrap();
    let digits = planned(&plan, "bump-digits");
    assert!(matches!(&digits.action, PlannedAction::Refuse { reason } if reason.contains("foreign key")), "{digits:?}");
}

async fn renamed_projection_is_refused_because_of_its_table<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let manager = planning(&world);
    manager.subscribe(BumpSums, SubscriptionConfig::from_beginning().name("sums")).await.unwrap();
    manager.subscribe(First, SubscriptionConfig::from_beginning()).await.unwrap();
    let plan = manager.plan(Estimates::None).await.unwrap();
    let sums = planned(&plan, "sums");
    let says = "the table `bump_sums` belongs to the subscription `bump-sums`";
    assert!(matches!(&sums.action, PlannedAction::Refuse { reason } if reason.contains(says)), "{sums:?}");
    assert_eq!(planned(&plan, "bump-digits").action, PlannedAction::Continue {});
}

async fn types_that_nothing_decodes_or_handles_are_named<W: Sql>()
where
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    strangers(&world.store()).await;
    let plan = second(&world, OnChange::Refuse).await.plan(Estimates::None).await.unwrap();
    let names =
        |types: &[eventsource::store::StoredType]| types.iter().map(|stored| stored.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&plan.unknown_types), ["Forgotten"]);
    assert_eq!(names(&plan.unhandled_types), ["Noted"]);
    assert_eq!(planned(&plan, "bump-digits").action, PlannedAction::Start {});
}

async fn checkpoint_without_a_subscription_is_named<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let manager = planning(&world);
    manager.subscribe(First, SubscriptionConfig::from_beginning()).await.unwrap();
    let plan = manager.plan(Estimates::None).await.unwrap();
    let names: Vec<_> = plan.stored_only.iter().map(|stored| &*stored.name).collect();
    assert_eq!(names, ["bump-sums"]);
}

#[tokio::test]
async fn plan_in_memory_knows_the_same_actions() {
    let world = Memory::open().await;
    run_first(&world).await;
    let plan = second(&world, OnChange::RebuildSideBySide).await.plan(Estimates::None).await.unwrap();
    let digits = planned(&plan, "bump-digits");
    assert!(
        matches!(&digits.action, PlannedAction::Refuse { reason } if reason.contains("keeps no generations")),
        "{digits:?}"
    );
    let plan = second(&world, OnChange::Rebuild).await.plan(Estimates::None).await.unwrap();
    assert_eq!(planned(&plan, "bump-digits").action, PlannedAction::RebuildInPlace {});
}

#[tokio::test]
async fn start_position_is_where_a_new_subscription_begins() {
    let world = Memory::open().await;
    let head = bump(&world.store(), 1).await;
    bump(&world.store(), 2).await;
    for (config, from) in [
        (SubscriptionConfig::from_beginning(), 0),
        (SubscriptionConfig::after(head), 1),
        (SubscriptionConfig::from_end(), 2),
    ] {
        let manager = planning(&world);
        manager.subscribe(Seen::default(), config).await.unwrap();
        let plan = manager.plan(Estimates::None).await.unwrap();
        assert_eq!(plan.subscriptions[0].from, Position::new(from));
    }
}

async fn missing_table_of_a_subscription_that_continues_is_named<W: Sql>()
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SecondRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let world = W::open().await;
    run_first(&world).await;
    let manager = second(&world, OnChange::Rebuild).await;
    let plan = manager.plan(Estimates::None).await.unwrap();
    assert_eq!(plan.obstructed().count(), 0, "{plan:#?}");
    world.execute("DROP TABLE bump_sums").await;
    world.execute("DROP TABLE bump_digits").await;
    let plan = manager.plan(Estimates::None).await.unwrap();
    let sums = planned(&plan, "bump-sums");
    assert_eq!((&sums.action, &*sums.missing_tables), (&PlannedAction::Continue {}, &["bump_sums".to_owned()][..]));
    let obstructed: Vec<_> = plan.obstructed().map(|planned| &*planned.name).collect();
    assert_eq!(obstructed, ["bump-sums"], "a rebuild fills the table of the other one: {plan:#?}");
    let diagnosis = DatabaseAdmin::new(world.checkpoints(), world.store()).diagnose().await.unwrap();
    for missing in ["the table `bump_sums` of `bump-sums`", "the table `bump_digits` of `bump-digits`"] {
        let finding = diagnosis.findings.iter().find(|finding| finding.what.starts_with(missing));
        assert!(finding.is_some_and(|finding| finding.level == FindingLevel::Error), "{missing}: {diagnosis:#?}");
    }
}

/// Fails at the bump of 13.
struct Unlucky;

#[projection(name = "unlucky", effects)]
impl Unlucky {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped) -> Result<(), HandlerError> {
        if event.by == 13 { Err(HandlerError::permanent("the number 13")) } else { Ok(()) }
    }
}

async fn faulted_subscription_is_named<W: Sql>() {
    let world = W::open().await;
    for by in 11..=14 {
        bump(&world.store(), by).await;
    }
    let manager = world.manager();
    let stops = SubscriptionConfig::from_beginning().on_failure(FailurePolicy::Stop);
    let unlucky = manager.subscribe(Unlucky, stops).await.unwrap();
    manager.start().await.unwrap();
    unlucky.caught_up().await.unwrap_err();
    manager.stop().await.unwrap();
    let manager = planning(&world);
    manager.subscribe(Unlucky, SubscriptionConfig::from_beginning()).await.unwrap();
    let plan = manager.plan(Estimates::None).await.unwrap();
    let unlucky = planned(&plan, "unlucky");
    assert_eq!(unlucky.action, PlannedAction::Continue {});
    assert!(unlucky.failure.as_ref().is_some_and(|failure| failure.contains("the number 13")), "{unlucky:?}");
    assert_eq!(plan.obstructed().count(), 1);
}

#[tokio::test]
async fn plan_as_json_has_the_action_next_to_the_name() {
    let world = Memory::open().await;
    run_first(&world).await;
    let event = NewEvent::of(&Bumped { by: 7 }).unwrap();
    world.store().append(&crate::programs::counter(7), ExpectedVersion::Any, vec![event]).await.unwrap();
    let plan = second(&world, OnChange::Refuse).await.plan(Estimates::None).await.unwrap();
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["subscriptions"][0]["name"], "bump-digits");
    assert_eq!(json["subscriptions"][0]["action"], "refuse");
    assert!(json["subscriptions"][0]["reason"].is_string(), "{json}");
    assert_eq!(json["subscriptions"][1]["action"], "continue");
}

/// Sends mails: it has nothing that could be emptied.
struct Mails;

#[projection(name = "mails", effects)]
impl Mails {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {}
}

/// Its second version.
struct NewMails;

#[projection(name = "mails", version = 2, effects)]
impl NewMails {
    #[handles(Bumped)]
    async fn bumped(&self, _: &Bumped) {}
}

#[tokio::test]
async fn rebuild_in_place_without_a_truncate_hook_is_refused() {
    let world = Memory::open().await;
    bump(&world.store(), 1).await;
    let manager = world.manager();
    let mails = manager.subscribe(Mails, SubscriptionConfig::from_beginning()).await.unwrap();
    manager.start().await.unwrap();
    mails.caught_up().await.unwrap();
    manager.stop().await.unwrap();
    let manager = planning(&world);
    let config = SubscriptionConfig::from_beginning().on_change(OnChange::Rebuild);
    manager.subscribe(NewMails, config).await.unwrap();
    let plan = manager.plan(Estimates::None).await.unwrap();
    let mails = planned(&plan, "mails");
    assert!(
        matches!(&mails.action, PlannedAction::Refuse { reason } if reason.contains("no truncate hook")),
        "{mails:?}"
    );
}
