//! The program steers a subscription that another process runs.

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_tests::backend::{Postgres, Sql, Sqlite};
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::eventually;
use serde_json::Value;

use crate::program::{done, run};
use crate::world::{bump, with_owner};

macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite { $(#[tokio::test] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod postgres { $(#[tokio::test] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

on_both! {
    paused_owner_applies_nothing_until_it_is_resumed
    letter_is_retried_and_dismissed_by_the_owner
    rebuild_ends_when_the_owner_has_applied_the_log_again
    held_rebuild_serves_after_the_switch
}

async fn state(database: &[String]) -> Value {
    done(database, &["--json", "status", "sums"]).await.json()
}

async fn paused_owner_applies_nothing_until_it_is_resumed<W: Sql>()
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, _folder, _owner) = with_owner::<W>().await;
    let database = world.arguments();
    eventually("the owner is live", || async { state(&database).await["state"] == "live" }).await;
    let paused = done(&database, &["pause", "sums", "--reason", "an upgrade", "--as", "ada", "--yes"]).await;
    assert!(paused.out.starts_with("sums: done: "), "{paused:?}");
    eventually("the owner is paused", || async { state(&database).await["state"] == "paused" }).await;
    let seen = state(&database).await;
    assert_eq!((&seen["pause"]["by"], &seen["pause"]["reason"]), (&"ada".into(), &"an upgrade".into()));
    let head = bump(&world.store(), &[31]).await.to_string();
    let behind = run(&database, &["wait", "sums", &head, "--timeout", "300ms"]).await;
    assert_eq!(behind.code, 1, "{behind:?}");
    assert!(behind.err.contains("it is paused"), "{behind:?}");
    done(&database, &["resume", "sums"]).await;
    done(&database, &["wait", "sums", &head]).await;
    let restarted = done(&database, &["restart", "sums"]).await;
    assert!(restarted.out.starts_with("sums: done: "), "{restarted:?}");
    let requests = done(&database, &["--json", "operations", "sums"]).await.json();
    let actions: Vec<_> =
        requests["requests"].as_array().unwrap().iter().map(|found| &found["request"]["action"]).collect();
    assert_eq!(actions, ["restart", "resume", "pause"]);
    assert_eq!(requests["requests"][2]["request"]["arguments"]["reason"], "an upgrade", "{requests}");
    // The process before has ended, and is not shown while another one has the subscription.
    let shown = done(&database, &["status", "sums"]).await;
    assert_eq!(shown.out.matches("process           process ").count(), 1, "{shown:?}");
    assert_eq!(state(&database).await["managers"].as_array().unwrap().len(), 2);
}

async fn letter_is_retried_and_dismissed_by_the_owner<W: Sql>()
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, folder, _owner) = with_owner::<W>().await;
    let (database, faults) = (world.arguments(), folder.path().join("faults"));
    let letters = done(&database, &["--json", "letters", "list", "sums"]).await.json();
    let position = letters["letters"][0]["position"].to_string();
    let retry = ["letters", "retry", "sums", &position, "--yes"];
    let still = run(&database, &retry).await;
    assert!(
        still.out.starts_with("sums: done: 0 events applied, 1 of these letters left; the one at position"),
        "{still:?}"
    );
    assert_eq!(still.code, 1, "{still:?}");
    assert!(still.err.contains("`sums` has letters that failed again"), "{still:?}");
    std::fs::write(&faults, "").unwrap();
    let healed = done(&database, &retry).await;
    assert_eq!(healed.out, "sums: done: 2 events applied, none of these letters left\n");
    std::fs::write(&faults, "200\n300\n400").unwrap();
    let position = bump(&world.store(), &[200]).await.to_string();
    let second = bump(&world.store(), &[300]).await.to_string();
    let third = bump(&world.store(), &[400]).await.to_string();
    done(&database, &["wait", "sums", "--timeout", "30s"]).await;
    std::fs::write(&faults, "200").unwrap();
    let several = done(&database, &["letters", "retry", "sums", &second, &third, "--yes"]).await;
    assert_eq!(several.out, "sums: done: 2 events applied, none of these letters left\n");
    let several = run(&database, &["letters", "retry", "sums", &second, &position, "--yes"]).await;
    assert!(several.out.starts_with("sums: done: 0 events applied, 1 of these letters left"), "{several:?}");
    assert!(several.out.ends_with("; 1 did not wait any more\n"), "{several:?}");
    assert!(several.code == 1 && several.err.contains(&format!("the first at position {position}")), "{several:?}");
    let dismiss = ["letters", "dismiss", "sums", &position, "--reason", "a test", "--yes"];
    let dismissed = done(&database, &dismiss).await;
    assert!(dismissed.out.starts_with("sums: done: 1 dead letter dismissed"), "{dismissed:?}");
    let listed = done(&database, &["letters", "list", "sums", "--state", "dismissed"]).await;
    assert!(listed.out.contains("dismissed: a test"), "{listed:?}");
}

