//! The backend of the example passes the contract suites of every port that it implements, and its program runs.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "../../own_backend/backend.rs"]
mod backend;

use std::process::Command;

use tempfile::TempDir;

use crate::backend::Redb;

fn fresh() -> (Redb, TempDir) {
    let folder = TempDir::new().unwrap();
    (Redb::open(folder.path().join("events.redb")).unwrap(), folder)
}

mod event_store {
    eventsource::event_store_contract!(crate::fresh());
}

mod checkpoints {
    eventsource::checkpoint_store_contract!(crate::fresh());
}

mod leases {
    eventsource::lease_contract!(crate::fresh());
}

mod read_models {
    eventsource::read_model_contract!({
        let (db, folder) = crate::fresh();
        (db.clone(), db.repository(), folder)
    });
}

#[test]
fn program_runs_the_projections_of_the_tutorial_and_continues_after_a_restart() {
    let output = Command::new(env!("CARGO_BIN_EXE_own_backend")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let expected = "\
On a new file:
   3 orders, 1 shipped
   Carol Williams: 1 order(s), $250.00
   revenue of 1 day(s)
   1 row(s) with the status shipped, 5 events handled since the start
On the same file again:
   6 orders, 2 shipped
   Carol Williams: 2 order(s), $500.00
   revenue of 1 day(s)
   2 row(s) with the status shipped, 5 events handled since the start
";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
}
