//! The topology of a program, as the catalogue describes it.

use eventsource::catalogue::{Topology, TopologyGraph};
use serde_json::Value;

/// The topology of a program.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(super) json: Value,
    pub(super) nodes: TopologyGraph,
}

impl Graph {
    pub(crate) fn of(topology: Topology<'_>) -> Self {
        Self { json: topology.json(), nodes: topology.graph() }
    }
}
