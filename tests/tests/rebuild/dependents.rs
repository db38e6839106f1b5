//! Rebuilds side by side of tables that something else depends on, and that have what their users made for them.

use std::sync::Arc;

use eventsource::prelude::*;
use eventsource::projection::{Claim, Switch, Switched};
use eventsource::read_model::ReadModel;
use eventsource::subscription::{OnChange, RebuildError, SubscriptionState};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::changed::{run_before, total};
use crate::shape::{ExtraRow, Later, LaterRow};
use crate::world::{Backend as _, LastRow, On, Postgres, Sql, Sqlite, Sums, World, small};

/// Something that a table cannot be replaced under: how it is made, what it is called, and how it is dropped.
type Dependent = (&'static str, &'static str, &'static str);

const IN_POSTGRES: [Dependent; 6] = [
    ("CREATE VIEW reports AS SELECT total FROM bump_sums", "the view", "DROP VIEW reports"),
    (
        "CREATE MATERIALIZED VIEW reports AS SELECT count(*) AS rows FROM bump_sums",
        "the materialized view",
        "DROP MATERIALIZED VIEW reports",
    ),
    (
        "CREATE TABLE reports (digit bigint REFERENCES bump_sums (digit))",
        "the foreign key reports_digit_fkey",
        "DROP TABLE reports",
    ),
    ("CREATE TABLE reports (sums bump_sums)", "reports", "DROP TABLE reports"),
    (
        "CREATE FUNCTION reports(bump_sums) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        "function",
        "DROP FUNCTION reports(bump_sums)",
    ),
    (
        "ALTER TABLE bump_sums ENABLE ROW LEVEL SECURITY; CREATE POLICY reports ON bump_sums USING (true)",
        "row level security",
        "DROP POLICY reports ON bump_sums; ALTER TABLE bump_sums DISABLE ROW LEVEL SECURITY",
    ),
];

const IN_SQLITE: [Dependent; 2] = [
    (
        "CREATE TABLE reports (digit INTEGER REFERENCES bump_sums (digit))",
        "a foreign key of the table reports",
        "DROP TABLE reports",
    ),
    (
        "CREATE TABLE reports (digit INTEGER REFERENCES Bump_Sums ON DELETE CASCADE)",
        "a foreign key of the table reports",
        "DROP TABLE reports",
    ),
];

async fn next<W: World>(world: &W) -> bool {
    world.checkpoints().load("bump-sums~next").await.unwrap().is_some()
}

/// A rebuild is refused before it begins, the projection serves on, and once nothing depends on the table it is rebuilt.
async fn refused_before_it_begins<W: Sql>(world: W, dependents: &[Dependent])
where
    Sums: On<W>,
    Later: On<W>,
{
    bump(&world.store(), 0..30).await;
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    for (by, (make, name, drop)) in (30..).zip(dependents) {
        world.execute(make).await;
        let error = handle.rebuild_side_by_side().await.unwrap_err();
        assert!(matches!(error, RebuildError::Failed { .. }), "{error}");
        for part in [name, "bump_", "in place"] {
            assert!(error.to_string().contains(part), "{part} in {error}");
        }
        assert!(!next(&world).await, "nothing was begun");
        handle.wait_for(bump(&world.store(), [by]).await).within(DEADLINE).await.unwrap();
        world.assert_rows_equal_the_log().await;
        // One that has changed is refused as well, and the process before serves on.
        let after = world.manager();
        let later = after.subscribe(Later, small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
        after.start().await.unwrap();
        let error = later.caught_up().within(DEADLINE).await.unwrap_err();
        assert!(error.to_string().contains(name), "{name} in {error}");
        assert!(matches!(later.inspect().await.state, SubscriptionState::Refused { .. }));
        world.execute(drop).await;
        handle.rebuild_side_by_side().await.unwrap().await.unwrap();
        world.assert_rows_equal_the_log().await;
    }
}

#[tokio::test]
async fn dependents_on_postgres_are_named_before_the_rebuild_begins() {
    refused_before_it_begins(<Postgres as World>::new().await, &IN_POSTGRES).await;
}

#[tokio::test]
async fn dependents_on_sqlite_are_named_before_the_rebuild_begins() {
    refused_before_it_begins(<Sqlite as World>::new().await, &IN_SQLITE).await;
}

/// What comes to depend on the table during the rebuild fails it at the switch, and the projection serves on.
async fn refused_at_the_switch<W: Sql>(world: W, dependents: &[Dependent])
where
    Sums: On<W>,
{
    bump(&world.store(), 0..600).await;
    let (manager, sums) = (world.manager(), Sums::default());
    let handle = manager.subscribe(sums.clone(), small()).await.unwrap();
    manager.start().await.unwrap();
    handle.caught_up().within(DEADLINE).await.unwrap();
    for (by, (make, name, drop)) in (600..).zip(dependents) {
        sums.be_slow(true);
        let rebuild = handle.rebuild_side_by_side().await.unwrap();
        eventually("it has begun", || next(&world)).await;
        // Its batches would keep the lock of a file from the session that creates the dependent, until the switch.
        manager.pause("bump-sums").await.unwrap();
        world.execute(make).await;
        sums.be_slow(false);
        manager.resume("bump-sums").await.unwrap();
        let error = rebuild.await.unwrap_err();
        assert!(matches!(error, RebuildError::Failed { .. }), "{error}");
        assert!(error.to_string().contains(name), "{name} in {error}");
        handle.wait_for(bump(&world.store(), [by]).await).within(DEADLINE).await.unwrap();
        world.assert_rows_equal_the_log().await;
        eventually("it is live", || async { matches!(handle.inspect().await.state, SubscriptionState::Live) }).await;
        assert!(handle.inspect().await.rebuild.is_none());
        world.execute(drop).await;
    }
    // What was built is of use at the next start.
    assert!(next(&world).await);
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    eventually("it is switched", || async { !next(&world).await }).await;
    handle.wait_for(bump(&world.store(), [7]).await).within(DEADLINE).await.unwrap();
    world.assert_rows_equal_the_log().await;
}

#[tokio::test]
async fn dependents_on_postgres_that_come_during_the_rebuild_fail_it() {
    refused_at_the_switch(<Postgres as World>::new().await, &IN_POSTGRES[..3]).await;
}

#[tokio::test]
async fn dependents_on_sqlite_that_come_during_the_rebuild_fail_it() {
    refused_at_the_switch(<Sqlite as World>::new().await, &IN_SQLITE).await;
}

#[tokio::test]
async fn objects_on_a_postgres_table_are_made_again() {
    let world = <Postgres as World>::new().await;
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    world
        .execute(
            "CREATE INDEX own_index ON bump_sums (total DESC) WHERE bumps > 1; \
             CREATE UNIQUE INDEX \"own Unique\" ON bump_sums ((digit + 1)); \
             ALTER TABLE bump_sums ADD CONSTRAINT own_check CHECK (total >= 0); \
             CREATE FUNCTION own_function() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
             CREATE TRIGGER own_trigger BEFORE INSERT ON bump_sums FOR EACH ROW EXECUTE FUNCTION own_function(); \
             CREATE TRIGGER off_trigger BEFORE INSERT ON bump_sums FOR EACH ROW EXECUTE FUNCTION own_function(); \
             ALTER TABLE bump_sums DISABLE TRIGGER off_trigger; \
             GRANT SELECT ON bump_sums TO pg_monitor; GRANT UPDATE (total) ON bump_sums TO pg_monitor; \
             COMMENT ON TABLE bump_sums IS 'it''s mine'; ALTER TABLE bump_sums SET (fillfactor = 70)",
        )
        .await;
    let told = || async {
        let mut told = Vec::new();
        for sql in [
            "SELECT string_agg(indexdef, '; ' ORDER BY indexdef) FROM pg_indexes WHERE schemaname || '.' = '{schema}.' \
             AND tablename = 'bump_sums'",
            "SELECT string_agg(pg_get_constraintdef(oid), '; ' ORDER BY conname) FROM pg_constraint \
             WHERE conrelid = '{schema}.bump_sums'::regclass AND contype <> 'n'",
            "SELECT string_agg(pg_get_triggerdef(oid) || tgenabled::text, '; ' ORDER BY tgname) FROM pg_trigger \
             WHERE tgrelid = '{schema}.bump_sums'::regclass",
            "SELECT relacl::text || reloptions::text || obj_description(oid) FROM pg_class \
             WHERE oid = '{schema}.bump_sums'::regclass",
            "SELECT string_agg(attacl::text, '; ') FROM pg_attribute WHERE attrelid = '{schema}.bump_sums'::regclass",
        ] {
            told.push(world.ask(sql).await);
        }
        told
    };
    let before = told().await;
    assert!(before[3].contains("pg_monitor") && before[3].contains("it's mine"), "{before:?}");
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    for _ in 0..2 {
        handle.rebuild_side_by_side().await.unwrap().await.unwrap();
        assert_eq!(told().await, before);
    }
    handle.wait_for(bump(&world.store(), [5]).await).within(DEADLINE).await.unwrap();
    world.assert_rows_equal_the_log().await;
}

#[tokio::test]
async fn objects_on_a_sqlite_table_are_made_again() {
    let world = <Sqlite as World>::new().await;
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    world
        .execute(
            "CREATE INDEX own_index ON bump_sums (total DESC) WHERE bumps > 1; \
             CREATE TABLE audit (digit INTEGER); \
             CREATE TRIGGER own_trigger AFTER UPDATE ON Bump_Sums BEGIN INSERT INTO audit VALUES (NEW.digit); END; \
             CREATE VIEW reports AS SELECT digit, total FROM bump_sums",
        )
        .await;
    let told =
        || world.ask("SELECT group_concat(sql, '; ') FROM sqlite_schema WHERE name IN ('own_index', 'own_trigger')");
    let before = told().await;
    assert!(before.contains("own_index") && before.contains("own_trigger"), "{before}");
    let manager = world.manager();
    let handle = manager.subscribe(Sums::default(), small()).await.unwrap();
    for _ in 0..2 {
        handle.rebuild_side_by_side().await.unwrap().await.unwrap();
        assert_eq!(told().await, before);
        assert_eq!(world.ask("SELECT sum(total) FROM reports").await, total(&world).await.to_string());
    }
    handle.wait_for(bump(&world.store(), [5]).await).within(DEADLINE).await.unwrap();
    assert_eq!(world.ask("SELECT max(digit) FROM audit").await, "5", "the trigger fires");
    world.assert_rows_equal_the_log().await;
}

/// Switches to the tables of [`Later`], which have other columns, and returns what could not be made again.
async fn left<W: Sql>(world: &W) -> Vec<String>
where
    Sums: On<W>,
{
    bump(&world.store(), 0..3).await;
    run_before(world).await;
    let checkpoints = world.checkpoints();
    let (generations, tables) = (checkpoints.generations().unwrap(), [LaterRow::TABLE, ExtraRow::TABLE]);
    let claim = Claim::new("bump-sums~next", "later", Position::new(1_000));
    let claimed = generations.claim_next(&claim, Position::new(1_000), &tables).await.unwrap();
    let switch = Switch::new("bump-sums", claimed.epoch, claimed.position, &tables);
    match generations.switch(&switch).await.unwrap() {
        Switched::Yes { left, .. } => left,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn dependents_on_postgres_are_listed() {
    let world = <Postgres as World>::new().await;
    world
        .execute(
            "CREATE INDEX own_index ON bump_sums (bumps); CREATE INDEX kept_index ON bump_sums (total); \
             ALTER TABLE bump_sums ADD CONSTRAINT own_check CHECK (last >= 0)",
        )
        .await;
    let left = left(&world).await;
    for what in ["the index own_index: ", "the constraint own_check: ", "the column bumps", "the column last"] {
        assert!(left.iter().any(|left| left.starts_with(what)), "{what} in {left:?}");
    }
    assert_eq!(left.len(), 4, "{left:?}");
    let names = world.names().await;
    assert!(names.iter().all(|name| !name.contains("__next")), "{names:?}");
    assert_eq!(
        world
            .ask("SELECT count(*) FROM pg_indexes WHERE indexname = 'kept_index' AND schemaname || '.' = '{schema}.'")
            .await,
        "1"
    );
}

#[tokio::test]
async fn dependents_on_sqlite_are_listed() {
    let world = <Sqlite as World>::new().await;
    world
        .execute(
            "CREATE INDEX own_index ON bump_sums (\"bumps\"); CREATE INDEX kept_index ON bump_sums (total); \
             CREATE TABLE audit (digit INTEGER); \
             CREATE TRIGGER own_trigger AFTER INSERT ON bump_sums BEGIN INSERT INTO audit VALUES (NEW.last); END",
        )
        .await;
    let left = left(&world).await;
    for what in ["the index own_index: ", "the trigger own_trigger: ", "the column bumps", "the column last"] {
        assert!(left.iter().any(|left| left.starts_with(what)), "{what} in {left:?}");
    }
    assert_eq!(left.len(), 4, "{left:?}");
    assert_eq!(world.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'kept_index'").await, "1");
}

#[tokio::test]
async fn view_on_sqlite_whose_column_goes_is_named_before_the_rebuild_begins() {
    let world = <Sqlite as World>::new().await;
    bump(&world.store(), 0..30).await;
    run_before(&world).await;
    for view in
        ["CREATE VIEW reports AS SELECT last FROM bump_sums", "CREATE VIEW reports AS SELECT \"last\" FROM bump_sums"]
    {
        world.execute(view).await;
        let manager = world.manager();
        let later = manager.subscribe(Later, small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
        manager.start().await.unwrap();
        let error = later.caught_up().within(DEADLINE).await.unwrap_err();
        assert!(error.to_string().contains("the view reports"), "{error}");
        world.assert_rows_equal_the_log().await;
        world.execute("DROP VIEW reports").await;
    }
    let manager = world.manager();
    let later = manager.subscribe(Later, small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    manager.start().await.unwrap();
    later.caught_up().within(DEADLINE).await.unwrap();
    assert_eq!(world.rows::<LaterRow>().count(Query::all()).await.unwrap(), 10);
}

/// The version before writes a table that has not its columns any more after another process has switched: it is fenced,
/// and no event is a dead letter.
async fn writer_of_the_version_before_is_fenced<W: Sql>(world: W)
where
    Sums: On<W>,
    Later: On<W>,
{
    let world = Arc::new(world);
    bump(&world.store(), 0..30).await;
    let before = world.manager();
    let old = before.subscribe(Sums::default(), small()).await.unwrap();
    before.start().await.unwrap();
    old.caught_up().within(DEADLINE).await.unwrap();
    world.ensure_tables(&Later).await;
    let after = world.manager();
    let later = after.subscribe(Later, small().on_change(OnChange::RebuildSideBySide)).await.unwrap();
    after.start().await.unwrap();
    later.caught_up().within(DEADLINE).await.unwrap();
    later.wait_for(bump(&world.store(), [30]).await).within(DEADLINE).await.unwrap();
    let state = || async { old.inspect().await.state };
    eventually("it is fenced", || async { !matches!(state().await, SubscriptionState::Live) }).await;
    assert!(!matches!(state().await, SubscriptionState::Faulted { .. }), "{:?}", state().await);
    assert!(old.dead_letters().list().await.unwrap().is_empty());
    let error = world.rows::<SumRow>().find(Query::all()).await.unwrap_err();
    for part in ["`bumps`", "`bump_sums`", "bump-sums v2", "deploy"] {
        assert!(error.to_string().contains(part), "{part} in {error}");
    }
    let _ = (LastRow::TABLE, Bumped { by: 1 });
}

#[tokio::test]
async fn writer_of_the_version_before_is_fenced_on_sqlite() {
    writer_of_the_version_before_is_fenced(<Sqlite as World>::new().await).await;
}

#[tokio::test]
async fn writer_of_the_version_before_is_fenced_on_postgres() {
    writer_of_the_version_before_is_fenced(<Postgres as World>::new().await).await;
}
