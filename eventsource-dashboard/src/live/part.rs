//! The parts of a page that change, and which of them have changed.

use std::collections::HashMap;

use maud::Markup;
use serde::Serialize;

/// A part of a page that changes while the page is open: the content of the element with its id.
#[derive(Debug)]
pub(crate) struct Part {
    id: String,
    html: String,
    /// What the cells belong to, such as the names of the rows.
    rows: String,
    /// The parts of this part, as long as `rows` is the same.
    cells: Vec<(String, String)>,
}

impl Part {
    pub(crate) fn new(id: impl Into<String>, html: Markup) -> Self {
        Self { id: id.into(), html: html.into_string(), rows: String::new(), cells: Vec::new() }
    }

    /// Creates the body of a table. A cell is sent alone, unless the rows are others.
    pub(crate) fn table(id: &str, rows: String, html: Markup, cells: Vec<(String, Markup)>) -> Self {
        let cells = cells.into_iter().map(|(id, html)| (id, html.into_string())).collect();
        Self { id: id.to_owned(), html: html.into_string(), rows, cells }
    }
}

/// The new content of an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    id: String,
    html: String,
}

/// What a page shows already.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    html: HashMap<String, String>,
    rows: HashMap<String, String>,
}

impl Shown {
    /// Returns what has changed, and remembers it.
    pub(crate) fn changes(&mut self, parts: Vec<Part>) -> Vec<Change> {
        let mut changes = Vec::new();
        for part in parts {
            let has_same_rows = self.rows.insert(part.id.clone(), part.rows.clone()).as_ref() == Some(&part.rows);
            if has_same_rows && !part.cells.is_empty() {
                for (id, html) in part.cells {
                    self.change(id, html, &mut changes);
                }
                continue;
            }
            self.html.extend(part.cells);
            if has_same_rows {
                self.change(part.id, part.html, &mut changes);
            } else {
                changes.push(Change { id: part.id.clone(), html: part.html.clone() });
                self.html.insert(part.id, part.html);
            }
        }
        changes
    }

    fn change(&mut self, id: String, html: String, changes: &mut Vec<Change>) {
        if self.html.get(&id) != Some(&html) {
            changes.push(Change { id: id.clone(), html: html.clone() });
            self.html.insert(id, html);
        }
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    fn table(rows: &str, cells: [&str; 2]) -> Vec<Part> {
        let cells: Vec<_> = (0..).zip(cells).map(|(row, text)| (format!("r{row}"), html! { (text) })).collect();
        let head = Part::new("head", html! { "7" });
        vec![head, Part::table("rows", rows.to_owned(), html! { "all" }, cells)]
    }

    #[test]
    fn only_cells_that_differ_are_sent_while_the_rows_are_the_same() {
        let mut shown = Shown::default();
        let ids = |changes: Vec<Change>| changes.into_iter().map(|change| change.id).collect::<Vec<_>>();
        assert_eq!(ids(shown.changes(table("a b", ["1", "2"]))), ["head", "rows"]);
        assert_eq!(ids(shown.changes(table("a b", ["1", "2"]))), [""; 0]);
        assert_eq!(ids(shown.changes(table("a b", ["1", "3"]))), ["r1"]);
        assert_eq!(ids(shown.changes(table("a c", ["1", "3"]))), ["rows"]);
        assert_eq!(ids(shown.changes(table("a c", ["1", "3"]))), [""; 0]);
    }
}
