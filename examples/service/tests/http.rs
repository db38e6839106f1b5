//! The service as a process, over HTTP, on SQLite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod support;

use std::process::Command;

use support::cases::{self, Variables};
use support::client::Answer;
use support::running::Running;

/// Runs a case on an empty file.
fn on_a_file(case: impl FnOnce(Variables<'_>)) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("service.db").display());
    case(&[("DATABASE_URL", &url)]);
}

#[test]
fn write_is_read_with_its_token() {
    on_a_file(cases::write_is_read_with_its_token);
}

#[test]
fn write_is_read_in_another_process() {
    on_a_file(cases::write_is_read_in_another_process);
}

#[test]
fn repeated_command_has_the_first_answer() {
    on_a_file(cases::repeated_command_has_the_first_answer);
}

#[test]
fn concurrent_repetitions_store_one_order() {
    on_a_file(cases::concurrent_repetitions_store_one_order);
}

#[test]
fn rules_of_orders_are_kept() {
    on_a_file(cases::rules_of_orders_are_kept);
}

#[test]
fn bad_requests_are_problems() {
    on_a_file(cases::bad_requests_are_problems);
}

#[test]
fn read_of_a_later_position_is_pending() {
    on_a_file(cases::read_of_a_later_position_is_pending);
}

#[test]
fn list_is_read_in_pages() {
    on_a_file(cases::list_is_read_in_pages);
}

#[test]
fn probes_answer() {
    on_a_file(cases::probes_answer);
}

#[test]
fn page_shows_the_subscriptions() {
    on_a_file(cases::page_shows_the_subscriptions);
}

#[test]
fn poison_order_is_a_letter_until_it_is_repaired() {
    on_a_file(cases::poison_order_is_a_letter_until_it_is_repaired);
}

#[test]
fn poison_order_is_repaired_by_the_command_line() {
    on_a_file(cases::poison_order_is_repaired_by_the_command_line);
}

#[test]
fn killed_service_has_the_order_after_a_restart() {
    on_a_file(cases::killed_service_has_the_order_after_a_restart);
}

#[test]
fn open_requests_are_answered_after_sigterm() {
    on_a_file(cases::open_requests_are_answered_after_sigterm);
}

#[test]
fn open_page_does_not_delay_the_stop() {
    on_a_file(cases::open_page_does_not_delay_the_stop);
}

#[test]
fn curl_lines_of_the_readme_work() {
    let readme = include_str!("../README.md");
    let lines: Vec<_> = readme.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3);
    on_a_file(|database| {
        let service = Running::start(database);
        let statuses = lines.iter().map(|line| {
            let line = line.replace("localhost:3000", &service.address.to_string());
            let ran = Command::new("sh").args(["-c", &line]).output().unwrap();
            assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
            Answer::parse(&String::from_utf8(ran.stdout).unwrap()).status
        });
        assert_eq!(statuses.collect::<Vec<_>>(), [201, 200, 200]);
    });
}
