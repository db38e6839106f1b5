//! The tutorial's whole output, with ids and dates masked.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::path::Path;
use std::process::Command;

const BANNER: &str = "============================================================";

fn run(arguments: &[&Path]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_tutorial")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| mask(line) + "\n").collect()
}

/// `line` with each word that is a UUID or a date replaced.
fn mask(line: &str) -> String {
    let is_date = |word: &str| word.len() == 10 && word.chars().filter(|c| *c == '-').count() == 2;
    let masked: Vec<_> = line
        .split(' ')
        .map(|word| match word.trim_end_matches(':') {
            bare if uuid::Uuid::try_parse(bare).is_ok() => word.replace(bare, "<id>"),
            bare if is_date(bare) => word.replace(bare, "<date>"),
            _ => word.to_owned(),
        })
        .collect();
    masked.join(" ")
}

#[test]
fn on_a_fresh_file() {
    let expected = format!(
        "{BANNER}
Tutorial 6: Projections
{BANNER}

1. Setting up the infrastructure
   event store, bus and checkpoint repo initialized

2. Creating historical orders
   created 3 orders (1 shipped, 1 cancelled)

3. Creating the projections
   order summary, customer statistics, daily revenue: in memory
   order rows: in SQLite, through the injected connection

4. Setting up the subscription manager
   4 projections subscribed (start from beginning)

5. Starting the subscriptions
   catch-up complete

6. Querying the read models
   total 3, placed 1, shipped 1, cancelled 1
   revenue $600.00
   Carol Williams: 1 order(s), $250.00
   Bob Smith: 1 order(s), $200.00
   Alice Johnson: 1 order(s), $150.00
   <date>: $600.00
   rows in the database: 3

7. Placing a live order
   order <id> by David Brown, $500.00: applied at position 6

8. Querying again
   total 4, placed 2, shipped 1, cancelled 1
   revenue $1100.00
   rows in the database: 4

9. Asking for the status
   customer-statistics: live, events handled: 4, exactly once in this process
   daily-revenue: live, events handled: 4, exactly once in this process
   order-rows: live, events handled: 6, exactly once
   order-summary: live, events handled: 6, exactly once in this process

10. Stopping
   stopped gracefully, final checkpoint saved: true

11. Restarting on the same file
   order rows: resumed after position 6, 0 replayed
   the memory projections replayed the log: 6 events

12. Querying after the restart
   total 4, placed 2, shipped 1, cancelled 1
   revenue $1100.00
   rows in the database: 4

Tutorial complete
"
    );
    assert_eq!(run(&[]), expected);
}

#[test]
fn a_second_run_on_a_kept_file_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.db");
    run(&[&file]);
    let second = run(&[&file]);
    for line in [
        "   the file holds a log up to position 6: no orders created",
        "   order rows: resumed after position 6, 0 replayed",
        "   the memory projections replayed the log: 6 events",
        "   total 4, placed 2, shipped 1, cancelled 1",
        "   order <id> by David Brown, $500.00: applied at position 7",
        "   total 5, placed 3, shipped 1, cancelled 1",
        "   rows in the database: 5",
        "   order-rows: live, events handled: 1, exactly once",
        "   stopped gracefully, final checkpoint saved: true",
        "Tutorial complete",
    ] {
        assert!(second.lines().any(|own| own == line), "{line:?} in\n{second}");
    }
    assert!(!second.contains("created 3 orders"), "{second}");
    assert!(!second.contains("11. Restarting"), "{second}");
}
