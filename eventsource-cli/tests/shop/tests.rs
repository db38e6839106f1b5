//! The tests, which run the program.

use std::io::{BufRead as _, BufReader, Read as _};

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};
use eventsource_tests::content::Content;
use eventsource_tests::deployment::FirstRow;
use eventsource_tests::domain::bump;
use eventsource_tests::wait::eventually;

use crate::ran::{run as ran, shop};
use crate::roles::roles_may_do_their_work_and_no_more;

/// Runs all tests.
pub(crate) async fn run() {
    let world = Sqlite::open().await;
    first_has_run(&world).await;
    cases(&world, "1").await;
    cases(&world, "2").await;
    let world = Postgres::open().await;
    first_has_run(&world).await;
    plan_of_version_2_is_refused(&world).await;
    command_without_code_says_what_to_do(&world).await;
    row_that_differs_is_found(&world).await;
    killed_trial_leaves_nothing(&world).await;
    roles_may_do_their_work_and_no_more(&Postgres::open().await).await;
    let world = Sqlite::open().await;
    first_has_run(&world).await;
    killed_trial_leaves_nothing(&world).await;
}

/// Runs version 1 by `run` until it has applied the log, and ends it by a signal.
async fn first_has_run<W: Sql>(world: &W)
where
    Repository<FirstRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    bump(&world.store(), 1..=20).await;
    let mut child = shop("1", &world.arguments(), &["run"]).spawn().unwrap();
    let position = |name: &'static str| async move {
        world.checkpoints().load(name).await.unwrap().map_or(0, |stored| stored.position.value())
    };
    eventually("version 1 has applied the log", || async {
        position("bump-digits").await == 20 && position("bump-sums").await == 20
    })
    .await;
    let rows = world.rows::<FirstRow>().find(Query::all()).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.total).sum::<u64>(), 210);
    let signal = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let ended = tokio::task::spawn_blocking(move || {
        let mut out = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_to_string(&mut out).unwrap();
        let err: Vec<_> = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok).collect();
        (child.wait().unwrap().code(), out, err)
    });
    let (code, out, err) = ended.await.unwrap();
    assert_eq!((code, &*err), (Some(0), &["The subscriptions run. A signal stops them.".to_owned()][..]));
    if world.arguments()[0] == "sqlite" {
        assert_eq!(out, "serving\nstopping\n", "it also serves");
    }
}

/// Runs the cases of a version, on a SQLite file.
async fn cases(world: &Sqlite, version: &str) {
    let cases = trycmd::TestCases::new();
    let program = std::env::current_exe().unwrap();
    cases.register_bin("shop", program.as_path());
    cases.env("DATABASE_URL", world.file()).env("SHOP_VERSION", version).env("USER", "ada");
    cases.case(format!("tests/shop/cases/{version}/*.trycmd"));
    tokio::task::spawn_blocking(move || cases.run()).await.unwrap();
}

async fn plan_of_version_2_is_refused<W: Sql>(world: &W) {
    let database = world.arguments();
    let planned = ran("2", &database, &["--json", "plan"]).await;
    assert_eq!(planned.code, 3, "{planned:?}");
    let json = planned.json();
    assert_eq!((&json["format"], &json["subscriptions"][0]["action"]), (&1.into(), &"refuse".into()), "{planned:?}");
    assert_eq!(json["subscriptions"][0]["change"]["columns_added"], serde_json::json!(["bump_digits.double I64"]));
    let planned = ran("1", &database, &["plan"]).await;
    assert_eq!(planned.code, 0, "{planned:?}");
}

async fn command_without_code_says_what_to_do<W: Sql>(world: &W) {
    for arguments in [&["plan"][..], &["list"], &["verify", "a"], &["run"], &["topology"]] {
        let refused = ran("without code", &world.arguments(), arguments).await;
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains(".postgres(Code::new(subscribe))"), "{refused:?}");
    }
    let refused = ran("without code", &[], &["topology"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
}

async fn row_that_differs_is_found<W: Sql>(world: &W) {
    let database = world.arguments();
    let equal = ran("1", &database, &["verify", "bump-sums"]).await;
    assert_eq!(equal.code, 0, "{equal:?}");
    world.execute("UPDATE bump_sums SET total = 1 WHERE digit = 3").await;
    let differs = ran("1", &database, &["--json", "verify", "bump-sums"]).await;
    assert_eq!(differs.code, 3, "{differs:?}");
    let json = differs.json();
    assert_eq!(json["tables"][0]["differences"][0]["columns"][0]["rebuilt"], "16", "{differs:?}");
    let unknown = ran("1", &database, &["verify", "smus"]).await;
    assert_eq!(unknown.code, 7, "{unknown:?}");
}

/// Kills a dry run in the middle.
async fn killed_trial_leaves_nothing<W: Sql + Content>(world: &W) {
    let folder = tempfile::tempdir().unwrap();
    let called = folder.path().join("called");
    let before = world.content().await;
    let mut tried = shop("slow", &world.arguments(), &["plan", "--no-estimates", "--dry-run", "--all"]);
    let mut child = tried.env("SHOP_CALLED", &called).spawn().unwrap();
    eventually("a handler is called", || async { called.exists() }).await;
    assert!(child.try_wait().unwrap().is_none(), "it does not end");
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("nothing is left", || async { world.content().await == before }).await;
}
