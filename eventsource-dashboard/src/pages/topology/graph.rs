//! The parts of a program in four columns, and what leads from one to the next.

use std::collections::BTreeSet;

use serde_json::Value;

/// The columns.
pub(super) const AGGREGATES: usize = 0;
pub(super) const EVENTS: usize = 1;
pub(super) const PROJECTIONS: usize = 2;
pub(super) const READ_MODELS: usize = 3;

/// A part of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    /// What is told in addition to the name.
    pub(super) note: String,
}

/// Leads from a node of a column to a node of the next column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) column: usize,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The parts of a program.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// The topology, as the catalogue describes it.
    pub(super) json: Value,
    pub(super) columns: [Vec<Node>; 4],
    pub(super) edges: Vec<Edge>,
}

impl Graph {
    /// Reads the JSON of a topology.
    pub(crate) fn of(json: Value) -> Self {
        let mut graph = Self { json: Value::Null, columns: Default::default(), edges: Vec::new() };
        let list = |name: &str| json[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let named = |value: &Value, note: String| Node { name: text(value), note };
        let aggregates: BTreeSet<_> = list("events").iter().map(|event| text(&event["aggregate"])).collect();
        graph.columns[AGGREGATES] = aggregates.into_iter().map(|name| Node { name, note: String::new() }).collect();
        let mut events: Vec<&Value> = list("events").iter().collect();
        events.sort_by_key(|event| (text(&event["aggregate"]), text(&event["name"]), event["version"].as_u64()));
        for event in &events {
            let version = event["version"].as_u64().unwrap_or(1);
            let note = if version == 1 { String::new() } else { format!("version {version}") };
            graph.columns[EVENTS].push(named(&event["name"], note));
        }
        for projection in list("projections") {
            graph.columns[PROJECTIONS].push(named(&projection["name"], text(&projection["kind"])));
        }
        for model in list("read_models") {
            graph.columns[READ_MODELS].push(named(&model["table"], String::new()));
        }
        for (at, event) in events.iter().enumerate() {
            graph.lead_back(AGGREGATES, [&event["aggregate"]], at);
            let handlers = event["handled_by"].as_array().map(Vec::as_slice).unwrap_or_default();
            for name in handlers.iter().filter_map(Value::as_str) {
                if let Some(to) = graph.find(PROJECTIONS, name) {
                    graph.edges.push(Edge { column: EVENTS, from: at, to });
                }
            }
        }
        for (to, model) in list("read_models").iter().enumerate() {
            let writers = model["written_by"].as_array().map(Vec::as_slice).unwrap_or_default();
            graph.lead_back(PROJECTIONS, writers, to);
        }
        graph.json = json;
        graph
    }

    /// Adds what leads from the nodes with these names to a node of the next column.
    fn lead_back<'a>(&mut self, column: usize, names: impl IntoIterator<Item = &'a Value>, to: usize) {
        for name in names {
            if let Some(from) = name.as_str().and_then(|name| self.find(column, name)) {
                self.edges.push(Edge { column, from, to });
            }
        }
    }

    fn find(&self, column: usize, name: &str) -> Option<usize> {
        self.columns[column].iter().position(|node| node.name == name)
    }

    /// Returns the number of nodes.
    pub(super) fn nodes(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// Returns the names of the nodes that lead to a node.
    pub(super) fn before(&self, column: usize, at: usize) -> Vec<&str> {
        let edges = self.edges.iter().filter(|edge| edge.column + 1 == column && edge.to == at);
        edges.map(|edge| &*self.columns[edge.column][edge.from].name).collect()
    }

    /// Returns the names of the nodes that a node leads to.
    pub(super) fn after(&self, column: usize, at: usize) -> Vec<&str> {
        let edges = self.edges.iter().filter(|edge| edge.column == column && edge.from == at);
        edges.map(|edge| &*self.columns[edge.column + 1][edge.to].name).collect()
    }

    /// Returns what leads to the nodes with this name, and what they lead to.
    pub(super) fn around(&self, name: &str) -> Self {
        let mut kept: [BTreeSet<usize>; 4] = Default::default();
        for (column, kept) in kept.iter_mut().enumerate() {
            kept.extend(
                self.columns[column].iter().enumerate().filter(|(_, node)| node.name == name).map(|(at, _)| at),
            );
        }
        let (mut left, mut right) = (kept.clone(), kept);
        for column in (0..3).rev() {
            let found = self.edges.iter().filter(|edge| edge.column == column && left[column + 1].contains(&edge.to));
            let found: Vec<_> = found.map(|edge| edge.from).collect();
            left[column].extend(found);
        }
        for column in 0..3 {
            let found = self.edges.iter().filter(|edge| edge.column == column && right[column].contains(&edge.from));
            let found: Vec<_> = found.map(|edge| edge.to).collect();
            right[column + 1].extend(found);
        }
        let kept = |column: usize, at: usize| left[column].contains(&at) || right[column].contains(&at);
        let place = |column: usize, at: usize| (0..at).filter(|at| kept(column, *at)).count();
        let mut graph = Self { json: Value::Null, columns: Default::default(), edges: Vec::new() };
        for (column, nodes) in self.columns.iter().enumerate() {
            let nodes = nodes.iter().enumerate().filter(|(at, _)| kept(column, *at));
            graph.columns[column] = nodes.map(|(_, node)| node.clone()).collect();
        }
        for edge in &self.edges {
            if kept(edge.column, edge.from) && kept(edge.column + 1, edge.to) {
                let (from, to) = (place(edge.column, edge.from), place(edge.column + 1, edge.to));
                graph.edges.push(Edge { column: edge.column, from, to });
            }
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn graph() -> Graph {
        Graph::of(json!({
            "events": [
                { "name": "Paid", "version": 2, "aggregate": "Order", "handled_by": ["revenue"] },
                { "name": "Placed", "version": 1, "aggregate": "Order", "handled_by": ["mailer", "revenue"] },
                { "name": "Moved", "version": 1, "aggregate": "Stock", "handled_by": [] },
            ],
            "projections": [{ "name": "mailer", "kind": "effects" }, { "name": "revenue", "kind": "transactional" }],
            "read_models": [{ "table": "sums", "written_by": ["revenue"] }],
        }))
    }

    #[test]
    fn nodes_lead_from_column_to_column() {
        let graph = graph();
        assert_eq!(graph.columns.each_ref().map(Vec::len), [2, 3, 2, 1]);
        assert_eq!(graph.before(PROJECTIONS, 1), ["Paid", "Placed"]);
        assert_eq!(graph.after(EVENTS, 1), ["mailer", "revenue"]);
        assert_eq!((graph.after(EVENTS, 2), graph.before(EVENTS, 2)), (vec![], vec!["Stock"]));
        assert_eq!(graph.after(PROJECTIONS, 1), ["sums"]);
    }

    #[test]
    fn neighbourhood_has_what_leads_to_a_node_and_what_it_leads_to() {
        let around = graph().around("mailer");
        assert_eq!(around.columns.each_ref().map(Vec::len), [1, 1, 1, 0]);
        assert_eq!(around.before(PROJECTIONS, 0), ["Placed"]);
        assert_eq!(graph().around("Paid").columns.each_ref().map(Vec::len), [1, 1, 1, 1]);
        assert_eq!(graph().around("none").nodes(), 0);
    }
}
