//! Handlers on a SQLite file that do what they should not.

use super::world::*;

#[tokio::test]
async fn a_handle_of_before_does_not_reset_the_subscription_that_runs_now() {
    let file = File::new(|options| options).await;
    let manager = file.manager();
    let old = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    manager.unsubscribe("bump-rows").await.unwrap();
    let new = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    new.wait_for(bump(&file.store, [1]).await).await.unwrap();
    let reset = old.reset().await;
    assert!(reset.is_err(), "it emptied the rows under a subscription that is {}", new.inspect().await.state);
}

/// Runs some SQL for each bump.
struct Runs(&'static str);

#[projection(name = "runs")]
impl Runs {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Bumped, db: &mut SqliteConnection) -> sqlx::Result<()> {
        sqlx::query("INSERT INTO bumps VALUES (?, ?)").bind(0).bind(event.by as i64).execute(&mut *db).await?;
        if event.by == 3 {
            sqlx::raw_sql(self.0).execute(db).await?;
        }
        Ok(())
    }
}

/// What three bumps leave, the third of which runs `sql`: the numbers kept, the position, the state.
async fn after(sql: &'static str) -> (Vec<i64>, u64, String, String) {
    let file = File::new(|options| options.write_timeout(Duration::from_secs(1))).await;
    for create in [
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE one (id INTEGER PRIMARY KEY)",
        "INSERT INTO one VALUES (1)",
    ] {
        sqlx::query(create).execute(file.db.pool()).await.unwrap();
    }
    let manager = file.manager();
    let handle = manager.subscribe(Runs(sql), quick(3)).await.unwrap();
    let position = bump(&file.store, [1, 2, 3]).await;
    manager.start().await.unwrap();
    let waited = handle.wait_for(position).within(LONG).await;
    let rows = sqlx::query_as("SELECT by FROM bumps ORDER BY rowid").fetch_all(file.db.pool()).await.unwrap();
    let rows = rows.into_iter().map(|(by,): (i64,)| by).collect();
    let status = handle.inspect().await;
    let waited = waited.map_or_else(|error| error.to_string(), |at| at.to_string());
    (rows, status.position.unwrap().value(), status.state.name().to_owned(), waited)
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_the_commit_is_the_handlers_failure() {
    let (rows, position, state, waited) = after("INSERT INTO child VALUES (7)").await;
    assert_eq!((&rows[..], position, state.as_str()), (&[1, 2][..], 2, "faulted"), "{waited}");
}

#[tokio::test]
async fn statements_of_a_handler_lose_no_event() {
    for sql in [
        "COMMIT",
        "ROLLBACK",
        "COMMIT; BEGIN",
        "ROLLBACK; BEGIN IMMEDIATE; SAVEPOINT eventsource_batch",
        "RELEASE eventsource_batch",
        "RELEASE eventsource_batch; SAVEPOINT eventsource_batch; ROLLBACK; BEGIN",
        "INSERT OR ROLLBACK INTO one VALUES (1)",
        "BEGIN",
        "ATTACH ':memory:' AS other",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA foreign_keys = OFF; SELECT * FROM no_such_table",
        "DETACH main",
    ] {
        let (rows, position, state, waited) = after(sql).await;
        let lawful = (rows == [1, 2] && position == 2)
            || (rows == [1, 2, 3] && position == 3)
            || (rows.is_empty() && position == 0);
        assert!(lawful && state != "waiting", "{sql}: {rows:?} at {position}, {state}: {waited}");
    }
}

#[tokio::test]
async fn savepoint_games_on_the_batch_lose_nothing() {
    for sql in [
        "ROLLBACK TO eventsource_batch",
        "ROLLBACK TO eventsource_batch; RELEASE eventsource_batch; SAVEPOINT eventsource_batch",
        "RELEASE eventsource_batch; SAVEPOINT eventsource_batch",
        "SAVEPOINT eventsource_batch",
    ] {
        let (rows, position, state, waited) = after(sql).await;
        let lawful = (rows == [1, 2] && position == 2)
            || (rows == [1, 2, 3] && position == 3)
            || (rows.is_empty() && position == 0);
        assert!(lawful, "{sql}: {rows:?} at {position}, {state}: {waited}");
    }
}

struct AppendsInATask(SqliteEventStore);

#[projection(name = "appends-in-a-task")]
impl AppendsInATask {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, db: &mut SqliteConnection) -> Result<(), HandlerError> {
        sqlx::query("INSERT INTO bumps VALUES (0, 0)").execute(db).await?;
        if event.position() == Position::new(1) {
            let store = self.0.clone();
            tokio::spawn(async move {
                let stream = StreamId::new("Counter", uuid::Uuid::from_u128(2));
                let events = vec![NewEvent::of(&Bumped { by: 9 }).unwrap()];
                store.append(&stream, ExpectedVersion::Any, events).await
            })
            .await
            .unwrap()?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn an_append_by_a_task_of_a_handler_ends_as_a_failure() {
    let file = File::new(|options| options.write_timeout(Duration::from_millis(100))).await;
    let manager = file.manager();
    let handle = manager.subscribe(AppendsInATask(file.store.clone()), quick(2)).await.unwrap();
    let position = bump(&file.store, [1]).await;
    manager.start().await.unwrap();
    let waited = handle.wait_for(position).within(LONG).await;
    let Err(WaitError::Faulted { failure }) = waited else { panic!("{waited:?}") };
    assert_eq!(failure.position, position, "{failure}");
    assert!(failure.to_string().contains("another connection has locked it"), "{failure}");
    assert_eq!(handle.inspect().await.state.name(), "faulted");
}

#[tokio::test]
async fn a_start_beyond_all_positions_is_refused_or_works() {
    let file = File::new(|options| options).await;
    let manager = file.manager();
    let config = SubscriptionConfig::after(Position::new(u64::MAX));
    let Ok(handle) = manager.subscribe(BumpRows, config).await else { return };
    manager.start().await.unwrap();
    let waited = handle.caught_up().within(LONG).await;
    waited.unwrap_or_else(|error| panic!("{error}"));
}