async fn rebuild_ends_when_the_owner_has_applied_the_log_again<W: Sql>()
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, folder, _owner) = with_owner::<W>().await;
    let database = world.arguments();
    std::fs::write(folder.path().join("faults"), "").unwrap();
    for arguments in [&["rebuild", "sums", "--yes"][..], &["rebuild", "sums", "--side-by-side", "--yes"]] {
        done(&database, arguments).await;
        eventually("all rows are there", || async {
            let rows = world.rows::<SumRow>().find(Query::all()).await.unwrap();
            rows.iter().map(|row| row.bumps).sum::<u64>() == 6
        })
        .await;
        let rebuilds = done(&database, &["--json", "rebuild", "status"]).await.json();
        assert_eq!(rebuilds["rebuilds"], Value::Array(Vec::new()), "{arguments:?}");
    }
    let cancelled = done(&database, &["rebuild", "cancel", "sums", "--yes"]).await;
    assert_eq!(cancelled.out, "sums: done: there is no unfinished rebuild\n");
}

/// The unfinished rebuild.
async fn held(database: &[String]) -> Value {
    done(database, &["--json", "rebuild", "status"]).await.json()["rebuilds"][0].clone()
}

async fn held_rebuild_serves_after_the_switch<W: Sql>()
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, folder, _owner) = with_owner::<W>().await;
    let database = world.arguments();
    let hold = ["rebuild", "sums", "--side-by-side", "--hold", "--reason", "a look first", "--as", "ada", "--yes"];
    done(&database, &hold).await;
    eventually("the new tables have the log", || async { held(&database).await["position"] == 6 }).await;
    let held_by_ada = held(&database).await;
    assert_eq!(
        (&held_by_ada["kind"], &held_by_ada["hold"]["by"]),
        (&"side_by_side".into(), &"ada".into()),
        "{held_by_ada}"
    );
    let shown = done(&database, &["rebuild", "status"]).await;
    assert!(shown.out.contains("side by side, held"), "{shown:?}");
    let shown = done(&database, &["status", "sums"]).await;
    assert!(shown.out.contains("held              by ada since ") && shown.out.contains(": a look first"), "{shown:?}");
    done(&database, &["rebuild", "switch", "sums", "--yes"]).await;
    let rebuilds = done(&database, &["--json", "rebuild", "status"]).await.json();
    assert_eq!(rebuilds["rebuilds"], Value::Array(Vec::new()));
    let again = done(&database, &["rebuild", "switch", "sums", "--yes"]).await;
    assert_eq!(again.out, "sums: done: no next generation is held\n");
    // A rebuild in place discards what is held, and says so before and after.
    done(&database, &hold).await;
    eventually("the new tables have the log", || async { held(&database).await["position"] == 6 }).await;
    std::fs::write(folder.path().join("faults"), "").unwrap();
    let asked = run(&database, &["rebuild", "sums"]).await;
    assert!(asked.err.contains(", discard the next generation that ada holds (a look first), and"), "{asked:?}");
    let rebuilt = done(&database, &["rebuild", "sums", "--yes"]).await;
    assert!(
        rebuilt
            .out
            .starts_with("sums: done: the rebuild in place has begun; the next generation that ada held is discarded"),
        "{rebuilt:?}"
    );
}
