//! What the demonstration prints, and what the runs with kills end with.

use std::process::{Command, Output};

const EXPECTED: &str = "\
1. Opening accounts, while neither the policy nor a projection runs
   Bob's deposit was executed twice and is stored once: true

2. Alice sends Bob 250.00, and the process dies after the money has left Alice
   in the log: 250.00 under way, total 1500.00

3. The policy starts: it repeats the step that is done, and takes the next ones
   Alice     750.00  open
   Bob       750.00  open
   Carol       0.00  closed
   in the log: 0.00 under way, total 1500.00

4. Transfers to a closed account, to none, and without the money
   Alice  to Bob         250.00  completed
   Alice  to Carol       100.00  refunded: the account is closed
   Alice  to (missing)    50.00  refunded: there is no such account
   Bob    to Alice      9999.00  refused: there is not enough money

5. Alice's statement
    1  deposit      1000.00    1000.00
    2  sent         -250.00     750.00
    3  sent         -100.00     650.00
    4  returned      100.00     750.00
    5  sent          -50.00     700.00
    6  returned       50.00     750.00

6. The largest transactions
     1000.00  deposit by Alice
      500.00  deposit by Bob
      250.00  sent by Alice
      100.00  sent by Alice
       50.00  sent by Alice

7. The audit
   3 accounts, 4 transfers, 0.00 under way
   total 1500.00: what was deposited, less what was withdrawn
   balances in memory, accounts, statements and largest transactions agree with the log
";

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_banking")).args(arguments).output().unwrap()
}

#[test]
fn demonstration_prints_every_transfer_and_a_clean_audit() {
    let output = run(&[]);
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), EXPECTED);
}

fn assert_killed_bank_ends_with_a_clean_audit(place: &[&str]) {
    let output = run(&[&["--kill", "--kills", "8"], place].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    println!("{said}");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("seed "));
    assert_eq!(said.lines().filter(|line| line.starts_with("   kill ")).count(), 8);
    // The kills met transfers half done, and none is so at the end.
    assert!(!said.contains("\n0 of 8 kills"));
    assert!(said.contains(", 0.00 under way\n   total "));
    assert!(said.ends_with("agree with the log\n"));
}

#[test]
fn killed_bank_ends_with_a_clean_audit_and_tells_its_seed() {
    assert_killed_bank_ends_with_a_clean_audit(&[]);
}

#[test]
fn killed_bank_on_postgres_ends_with_a_clean_audit_and_tells_its_seed() {
    assert_killed_bank_ends_with_a_clean_audit(&["--postgres", eventsource_tests::postgres::url()]);
}

#[test]
fn demonstration_on_postgres_is_refused() {
    let output = run(&["--postgres", "postgres://localhost/none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("goes with `--kill`"));
}
