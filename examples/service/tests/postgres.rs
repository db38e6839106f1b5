//! The service as a process, over HTTP, on PostgreSQL. A copy of the service leaves out this file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]

mod support;

use eventsource_tests::postgres::Schema;
use support::cases;

/// Runs a case in a schema of its own.
fn in_a_schema(case: fn(&[(&str, &str)])) {
    let schema = Schema::unmade();
    case(&[("DATABASE_URL", schema.url()), ("DATABASE_SCHEMA", schema.name())]);
}

#[test]
fn write_is_read_with_its_token() {
    in_a_schema(cases::write_is_read_with_its_token);
}

#[test]
fn write_is_read_in_another_process() {
    in_a_schema(cases::write_is_read_in_another_process);
}

#[test]
fn repeated_command_has_the_first_answer() {
    in_a_schema(cases::repeated_command_has_the_first_answer);
}

#[test]
fn concurrent_repetitions_store_one_order() {
    in_a_schema(cases::concurrent_repetitions_store_one_order);
}

#[test]
fn rules_of_orders_are_kept() {
    in_a_schema(cases::rules_of_orders_are_kept);
}

#[test]
fn bad_requests_are_problems() {
    in_a_schema(cases::bad_requests_are_problems);
}

#[test]
fn read_of_a_later_position_is_pending() {
    in_a_schema(cases::read_of_a_later_position_is_pending);
}

#[test]
fn list_is_read_in_pages() {
    in_a_schema(cases::list_is_read_in_pages);
}

#[test]
fn probes_answer() {
    in_a_schema(cases::probes_answer);
}

#[test]
fn page_shows_the_subscriptions() {
    in_a_schema(cases::page_shows_the_subscriptions);
}

#[test]
fn poison_order_is_a_letter_until_it_is_repaired() {
    in_a_schema(cases::poison_order_is_a_letter_until_it_is_repaired);
}

#[test]
fn poison_order_is_repaired_by_the_command_line() {
    in_a_schema(cases::poison_order_is_repaired_by_the_command_line);
}

#[test]
fn killed_service_has_the_order_after_a_restart() {
    in_a_schema(cases::killed_service_has_the_order_after_a_restart);
}

#[test]
fn open_requests_are_answered_after_sigterm() {
    in_a_schema(cases::open_requests_are_answered_after_sigterm);
}

#[test]
fn open_page_does_not_delay_the_stop() {
    in_a_schema(cases::open_page_does_not_delay_the_stop);
}
