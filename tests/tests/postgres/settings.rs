//! Settings and rights of the role that change what the server answers.

use std::time::Duration;

use eventsource::postgres::{
    PostgresCheckpoints, PostgresDatabase, PostgresEventStore, PostgresOpenError, PostgresOptions, PostgresReadModels,
};
use eventsource::prelude::*;
use eventsource::sqlx::postgres::PgConnectOptions;
use eventsource::sqlx::{self, AssertSqlSafe};
use eventsource_tests::domain::{Bumped, bump};
use eventsource_tests::postgres::Schema;
use eventsource_tests::wait::DEADLINE;

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "typed")]
struct Typed {
    #[read_model(id)]
    id: i64,
    name: String,
    key: uuid::Uuid,
    bytes: Vec<u8>,
    amount: eventsource::read_model::Decimal,
    #[read_model(index)]
    maybe: Option<String>,
    is_new: bool,
}

#[derive(Debug)]
struct Types;

#[projection(name = "types", read_models(Typed))]
impl Types {
    #[handles(Bumped)]
    async fn bumped(&self, event: &Event<Bumped>, rows: &mut Repository<Typed>) -> Result<(), ReadModelError> {
        let (id, name) = (event.position().value() as i64, "Größe \"1\"".to_owned());
        let (key, amount) = (event.id(), "1.50".parse().map_err(|_| ReadModelError::NoTable { table: "typed" })?);
        rows.save(Typed { id, name, key, bytes: vec![0, 255], amount, maybe: None, is_new: true }).await
    }
}

fn with(schema: &Schema, settings: &[(&str, &str)]) -> PostgresOptions {
    let connect: PgConnectOptions = schema.url().parse().unwrap();
    PostgresOptions::from_connect_options(connect.options(settings.iter().copied())).schema(schema.name())
}

/// Types then come as `"uuid"` and `"text"`.
#[tokio::test(flavor = "multi_thread")]
async fn quote_all_identifiers_changes_nothing() {
    let schema = Schema::unmade();
    let db = PostgresDatabase::open_with(with(&schema, &[("quote_all_identifiers", "on")])).await.unwrap();
    let (store, models) = (PostgresEventStore::new(&db), PostgresReadModels::new(&db));
    models.create_table::<Typed>().await.unwrap();
    models.create_table::<Typed>().await.unwrap();
    let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), PostgresCheckpoints::new(&db));
    let config = SubscriptionConfig::default().poll_interval(Duration::from_millis(50));
    let handle = manager.subscribe(Types, config).await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&store, [1, 2, 3]).await;
    handle.wait_for(position).within(DEADLINE).await.unwrap();
    assert_eq!(models.repository::<Typed>().count(Query::all()).await.unwrap(), 3);
    handle.rebuild_side_by_side().await.unwrap().await.unwrap();
    assert_eq!(models.repository::<Typed>().find(Query::all().filter(Typed::IS_NEW.eq(true))).await.unwrap().len(), 3);
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn role_that_may_use_the_sequence_and_not_read_it_is_told_at_the_open_what_to_grant() {
    let (schema, _server) = Schema::of_a_superuser().await;
    let (name, role) = (schema.name().to_owned(), format!("appender_{}", schema.name()));
    let db = schema.open().await;
    let run = async |sql: String| sqlx::raw_sql(AssertSqlSafe(sql)).execute(db.pool()).await.unwrap();
    run(format!(
        "CREATE ROLE {role}; GRANT USAGE ON SCHEMA {name} TO {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES \
         IN SCHEMA {name} TO {role}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA {name} TO {role}"
    ))
    .await;
    let options = with(&schema, &[("role", role.as_str())]);
    let error = PostgresDatabase::open_with(options.clone()).await.unwrap_err();
    assert!(matches!(error, PostgresOpenError::SequenceUnreadable { .. }), "{error:?}");
    let text = error.to_string();
    let start = text.find("GRANT").unwrap();
    let grant = text[start..].trim_end_matches('`').to_owned();
    run(grant).await;
    let opened = PostgresDatabase::open_with(options).await.unwrap();
    bump(&PostgresEventStore::new(&opened), [1]).await;
    opened.close().await;
    run(format!("DROP OWNED BY {role}; DROP ROLE {role}")).await;
}
