//! The roles that `doctor --grants` prints.

use std::io::{BufRead as _, BufReader, Read as _};

use eventsource::prelude::*;
use eventsource::sqlx::{self, AssertSqlSafe, Connection as _, PgConnection};
use eventsource_tests::backend::{Backend as _, Postgres, Sql as _};
use eventsource_tests::domain::bump;
use eventsource_tests::ran::Ran;
use eventsource_tests::wait::{DEADLINE, eventually};

use crate::ran::{run as ran, shop};

const ROLES: [&str; 3] = ["reader", "operator", "service"];

/// A reader sees, an operator also asks, a service runs; and each is refused what is not its own.
pub(crate) async fn roles_may_do_their_work_and_no_more(world: &Postgres) {
    let prefix = format!("r{}", world.schema.name());
    let printed = ran("without code", &world.arguments(), &["doctor", "--grants", "--role-prefix", &prefix]).await;
    assert_eq!(printed.code, 0, "{printed:?}");
    let mut owner = PgConnection::connect(world.schema.url()).await.unwrap();
    // It can be run again.
    for _ in 0..2 {
        sqlx::raw_sql(AssertSqlSafe(printed.out.clone())).execute(&mut owner).await.unwrap();
    }
    every_table_is_named(&mut owner, world, &printed.out).await;
    for role in ROLES {
        let login =
            format!("CREATE ROLE \"{prefix}_{role}_login\" LOGIN PASSWORD '{role}' IN ROLE \"{prefix}_{role}\"");
        sqlx::raw_sql(AssertSqlSafe(login)).execute(&mut owner).await.unwrap();
    }
    let stranger = format!("CREATE ROLE \"{prefix}_stranger_login\" LOGIN PASSWORD 'stranger'");
    sqlx::raw_sql(AssertSqlSafe(stranger)).execute(&mut owner).await.unwrap();
    let denied = ran("without code", &as_role(world, &prefix, "stranger"), &["status"]).await;
    assert!(denied.code == 6 && denied.err.contains("the role of the URL lacks a right"), "{denied:?}");
    assert!(denied.err.contains("permission denied for schema"), "{denied:?}");
    let [reader, operator, service] = ROLES.map(|role| as_role(world, &prefix, role));

    // The service creates the tables of its read models.
    let mut running = shop("1", &service, &["run"]).spawn().unwrap();
    let head = bump(&world.store(), [5]).await;
    eventually("the service has started", || async { world.checkpoints().load("bump-sums").await.unwrap().is_some() })
        .await;
    let head = head.to_string();
    for arguments in [
        &["wait", "bump-digits", &head][..],
        &["status"],
        &["letters", "list", "bump-sums"],
        &["letters", "groups"],
        &["events", "tail", "--no-follow"],
        &["streams"],
        &["operations"],
        &["checkpoint", "show"],
        &["migrate", "--print"],
    ] {
        for database in [&reader, &operator, &service] {
            let shown = ran("without code", database, arguments).await;
            assert_eq!(shown.code, 0, "{arguments:?}: {shown:?}");
        }
    }
    // A reader cannot take the tables for a subscription: the program ends.
    let mut as_reader = shop("slow", &reader, &["run"]).spawn().unwrap();
    let mut said = String::new();
    as_reader.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(as_reader.wait().unwrap().code(), Some(1), "{said}");
    assert!(
        said.contains("permission denied") && said.contains("`eventsource doctor --grants` prints the SQL"),
        "{said}"
    );
    let pause = &["pause", "bump-sums", "--yes"][..];
    for arguments in [
        pause,
        &["resume", "bump-sums"],
        &["letters", "retry", "bump-sums", "--all", "--yes"],
        &["rebuild", "bump-sums", "--yes"],
        &["rebuild", "bump-digits", "--side-by-side", "--yes"],
    ] {
        if arguments[0] != "resume" {
            refused(&ran("without code", &reader, arguments).await);
        }
        let served = ran("without code", &operator, arguments).await;
        assert_eq!(served.code, 0, "{arguments:?}: {served:?}");
    }
    drop(running.stdin.take());
    let mut err = String::new();
    running.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    running.wait().unwrap();
    // Nothing serves it, and the operator withdraws it.
    let asked = ran("without code", &operator, &["restart", "bump-sums", "--timeout", "1s"]).await;
    assert_eq!(asked.code, 5, "{asked:?}");
    for database in [&reader, &operator, &service] {
        let found = ran("without code", database, &["doctor"]).await;
        assert!(found.code == 0 || found.code == 3, "{found:?}");
        assert!(found.out.contains("this role does not see the transactions of other roles"), "{found:?}");
    }

    program_without_a_right_says_which_it_waits_for(&mut owner, &service, &prefix).await;

    for (role, statement) in [
        ("reader", "INSERT INTO eventsource_requests (id) VALUES (gen_random_uuid())"),
        ("reader", "SELECT nextval('eventsource_positions')"),
        ("operator", "INSERT INTO eventsource_events (event_type) VALUES ('a')"),
        ("operator", "INSERT INTO eventsource_batches VALUES (gen_random_uuid())"),
        ("operator", "UPDATE eventsource_requests SET asked_by = 'ada'"),
        ("operator", "DELETE FROM eventsource_requests"),
        ("operator", "UPDATE eventsource_checkpoints SET position = 0"),
        ("operator", "DELETE FROM eventsource_dead_letters"),
        ("operator", "INSERT INTO eventsource_read_models VALUES ('a', 'a', 'a')"),
        ("operator", "CREATE TABLE mine (id int)"),
        ("service", "DELETE FROM eventsource_events"),
        ("service", "UPDATE eventsource_events SET payload = '{}'"),
        ("service", "TRUNCATE eventsource_events"),
        ("service", "DROP TABLE eventsource_requests"),
        ("service", "UPDATE eventsource_schema SET version = 99"),
        ("service", "UPDATE eventsource_log SET given_to = 99"),
    ] {
        let mut conn = PgConnection::connect(&as_role(world, &prefix, role)[1]).await.unwrap();
        let sql = format!("SET search_path = {}; {statement}", world.schema.name());
        let error = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(code, "42501", "{role}: {statement}: {error}");
    }
}

