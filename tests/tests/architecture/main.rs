//! The modules of the crates name each other in one direction: no arrow points the wrong way, and there is no cycle
//! between modules. The rules are those of `ARCHITECTURE.md`, "One way".
//!
//! Code for tests and doc comments do not count.

mod broken;
mod graph;
mod paths;
mod resolve;
mod rooms;
mod source;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::graph::Graph;
use crate::rooms::{Room, wrong_arrows};

/// The rooms of the runtime crate, from the lowest to the highest, and the rooms below that each may name.
const ROOMS: &[Room] = &[
    Room { name: "causes", may_name: &[] },
    Room { name: "guarantees", may_name: &[] },
    Room { name: "guide", may_name: &[] },
    Room { name: "macros", may_name: &[] },
    Room { name: "panics", may_name: &[] },
    Room { name: "random", may_name: &[] },
    Room { name: "text", may_name: &[] },
    Room { name: "backoff", may_name: &["random"] },
    Room { name: "event", may_name: &[] },
    Room { name: "trace", may_name: &["event"] },
    Room { name: "store", may_name: &["event", "trace", "panics"] },
    Room { name: "bus", may_name: &["event", "causes", "panics"] },
    Room { name: "aggregate", may_name: &["event", "store", "bus", "backoff", "causes"] },
    Room { name: "projection", may_name: &["event", "store", "causes", "panics"] },
    Room { name: "read_model", may_name: &["event", "store", "projection"] },
    Room { name: "catalogue", may_name: &["event", "aggregate", "projection"] },
    Room {
        name: "subscription",
        may_name: &[
            "event",
            "trace",
            "store",
            "bus",
            "aggregate",
            "projection",
            "read_model",
            "catalogue",
            "backoff",
            "causes",
            "panics",
            "text",
        ],
    },
    Room {
        name: "admin",
        may_name: &["event", "store", "projection", "catalogue", "subscription", "causes", "panics", "text"],
    },
    Room { name: "metrics", may_name: &["event", "store", "projection", "catalogue", "subscription"] },
    Room { name: "engine", may_name: &["event", "store", "projection", "causes"] },
    Room {
        name: "backend",
        may_name: &[
            "event",
            "store",
            "aggregate",
            "projection",
            "read_model",
            "subscription",
            "engine",
            "backoff",
            "causes",
            "panics",
        ],
    },
    Room { name: "fold", may_name: &["event", "store", "projection", "aggregate", "backend"] },
    Room { name: "__private", may_name: &["event", "aggregate", "projection", "read_model"] },
    Room {
        name: "prelude",
        may_name: &[
            "event",
            "store",
            "bus",
            "aggregate",
            "projection",
            "read_model",
            "catalogue",
            "subscription",
            "backend",
        ],
    },
    Room {
        name: "testing",
        may_name: &[
            "event",
            "store",
            "bus",
            "aggregate",
            "projection",
            "read_model",
            "catalogue",
            "subscription",
            "engine",
            "fold",
            "backend",
            "random",
        ],
    },
];

/// The runtime crate, which both of its tests read.
static RUNTIME: LazyLock<Graph> = LazyLock::new(|| Graph::read(&source_of("eventsource")));

fn source_of(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src/lib.rs")
}

fn assert_empty(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn rooms_name_only_rooms_below() {
    rooms::assert_one_way(ROOMS);
    assert_empty(&wrong_arrows(&RUNTIME, ROOMS));
}

#[test]
fn runtime_crate_has_no_cycle() {
    assert_empty(&RUNTIME.cycles(|_| true));
}

#[test]
fn macro_crate_has_no_cycle() {
    assert_empty(&Graph::read(&source_of("eventsource-macros")).cycles(|_| true));
}

#[test]
fn redis_crate_has_no_cycle() {
    assert_empty(&Graph::read(&source_of("eventsource-redis")).cycles(|_| true));
}

#[test]
fn command_line_crate_has_no_cycle() {
    assert_empty(&Graph::read(&source_of("eventsource-cli")).cycles(|_| true));
}

#[test]
fn otel_crate_has_no_cycle() {
    assert_empty(&Graph::read(&source_of("eventsource-otel")).cycles(|_| true));
}
