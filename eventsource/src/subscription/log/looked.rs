//! Which parts of the log were passed, and which of them were searched for unknown event types.

use std::collections::BTreeSet;

use tokio::time::Instant;

use crate::event::Position;

/// A part of the log: after the first position, and up to the second one.
pub(in crate::subscription) type Part = (Position, Position);

/// The parts of the log that were passed and searched, and the types that were found.
#[derive(Debug, Default)]
pub(in crate::subscription) struct Looked {
    pub(in crate::subscription) passed: Option<Part>,
    pub(in crate::subscription) looked: Option<Part>,
    pub(in crate::subscription) warned: BTreeSet<String>,
    pub(in crate::subscription) is_looking: bool,
    pub(in crate::subscription) not_before: Option<Instant>,
}

impl Looked {
    pub(in crate::subscription) fn pass(&mut self, part: Part) {
        if part.0 < part.1 {
            self.passed = Some(hull(self.passed, part));
        }
    }

    /// Returns a part that was passed and not searched. If there are two, the earlier one.
    pub(in crate::subscription) fn left(&self) -> Option<Part> {
        let (from, to) = self.passed?;
        match self.looked {
            None => Some((from, to)),
            Some((first, _)) if from < first => Some((from, first)),
            Some((_, last)) if last < to => Some((last, to)),
            Some(_) => None,
        }
    }

    pub(in crate::subscription) fn look(&mut self, part: Part) {
        self.looked = Some(hull(self.looked, part));
    }
}

fn hull(known: Option<Part>, part: Part) -> Part {
    known.map_or(part, |known| (known.0.min(part.0), known.1.max(part.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(from: u64, to: u64) -> Part {
        (Position::new(from), Position::new(to))
    }

    #[test]
    fn each_part_is_looked_at_once() {
        let mut looked = Looked::default();
        looked.pass(part(5, 5));
        assert_eq!(looked.left(), None, "nothing was passed");
        looked.pass(part(5, 9));
        assert_eq!(looked.left(), Some(part(5, 9)));
        looked.look(part(5, 9));
        assert_eq!(looked.left(), None);
        looked.pass(part(0, 12));
        assert_eq!(looked.left(), Some(part(0, 5)));
        looked.look(part(0, 5));
        assert_eq!(looked.left(), Some(part(9, 12)));
        looked.look(part(9, 12));
        assert_eq!(looked.left(), None);
    }
}
