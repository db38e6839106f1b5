//! The same table on every backend.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Command;

const EXPECTED: &str = "\
Orders, the largest first:
   number       | customer       |    total | status    | tracking  | version
   ORD-DA71D004 | David Brown    |   500.00 | shipped   | TRACK-002 | 2
   ORD-CA500003 | Carol Williams |   250.00 | placed    | -         | 1
   ORD-A11CE001 | Alice Johnson  |   150.00 | shipped   | TRACK-001 | 2

Orders to be shipped, above $200:
   number       | customer       |    total | status    | tracking  | version
   ORD-CA500003 | Carol Williams |   250.00 | placed    | -         | 1

Cancelled orders, which are hidden otherwise:
   number       | customer       |    total | status    | tracking  | version
   ORD-B0B00002 | Bob Smith      |   200.00 | placed    | -         | 2

After a reset 0 rows, after the rebuild 4, the same: true
";

fn run(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_read_models")).args(arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn in_memory() {
    assert_eq!(run(&[]), EXPECTED);
    assert_eq!(run(&["memory"]), EXPECTED);
}

#[test]
fn on_sqlite() {
    assert_eq!(run(&["sqlite"]), EXPECTED);
}

#[test]
fn on_postgres() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_read_models"));
    let output = command.arg("postgres").env("DATABASE_URL", eventsource_tests::postgres::url()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), EXPECTED);
}

fn refused(backend: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_read_models"));
    let output = command.arg(backend).env_remove("DATABASE_URL").output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn missing_setting_is_named() {
    assert!(refused("paper").contains("say `memory`, `sqlite` or `postgres`"));
    assert!(refused("postgres").contains("set DATABASE_URL to a PostgreSQL database"));
}
