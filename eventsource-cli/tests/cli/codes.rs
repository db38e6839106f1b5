//! The exit codes.

use std::time::Duration;

use eventsource::admin::{Admin as _, DatabaseAdmin};
use eventsource::projection::operations::{RequestQuery, RequestState};
use eventsource_tests::backend::{Backend as _, Postgres, Sql, Sqlite};
use eventsource_tests::child::Child;
use eventsource_tests::wait::eventually;
use serde_json::Value;

use crate::program::{Ran, program, run};
use crate::world::{bump, with_letter};

#[tokio::test]
async fn exit_code_names_the_kind_of_failure() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let database = world.arguments();
    for (code, arguments) in [
        (0, &["status"][..]),
        (0, &["--help"]),
        (1, &["wait", "sums", "999", "--timeout", "1s"]),
        (2, &["status", "--no-such-option"]),
        (2, &["status", "--timeout", "soon"]),
        (2, &["letters", "retry", "sums"]),
        (3, &["status", "--check"]),
        (3, &["doctor"]),
        (4, &["pause", "sums"]),
        (4, &["letters", "dismiss", "sums", "4", "--reason", "no"]),
        (5, &["restart", "sums", "--yes", "--timeout", "200ms"]),
        (7, &["status", "smus"]),
        (7, &["restart", "smus", "--yes"]),
        (7, &["letters", "list", "smus"]),
        (7, &["letters", "show", "sums", "1"]),
        (7, &["events", "show", "00000000-0000-0000-0000-000000000000"]),
    ] {
        let ran = run(&database, arguments).await;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert_eq!(ran.err.is_empty(), code == 0, "{arguments:?}: {ran:?}");
        if code == 0 {
            continue;
        }
        let mut as_json = vec!["--json"];
        as_json.extend(arguments);
        let ran = run(&database, &as_json).await;
        let error: Value = serde_json::from_str(&ran.err).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!((&error["format"], &error["error"]["code"]), (&1.into(), &code.into()), "{arguments:?}");
    }
}

#[tokio::test]
async fn database_that_cannot_be_opened_is_6_and_its_password_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.db");
    let empty = folder.path().join("empty.db");
    std::fs::write(&empty, "").unwrap();
    let url = "postgres://ada:s3cret@127.0.0.1:1/shop";
    for database in [missing.to_str().unwrap(), empty.to_str().unwrap(), url, "postgres://ada:s3cret@[/shop"] {
        let ran = run(&[], &["--database", database, "--timeout", "500ms", "status"]).await;
        assert_eq!(ran.code, 6, "{database}: {ran:?}");
        assert!(!format!("{ran:?}").contains("s3cret"), "{ran:?}");
    }
    assert!(!missing.exists(), "reading creates no file");
    for arguments in [&["status"][..], &["migrate", "--yes"], &["migrate", "--print"]] {
        let refused = run(&[], &[&["--database", url], arguments].concat()).await;
        assert_eq!(refused.code, 6, "{refused:?}");
        assert!(refused.err.contains("127.0.0.1:1") && refused.err.contains("Connection refused"), "{refused:?}");
    }
    assert_eq!(run(&[], &["status"]).await.code, 6);
    let mut help = program(&[], &["--help"]);
    let help = Ran::of(help.env("DATABASE_URL", url).output().unwrap());
    assert!(!help.out.contains("s3cret"), "{help:?}");
}

#[tokio::test]
async fn interrupted_request_is_withdrawn_on_sqlite() {
    interrupted_request_is_withdrawn::<Sqlite>(with_letter().await).await;
}

#[tokio::test]
async fn interrupted_request_is_withdrawn_on_postgres() {
    interrupted_request_is_withdrawn::<Postgres>(with_letter().await).await;
}

async fn interrupted_request_is_withdrawn<W: Sql>((world, _folder): (W, tempfile::TempDir)) {
    let admin = DatabaseAdmin::new(world.checkpoints(), world.store());
    let mut command = program(&world.arguments(), &["restart", "sums", "--yes", "--timeout", "10m"]);
    let child = command.spawn().unwrap();
    let requests = || async { admin.requests(&RequestQuery::latest(10)).await.unwrap() };
    eventually("the request waits", || async { requests().await.len() == 1 }).await;
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let ran = Ran::of(tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    assert!(ran.err.contains("is withdrawn, nothing was done"), "{ran:?}");
    let state = requests().await.remove(0).state;
    assert!(matches!(state, RequestState::Withdrawn { .. }), "{state:?}");
}

#[tokio::test]
async fn tail_and_watch_print_a_line_of_json_for_each_item_until_they_are_interrupted() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let file = world.file();
    let global = ["--database", &file, "--json"];
    for (arguments, key) in [(&["events", "tail", "--last", "1"][..], "event"), (&["status", "--watch"], "head")] {
        let mut child = Child::start(env!("CARGO_BIN_EXE_eventsource"), global.iter().chain(arguments));
        for number in [1, 11] {
            let item: Value = serde_json::from_str(&child.line()).unwrap();
            assert_eq!(item["format"], 1, "{item}");
            assert!(!item[key].is_null(), "{item}");
            bump(&world.store(), &[number]).await;
        }
        child.signal("-INT");
        eventually("it ends", || async { !std::path::Path::new(&format!("/proc/{}/exe", child.id())).exists() }).await;
    }
}
