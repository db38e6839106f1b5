//! What the framework does, point by point.

mod aggregates;
mod bus;
mod failures;
mod health;
mod lifecycle;
mod outages;
mod reset;
mod sqlite;
mod start;
mod status;
mod waiting;