/// A program whose role lacks a right goes on to try, since the right can be granted while it runs.
async fn program_without_a_right_says_which_it_waits_for(owner: &mut PgConnection, service: &[String], prefix: &str) {
    let change = |what: &str, to: &str| {
        let schema = &service[2];
        AssertSqlSafe(format!("{what} UPDATE ON {schema}.eventsource_checkpoints {to} \"{prefix}_service\""))
    };
    sqlx::raw_sql(change("REVOKE", "FROM")).execute(&mut *owner).await.unwrap();
    let mut running = shop("1", service, &["run"]).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines().map_while(Result::ok);
    let found = tokio::task::spawn_blocking(move || {
        let said = lines.find(|line| line.starts_with("`bump-sums` is waiting"));
        (said, lines)
    });
    let (said, mut lines) = tokio::time::timeout(DEADLINE, found).await.unwrap().unwrap();
    let said = said.unwrap();
    assert!(said.contains("permission denied for table eventsource_checkpoints"), "{said}");
    assert!(said.contains("`eventsource doctor --grants` prints the SQL"), "{said}");
    sqlx::raw_sql(change("GRANT", "TO")).execute(owner).await.unwrap();
    let found = tokio::task::spawn_blocking(move || lines.find(|line| line == "`bump-sums` is live again"));
    tokio::time::timeout(DEADLINE, found).await.unwrap().unwrap().unwrap();
    drop(running.stdin.take());
    running.wait().unwrap();
}

/// The options that reach the database as a member of a role.
fn as_role(world: &Postgres, prefix: &str, role: &str) -> Vec<String> {
    let mut arguments = world.arguments();
    let (_, server) = arguments[1].split_once('@').unwrap();
    arguments[1] = format!("postgres://{prefix}_{role}_login:{role}@{server}");
    arguments
}

fn refused(ran: &Ran) {
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("permission denied"), "{ran:?}");
}

/// A migration that adds a table also adds it to the roles.
async fn every_table_is_named(owner: &mut PgConnection, world: &Postgres, grants: &str) {
    let tables = "SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                  WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'S') AND c.relname LIKE 'eventsource\\_%'";
    let tables: Vec<String> = sqlx::query_scalar(tables).bind(world.schema.name()).fetch_all(owner).await.unwrap();
    assert!(tables.len() > 12, "{tables:?}");
    for table in tables {
        assert!(grants.contains(&format!(".{table}")), "no role has rights on `{table}`");
    }
}
