//! The drawing. The tables of the page say the same in words.

use maud::{Markup, html};

use super::graph::{Graph, Node};
use crate::text::line;

/// The size of a node, and the distances between nodes, in pixels.
const WIDTH: usize = 230;
const HEIGHT: usize = 30;
const COLUMN: usize = 310;
const ROW: usize = 40;

/// The longest text of a node, in characters.
const LETTERS: usize = 28;

const HEADINGS: [&str; 4] = ["Aggregates", "Events", "Projections", "Read models"];

/// Returns the drawing.
pub(super) fn svg(graph: &Graph) -> Markup {
    let rows = graph.columns.iter().map(Vec::len).max().unwrap_or_default();
    let (width, height) = (COLUMN * 3 + WIDTH + 2, ROW * (rows + 1));
    html! {
        svg.topology viewBox={ "0 0 " (width) " " (height) } role="img" aria-label="The topology. The tables below say the same." {
            @for edge in &graph.edges { path.edge d=(curve(graph, edge.column, edge.from, edge.to)) { } }
            @for (column, nodes) in graph.columns.iter().enumerate() {
                text.heading x=(column * COLUMN + 1) y="18" { (HEADINGS[column]) }
                @for (at, node) in nodes.iter().enumerate() {
                    g {
                        title { (line(&node.name)) }
                        rect.node x=(column * COLUMN + 1) y=(top(graph, column, at)) width=(WIDTH) height=(HEIGHT) rx="4" { }
                        text x=(column * COLUMN + 11) y=(top(graph, column, at) + 20) { (label(node)) }
                    }
                }
            }
        }
    }
}

/// Returns the upper edge of a node. A short column is in the middle of the drawing.
fn top(graph: &Graph, column: usize, at: usize) -> usize {
    let rows = graph.columns.iter().map(Vec::len).max().unwrap_or_default();
    ROW * (at + 1) + (rows - graph.columns[column].len()) * ROW / 2 - ROW / 4
}

fn curve(graph: &Graph, column: usize, from: usize, to: usize) -> String {
    let (x, end) = (column * COLUMN + 1 + WIDTH, (column + 1) * COLUMN + 1);
    let (y, end_y) = (top(graph, column, from) + HEIGHT / 2, top(graph, column + 1, to) + HEIGHT / 2);
    let middle = usize::midpoint(x, end);
    format!("M{x} {y}C{middle} {y} {middle} {end_y} {end} {end_y}")
}

fn label(node: &Node) -> String {
    let text = line(&node.name);
    match text.chars().count() > LETTERS {
        true => text.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => text,
    }
}
