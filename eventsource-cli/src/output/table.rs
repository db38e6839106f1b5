//! Tables of plain text.

use super::escape;
use super::width::{cut, width};

/// The most characters of a cell. The last column is cut too.
const WIDEST: usize = 60;

/// A column with text is not cut below this width: then columns are left out.
const NARROWEST: usize = 12;

/// The space between two columns.
const GAP: usize = 2;

/// A table: a line with the names of the columns, and a line for each row.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    /// The columns that a narrow terminal is shown without, the first ones first.
    optional: &'static [&'static str],
}

/// The lines of a table that fit into a width.
pub(crate) struct Fitted {
    pub(crate) lines: Vec<String>,
    /// The names of the columns that are left out.
    pub(crate) left_out: Vec<String>,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&name| name.to_owned()).collect()], optional: &[] }
    }

    /// Names the columns that a narrow terminal is shown without, the first ones first.
    pub(crate) fn optional(self, columns: &'static [&'static str]) -> Self {
        Self { optional: columns, ..self }
    }

    /// Adds a row. The cells are escaped and cut.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| escape::line(&cell, WIDEST)).collect());
    }

    /// Returns the lines, of which none is longer than `most`. Columns are apart by two spaces, and no line ends with a
    /// space.
    ///
    /// Columns with text are cut first, the widest one first. Then optional columns are left out. Numbers are not cut.
    pub(crate) fn fit(&self, most: Option<usize>) -> Fitted {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let mut columns: Vec<(usize, usize)> = (0..count).map(|at| (at, self.width(at))).collect();
        let mut left_out = Vec::new();
        if let Some(most) = most {
            let mut optional = self.optional.iter();
            while !self.shrink(&mut columns, most) {
                let Some(name) = optional.next() else { break };
                let place = columns.iter().position(|(at, _)| self.rows[0].get(*at).is_some_and(|own| own == name));
                if let Some(place) = place {
                    columns.remove(place);
                    left_out.push((*name).to_owned());
                }
                for (at, width) in &mut columns {
                    *width = self.width(*at);
                }
            }
        }
        let line = |row: &Vec<String>| {
            let cells = columns.iter().filter_map(|(at, width)| Some(padded(row.get(*at)?, *width)));
            let line = cells.collect::<Vec<_>>().join("  ").trim_end().to_owned();
            most.map_or_else(|| line.clone(), |most| cut(&line, most))
        };
        Fitted { lines: self.rows.iter().map(line).collect(), left_out }
    }

    /// Makes columns with text narrower until all fit. Returns whether they do.
    fn shrink(&self, columns: &mut [(usize, usize)], most: usize) -> bool {
        loop {
            let taken: usize = columns.iter().map(|(_, width)| width + GAP).sum();
            let Some(over) = taken.saturating_sub(GAP).checked_sub(most).filter(|over| *over > 0) else { return true };
            let texts = columns.iter_mut().filter(|(at, width)| *width > NARROWEST && self.is_text(*at));
            let Some((_, widest)) = texts.max_by_key(|(_, width)| *width) else { return false };
            // A half, so that two wide columns become equally narrow.
            *widest -= over.div_ceil(2).min(*widest - NARROWEST);
        }
    }

    fn width(&self, column: usize) -> usize {
        self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or_default()
    }

    fn is_text(&self, column: usize) -> bool {
        let is_number = |cell: &String| cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | '>'));
        !self.rows.iter().skip(1).filter_map(|row| row.get(column)).all(is_number)
    }
}

fn padded(cell: &str, most: usize) -> String {
    let cell = cut(cell, most);
    let missing = most.saturating_sub(width(&cell));
    format!("{cell}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["NAME", "POSITION", "HELD", "ERROR"]).optional(&["HELD"]);
        table.row(["orders".to_owned(), "1234567".to_owned(), "12".to_owned(), "the order has no customer".to_owned()]);
        table.row(["発送\u{1b}[2J".to_owned(), "8".to_owned(), "0".to_owned(), "x".repeat(100)]);
        table
    }

    #[test]
    fn table_without_a_width_has_all() {
        let fitted = table().fit(None);
        assert!(fitted.left_out.is_empty());
        assert!(
            fitted.lines[1].starts_with("orders         1234567   12    the order has no customer"),
            "{:#?}",
            fitted.lines
        );
        assert!(fitted.lines[2].starts_with("発送\\u{1b}[2J  8         0     xxx"), "{:#?}", fitted.lines);
    }

    #[test]
    fn no_line_is_longer_than_the_width() {
        for most in 1..100 {
            let fitted = table().fit(Some(most));
            for line in &fitted.lines {
                assert!(width(line) <= most, "{most}: {line}");
            }
            assert_eq!(fitted.left_out.is_empty(), most >= 42, "{most}: {:#?}", fitted.lines);
        }
    }

    #[test]
    fn text_is_cut_and_numbers_are_not() {
        let fitted = table().fit(Some(46));
        assert_eq!(fitted.lines[0], "NAME           POSITION  HELD  ERROR");
        assert!(fitted.lines[1].ends_with('…') && fitted.lines[1].contains("1234567"), "{:#?}", fitted.lines);
    }
}
