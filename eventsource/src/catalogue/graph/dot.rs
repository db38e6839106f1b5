//! The drawing for Graphviz.

use std::fmt::Write as _;

use super::{Part, TopologyGraph, visible};

impl TopologyGraph {
    /// Returns a drawing in the language of Graphviz: `dot -Tsvg` draws it. Events that no projection handles have a dashed
    /// line.
    ///
    /// # Examples
    /// ```
    /// let dot = eventsource::Registry::of([]).topology().graph().dot();
    /// assert!(dot.starts_with("digraph topology {"));
    /// ```
    #[must_use]
    pub fn dot(&self) -> String {
        let mut dot = "digraph topology {\n    rankdir=LR;\n".to_owned();
        // Writing to a text does not fail.
        for part in Part::ALL {
            let _ = writeln!(dot, "    node [shape={}];", shape(part));
            for (at, node) in self.nodes(part).iter().enumerate() {
                let note = if node.note.is_empty() { String::new() } else { format!("\\n{}", escaped(&node.note)) };
                let style = if self.is_unhandled(part, at) { " style=dashed" } else { "" };
                let name = escaped(&node.name);
                let _ = writeln!(dot, "    n{}_{at} [label=\"{name}{note}\"{style}];", part as usize);
            }
        }
        for edge in &self.edges {
            let _ = writeln!(dot, "    n{}_{} -> n{}_{};", edge.column, edge.from, edge.column + 1, edge.to);
        }
        dot.push_str("}\n");
        dot
    }
}

const fn shape(part: Part) -> &'static str {
    match part {
        Part::Aggregate => "folder",
        Part::Event => "box",
        Part::Projection => "ellipse",
        Part::ReadModel => "cylinder",
    }
}

fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}
