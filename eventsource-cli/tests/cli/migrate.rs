//! `migrate --print`: the printed SQL makes what `migrate` makes.

use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};
use eventsource_tests::SCHEMA_VERSION;
use eventsource_tests::postgres::Schema;

use crate::program::done;

/// Returns the script up to before the migration with this number, as an older version has printed it.
fn up_to(script: &str, migration: i64) -> String {
    let (before, _) = script.split_once(&format!("-- Migration {migration}:")).unwrap();
    format!("{before}COMMIT;")
}

#[tokio::test]
async fn printed_sql_makes_the_tables_of_migrate_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let database = |name: &str| vec!["sqlite".to_owned(), path(name)];
    done(&database("migrated"), &["migrate", "--yes"]).await;
    let script = done(&database("applied"), &["migrate", "--print"]).await.out;
    assert!(!folder.path().join("applied").exists(), "it creates no file");
    let expected = sqlite_tables(&path("migrated")).await;
    assert!(expected.len() > 20, "{expected:#?}");

    apply_to_sqlite(&path("applied"), &script).await;
    assert_eq!(sqlite_tables(&path("applied")).await, expected);
    done(&database("applied"), &["status"]).await;
    let nothing = done(&database("applied"), &["migrate", "--print"]).await;
    assert_eq!(nothing.out, "-- The tables are up to date.\n");

    apply_to_sqlite(&path("old"), &up_to(&script, 9)).await;
    let missing = done(&database("old"), &["--json", "migrate", "--print"]).await.json();
    let missing = missing["sql"].as_str().unwrap();
    assert!(missing.contains(&format!("from version 8 to version {SCHEMA_VERSION}")), "{missing}");
    apply_to_sqlite(&path("old"), missing).await;
    assert_eq!(sqlite_tables(&path("old")).await, expected);
}

async fn apply_to_sqlite(path: &str, script: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// Returns what `migrate` is responsible for, as texts.
async fn sqlite_tables(path: &str) -> Vec<String> {
    let mut conn = SqliteConnection::connect(path).await.unwrap();
    let mut found = Vec::new();
    for sql in [
        "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1",
        "SELECT version || ' ' || name || ' ' || checksum FROM eventsource_schema ORDER BY version",
        "SELECT DISTINCT 'recent: ' || (abs(applied_at / 1000000 - unixepoch()) < 60) FROM eventsource_schema",
        "SELECT journal_mode FROM pragma_journal_mode",
    ] {
        found.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut conn).await.unwrap());
    }
    conn.close().await.unwrap();
    found
}

#[tokio::test]
async fn printed_sql_makes_the_tables_of_migrate_on_postgres() {
    let migrated = Schema::migrated().await;
    let (applied, old) = (Schema::unmade(), Schema::unmade());
    let database = |schema: &Schema| vec!["postgres".to_owned(), schema.url().to_owned(), schema.name().to_owned()];
    let script = done(&database(&applied), &["migrate", "--print"]).await.out;
    let expected = postgres_tables(&migrated).await;
    assert!(expected.len() > 100, "{expected:#?}");
    assert!(postgres_tables(&applied).await.is_empty(), "it changes nothing");

    apply_to_postgres(&applied, &script).await;
    assert_eq!(postgres_tables(&applied).await, expected);
    done(&database(&applied), &["status"]).await;
    let nothing = done(&database(&applied), &["migrate", "--print"]).await;
    assert_eq!(nothing.out, "-- The tables are up to date.\n");

    apply_to_postgres(&old, &up_to(&script.replace(applied.name(), old.name()), 9)).await;
    let missing = done(&database(&old), &["--json", "migrate", "--print"]).await.json();
    let missing = missing["sql"].as_str().unwrap();
    assert!(missing.contains(&format!("from version 8 to version {SCHEMA_VERSION}")), "{missing}");
    apply_to_postgres(&old, missing).await;
    assert_eq!(postgres_tables(&old).await, expected);
}

async fn apply_to_postgres(schema: &Schema, script: &str) {
    let mut conn = PgConnection::connect(schema.url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script.to_owned())).execute(&mut conn).await.unwrap();
}

/// Returns what `migrate` is responsible for, as texts in which the schema has the same name.
async fn postgres_tables(schema: &Schema) -> Vec<String> {
    let mut conn = PgConnection::connect(schema.url()).await.unwrap();
    let mut found = Vec::new();
    for sql in [
        "SELECT concat_ws(' ', table_name, column_name, ordinal_position, data_type, collation_name, is_nullable, \
         column_default) FROM information_schema.columns WHERE table_schema = '{name}' ORDER BY 1",
        "SELECT concat_ws(' ', relname, relkind, reloptions) FROM pg_class WHERE relnamespace = to_regnamespace('{name}') ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = '{name}' ORDER BY 1",
        "SELECT concat_ws(' ', conname, pg_get_constraintdef(oid)) FROM pg_constraint \
         WHERE connamespace = to_regnamespace('{name}') ORDER BY 1",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = to_regnamespace('{name}') ORDER BY 1",
        "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid \
         WHERE relnamespace = to_regnamespace('{name}') ORDER BY 1",
        "SELECT definition FROM pg_views WHERE schemaname = '{name}' ORDER BY 1",
        "SELECT concat_ws(' ', sequencename, max_value, cache_size) FROM pg_sequences WHERE schemaname = '{name}' ORDER BY 1",
    ] {
        let sql = AssertSqlSafe(sql.replace("{name}", schema.name()));
        found.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut conn).await.unwrap());
    }
    if !found.is_empty() {
        let versions = "SELECT concat_ws(' ', version, name, checksum) FROM {name}.eventsource_schema ORDER BY version";
        let sql = AssertSqlSafe(versions.replace("{name}", schema.name()));
        found.extend(sqlx::query_scalar::<_, String>(sql).fetch_all(&mut conn).await.unwrap());
    }
    found.iter().map(|text| text.replace(schema.name(), "the_schema")).collect()
}
