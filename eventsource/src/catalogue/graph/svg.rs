//! The drawing as SVG.

use std::fmt::Write as _;

use super::{Part, TopologyGraph, visible};

/// The size of a node, and the distances between nodes, in pixels.
const WIDTH: usize = 230;
const HEIGHT: usize = 30;
const COLUMN: usize = 310;
const ROW: usize = 40;

/// The longest text of a node, in characters.
const LETTERS: usize = 28;

impl TopologyGraph {
    /// Returns a drawing as SVG, for a file or for a page. Events that no projection handles have a dashed line.
    ///
    /// The colors are attributes, which the style sheet of a page overrides: `svg.topology`, `.heading`, `.node` and
    /// `.edge` are its parts. Names are escaped. More than about 200 nodes cannot be read.
    ///
    /// # Examples
    /// ```
    /// let svg = eventsource::Registry::of([]).topology().graph().svg();
    /// assert!(svg.starts_with("<svg "));
    /// ```
    #[must_use]
    pub fn svg(&self) -> String {
        let rows = self.rows();
        let (width, height) = (COLUMN * 3 + WIDTH + 2, ROW * (rows + 1));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
             aria-label=\"Topology\" font-family=\"sans-serif\" font-size=\"13\">"
        );
        // Writing to a text does not fail.
        for edge in &self.edges {
            let curve = self.curve(edge.column, edge.from, edge.to);
            let _ = write!(svg, "<path class=\"edge\" d=\"{curve}\" fill=\"none\" stroke=\"#888\"/>");
        }
        for part in Part::ALL {
            let x = part as usize * COLUMN + 1;
            let _ = write!(svg, "<text class=\"heading\" x=\"{x}\" y=\"18\" fill=\"#888\">{}</text>", part.heading());
            for (at, node) in self.nodes(part).iter().enumerate() {
                let (y, name) = (self.top(part as usize, at), visible(&node.name));
                let dashes = if self.is_unhandled(part, at) { " stroke-dasharray=\"4 4\"" } else { "" };
                let _ = write!(
                    svg,
                    "<g><title>{}</title><rect class=\"node\" x=\"{x}\" y=\"{y}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\" \
                     fill=\"none\" stroke=\"#888\"{dashes}/><text x=\"{}\" y=\"{}\" fill=\"currentColor\">{}</text></g>",
                    escaped(&name),
                    x + 10,
                    y + 20,
                    escaped(&label(&name)),
                );
            }
        }
        svg.push_str("</svg>");
        svg
    }

    fn rows(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// Returns the upper edge of a node. A short column is in the middle of the drawing.
    fn top(&self, column: usize, at: usize) -> usize {
        ROW * (at + 1) + (self.rows() - self.columns[column].len()) * ROW / 2 - ROW / 4
    }

    fn curve(&self, column: usize, from: usize, to: usize) -> String {
        let (x, end) = (column * COLUMN + 1 + WIDTH, (column + 1) * COLUMN + 1);
        let (y, end_y) = (self.top(column, from) + HEIGHT / 2, self.top(column + 1, to) + HEIGHT / 2);
        let middle = usize::midpoint(x, end);
        format!("M{x} {y}C{middle} {y} {middle} {end_y} {end} {end_y}")
    }
}

fn label(name: &str) -> String {
    match name.chars().count() > LETTERS {
        true => name.chars().take(LETTERS - 1).chain(['…']).collect(),
        false => name.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
