//! What the framework does, point by point.

mod aggregates;
mod broken_bus;
mod bus;
mod clocks;
mod failures;
mod health;
mod lifecycle;
mod only_reads;
mod outages;
mod reports;
mod reset;
mod sqlite;
mod start;
mod status;
mod tenants;
mod test_kit;
mod tokens;
mod two_databases;
mod waiting;
