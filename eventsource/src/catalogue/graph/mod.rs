//! The parts of a program in four columns, and what leads from one to the next: for drawings and tables.

mod dot;
mod svg;

use std::collections::BTreeSet;

use super::Topology;

/// A kind of part of a program: a column of [`TopologyGraph`].
///
/// ```
/// use eventsource::catalogue::{Part, Registry};
///
/// let graph = Registry::of([]).topology().graph();
/// assert!(graph.nodes(Part::Event).is_empty());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An aggregate, or an aggregate type that only events name.
    Aggregate,
    /// An event.
    Event,
    /// A projection.
    Projection,
    /// The table of a read model.
    ReadModel,
}

impl Part {
    /// The columns, from left to right.
    const ALL: [Self; 4] = [Self::Aggregate, Self::Event, Self::Projection, Self::ReadModel];

    const fn heading(self) -> &'static str {
        match self {
            Self::Aggregate => "Aggregates",
            Self::Event => "Events",
            Self::Projection => "Projections",
            Self::ReadModel => "Read models",
        }
    }
}

/// A part of a program in a [`TopologyGraph`].
///
/// ```
/// use eventsource::catalogue::{Part, Registry};
///
/// for node in Registry::global().topology().graph().nodes(Part::Projection) {
///     println!("{}: {}", node.name, node.note);
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Node {
    /// The name.
    pub name: String,
    /// What is told in addition: the version of an event if it is above 1, and the kind of a projection.
    pub note: String,
}

/// Leads from a node of a column to a node of the next column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edge {
    column: usize,
    from: usize,
    to: usize,
}

/// A [`Topology`] as columns of nodes: aggregates lead to their events, events to the projections that handle them, and
/// projections to their read models.
///
/// ```
/// use eventsource::catalogue::Registry;
///
/// let graph = Registry::global().topology().graph();
/// std::fs::write(std::env::temp_dir().join("topology.svg"), graph.svg())?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TopologyGraph {
    columns: [Vec<Node>; 4],
    edges: Vec<Edge>,
}

impl Topology<'_> {
    /// Returns the topology as columns of nodes, for a drawing or for tables.
    ///
    /// # Examples
    /// ```
    /// let graph = eventsource::Registry::of([]).topology().graph();
    /// assert!(graph.is_empty());
    /// ```
    #[must_use]
    pub fn graph(&self) -> TopologyGraph {
        let mut graph = TopologyGraph { columns: Default::default(), edges: Vec::new() };
        let [aggregates, events, projections, read_models] = &mut graph.columns;
        let node = |name: &str, note: String| Node { name: name.to_owned(), note };
        let mut all: Vec<_> = self.events().into_values().collect();
        all.sort_by_key(|event| (event.aggregate(), event.name(), event.version()));
        let names: BTreeSet<_> = all.iter().map(|event| event.aggregate()).collect();
        aggregates.extend(names.into_iter().map(|name| node(name, String::new())));
        events.extend(all.iter().map(|event| {
            let version = event.version();
            node(event.name(), if version == 1 { String::new() } else { format!("version {version}") })
        }));
        let described = self.projections();
        projections.extend(described.iter().map(|own| node(own.name(), own.kind().to_string())));
        let tables = self.tables();
        read_models.extend(tables.iter().map(|table| node(table, String::new())));
        for (at, event) in all.iter().enumerate() {
            graph.lead(Part::Aggregate, event.aggregate(), at);
            for to in (0..described.len()).filter(|to| self.handlers(event).contains(&described[*to].name())) {
                graph.edges.push(Edge { column: Part::Event as usize, from: at, to });
            }
        }
        for (to, table) in tables.iter().enumerate() {
            for writer in described.iter().filter(|own| own.read_models().contains(table)) {
                graph.lead(Part::Projection, writer.name(), to);
            }
        }
        graph
    }
}

impl TopologyGraph {
    /// Leads from the node with this name to a node of the next column.
    fn lead(&mut self, part: Part, name: &str, to: usize) {
        if let Some(from) = self.nodes(part).iter().position(|node| node.name == name) {
            self.edges.push(Edge { column: part as usize, from, to });
        }
    }

    /// Returns the nodes of a column: aggregates by name, events by aggregate and name, and the others as they are
    /// registered.
    #[must_use]
    pub fn nodes(&self, part: Part) -> &[Node] {
        &self.columns[part as usize]
    }

