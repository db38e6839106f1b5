//! One generation of the table of a read model.

use std::borrow::Cow;

use crate::projection::generation::{NEXT_TABLE, TRIAL_TABLE};
use crate::read_model::{ColumnDef, Table};

/// The generations of a table that can exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::backend) enum Generation {
    /// The one that readers see.
    #[default]
    Live,
    /// The one that a rebuild side by side builds.
    Next,
    /// The one of a trial, which only its own transaction sees.
    Trial,
}

/// One generation of the table of a read model. All generations have the columns of the model, and different names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backend) struct TableRef {
    model: &'static Table,
    generation: Generation,
}

impl TableRef {
    pub(in crate::backend) const fn new(model: &'static Table, generation: Generation) -> Self {
        Self { model, generation }
    }

    pub(in crate::backend) const fn live(model: &'static Table) -> Self {
        Self::new(model, Generation::Live)
    }

    /// Returns the table of the next generation: `orders__next` for `orders`.
    pub(in crate::backend) const fn next(model: &'static Table) -> Self {
        Self::new(model, Generation::Next)
    }

    /// Returns the table of a trial: `orders__trial` for `orders`.
    pub(in crate::backend) const fn trial(model: &'static Table) -> Self {
        Self::new(model, Generation::Trial)
    }

    /// Returns the table as its model describes it, with the name of the live generation.
    pub(in crate::backend) const fn model(self) -> &'static Table {
        self.model
    }

    /// Returns the name of the table in the database.
    pub(in crate::backend) fn name(self) -> Cow<'static, str> {
        match self.generation {
            Generation::Live => Cow::Borrowed(self.model.name),
            Generation::Next => Cow::Owned(format!("{}{NEXT_TABLE}", self.model.name)),
            Generation::Trial => Cow::Owned(format!("{}{TRIAL_TABLE}", self.model.name)),
        }
    }

    /// Returns what identifies the table among the tables of a database.
    pub(in crate::backend) const fn key(self) -> (&'static str, Generation) {
        (self.model.name, self.generation)
    }

    /// Returns the name of the index on `column`.
    pub(in crate::backend) fn index_name(self, column: &str) -> String {
        Table::index_name_of(&self.name(), column)
    }

    /// Returns the columns that have an index.
    pub(in crate::backend) fn indexed(self) -> impl Iterator<Item = &'static ColumnDef> {
        self.model.columns.iter().filter(|column| column.indexed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_generation_has_names_of_its_own() {
        static TABLE: Table = Table::new("orders", &[], 0);
        let (live, next) = (TableRef::live(&TABLE), TableRef::next(&TABLE));
        assert_eq!((&*live.name(), &*next.name()), ("orders", "orders__next"));
        assert_eq!(next.index_name("total"), "orders__next_total_idx");
        assert_ne!(live.key(), next.key());
    }
}