    /// Returns the number of nodes in all columns.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).sum()
    }

    /// Returns whether there are no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the names of the nodes that lead to the node `at` of a column.
    #[must_use]
    pub fn before(&self, part: Part, at: usize) -> Vec<&str> {
        let edges = self.edges.iter().filter(|edge| edge.column + 1 == part as usize && edge.to == at);
        edges.map(|edge| &*self.columns[edge.column][edge.from].name).collect()
    }

    /// Returns the names of the nodes that the node `at` of a column leads to.
    #[must_use]
    pub fn after(&self, part: Part, at: usize) -> Vec<&str> {
        let edges = self.edges.iter().filter(|edge| edge.column == part as usize && edge.from == at);
        edges.map(|edge| &*self.columns[edge.column + 1][edge.to].name).collect()
    }

    /// Returns the nodes with this name, with all that leads to them and all that they lead to.
    #[must_use]
    pub fn around(&self, name: &str) -> Self {
        let named = |nodes: &Vec<Node>| -> BTreeSet<usize> {
            nodes.iter().enumerate().filter(|(_, node)| node.name == name).map(|(at, _)| at).collect()
        };
        let mut left = self.columns.each_ref().map(named);
        let mut right = left.clone();
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
        let mut graph = Self { columns: Default::default(), edges: Vec::new() };
        for (column, nodes) in self.columns.iter().enumerate() {
            let nodes = nodes.iter().enumerate().filter(|(at, _)| kept(column, *at));
            graph.columns[column] = nodes.map(|(_, node)| node.clone()).collect();
        }
        for edge in self.edges.iter().filter(|edge| kept(edge.column, edge.from) && kept(edge.column + 1, edge.to)) {
            let (from, to) = (place(edge.column, edge.from), place(edge.column + 1, edge.to));
            graph.edges.push(Edge { column: edge.column, from, to });
        }
        graph
    }

    /// Returns whether nothing handles the event `at`.
    fn is_unhandled(&self, part: Part, at: usize) -> bool {
        part == Part::Event && self.after(part, at).is_empty()
    }
}

/// Returns the name on one line, with escapes for control characters.
fn visible(name: &str) -> String {
    name.chars().flat_map(|c| if c.is_control() { c.escape_unicode().collect() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Order has Paid and Placed, and Stock has Moved.
    fn graph() -> TopologyGraph {
        let nodes = |names: &[&str]| {
            names.iter().map(|name| Node { name: (*name).to_owned(), note: String::new() }).collect::<Vec<_>>()
        };
        let columns = [
            nodes(&["Order", "Stock"]),
            nodes(&["Paid", "<Placed>", "Moved"]),
            nodes(&["mailer", "revenue"]),
            nodes(&["sums"]),
        ];
        let edges = [(0, 0, 0), (0, 0, 1), (0, 1, 2), (1, 0, 1), (1, 1, 0), (1, 1, 1), (2, 1, 0)];
        let edges = edges.map(|(column, from, to)| Edge { column, from, to }).to_vec();
        TopologyGraph { columns, edges }
    }

    #[test]
    fn nodes_lead_from_column_to_column() {
        let graph = graph();
        assert_eq!(graph.before(Part::Projection, 1), ["Paid", "<Placed>"]);
        assert_eq!(graph.after(Part::Event, 1), ["mailer", "revenue"]);
        assert_eq!((graph.after(Part::Event, 2), graph.before(Part::Event, 2)), (vec![], vec!["Stock"]));
        assert_eq!(graph.after(Part::Projection, 1), ["sums"]);
    }

    #[test]
    fn neighbourhood_has_what_leads_to_a_node_and_what_it_leads_to() {
        let around = graph().around("mailer");
        assert_eq!(Part::ALL.map(|part| around.nodes(part).len()), [1, 1, 1, 0]);
        assert_eq!(around.before(Part::Projection, 0), ["<Placed>"]);
        assert_eq!(Part::ALL.map(|part| graph().around("Paid").nodes(part).len()), [1, 1, 1, 1]);
        assert!(graph().around("none").is_empty());
    }

    #[test]
    fn drawing_has_all_nodes_and_edges_and_escapes_names() {
        let (svg, dot) = (graph().svg(), graph().dot());
        assert_eq!((svg.matches("<rect ").count(), svg.matches("<path ").count()), (8, 7), "{svg}");
        assert!(svg.contains("&lt;Placed&gt;") && !svg.contains("<Placed>"), "{svg}");
        assert_eq!(svg.matches("stroke-dasharray").count(), 1, "only Moved is not handled: {svg}");
        assert!(dot.contains("n1_2 [label=\"Moved\" style=dashed];") && dot.contains("n2_1 -> n3_0;"), "{dot}");
        assert_eq!(visible("a\u{1b}b\n"), "a\\u{1b}b\\u{a}");
    }
}
