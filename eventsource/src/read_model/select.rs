//! A query in the form that a backend gets: columns by their index.

use std::cmp::Ordering;

use super::stored::Row;
use super::{InvalidField, ReadModelError, Table, Value};

/// The operator of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Op {
    const fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Ne => ordering.is_ne(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
        }
    }
}

/// A condition on rows. As in SQL, a comparison with a null column is false.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Compare {
        column: usize,
        op: Op,
        value: Value,
    },
    /// The column is one of the values, or none of them. No value is null.
    In {
        column: usize,
        is: bool,
        values: Vec<Value>,
    },
    Null {
        column: usize,
        is: bool,
    },
    /// All of them hold; true if there are none.
    And(Vec<Self>),
    /// At least one of them holds; false if there are none.
    Or(Vec<Self>),
    /// A value does not fit its column.
    InvalidValue(InvalidField),
}

fn unfit(table: &'static Table, field: InvalidField) -> ReadModelError {
    ReadModelError::InvalidValue { table: table.name, id: None, field }
}

impl Expr {
    /// Compares a column with a value. If the value is null, `Eq` means that the column is null.
    pub(crate) fn compare(column: usize, op: Op, value: Value) -> Self {
        match (op, value.is_null()) {
            (_, false) => Self::Compare { column, op, value },
            (Op::Eq, true) => Self::Null { column, is: true },
            (Op::Ne, true) => Self::Null { column, is: false },
            (_, true) => Self::Or(Vec::new()),
        }
    }

    /// Both hold.
    pub(crate) fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut all) => {
                all.push(other);
                Self::And(all)
            }
            first => Self::And(vec![first, other]),
        }
    }

    /// At least one of the two holds.
    pub(crate) fn or(self, other: Self) -> Self {
        match self {
            Self::Or(mut all) => {
                all.push(other);
                Self::Or(all)
            }
            first => Self::Or(vec![first, other]),
        }
    }

    /// Fails with the value that does not fit, if there is one.
    pub(crate) fn check(&self, table: &'static Table) -> Result<(), ReadModelError> {
        let fits = |index: &usize, value: &Value| match table.column(*index) {
            Some(column) => column.check_kind(value).map_err(|field| unfit(table, field)),
            None => Ok(()),
        };
        match self {
            Self::InvalidValue(field) => Err(unfit(table, field.clone())),
            Self::And(all) | Self::Or(all) => all.iter().try_for_each(|one| one.check(table)),
            Self::Compare { column, value, .. } => fits(column, value),
            Self::In { column, values, .. } => values.iter().try_for_each(|value| fits(column, value)),
            Self::Null { .. } => Ok(()),
        }
    }

    /// Returns whether it holds for `row`.
    pub(crate) fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Compare { column, op, value } => {
                let found = row.value(*column);
                !found.is_null() && op.holds((*found).cmp(value))
            }
            Self::In { column, is, values } => {
                let found = row.value(*column);
                !found.is_null() && values.contains(&found) == *is
            }
            Self::Null { column, is } => row.value(*column).is_null() == *is,
            Self::And(all) => all.iter().all(|one| one.holds(row)),
            Self::Or(all) => all.iter().any(|one| one.holds(row)),
            Self::InvalidValue(_) => false,
        }
    }
}

/// A column by which rows are ordered: nulls first, or last if it is descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct By {
    pub(crate) column: usize,
    pub(crate) descending: bool,
}

impl By {
    /// Returns the condition for rows after `value` in this column alone.
    fn after(self, value: Value) -> Expr {
        let Self { column, descending } = self;
        match (value.is_null(), descending) {
            (true, false) => Expr::Null { column, is: false },
            (true, true) => Expr::Or(Vec::new()),
            (false, false) => Expr::compare(column, Op::Gt, value),
            (false, true) => Expr::compare(column, Op::Lt, value).or(Expr::Null { column, is: true }),
        }
    }
}

/// A query in the form that a backend gets.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    pub(crate) condition: Expr,
    /// The columns of the order. The last one is the id, so that the order is total.
    pub(crate) order: Vec<By>,
    pub(crate) limit: Option<u64>,
    pub(crate) offset: u64,
}

impl Select {
    /// Compares two rows in the order of the query.
    pub(crate) fn compare(&self, a: &Row, b: &Row) -> Ordering {
        for by in &self.order {
            let ordering = a.value(by.column).cmp(&b.value(by.column));
            if ordering.is_ne() {
                return if by.descending { ordering.reverse() } else { ordering };
            }
        }
        Ordering::Equal
    }
}

/// Returns the values of the columns in `order`: the place of `row` in it.
pub(crate) fn place(order: &[By], row: &Row) -> Vec<Value> {
    order.iter().map(|by| row.value(by.column).into_owned()).collect()
}

/// Returns the condition for rows after these values of the columns in `order` (keyset pagination).
pub(crate) fn after(order: &[By], values: &[Value]) -> Expr {
    let mut any = Vec::new();
    let mut equal = Vec::new();
    for (&by, value) in order.iter().zip(values) {
        let mut all = equal.clone();
        all.push(by.after(value.clone()));
        any.push(Expr::And(all));
        equal.push(Expr::compare(by.column, Op::Eq, value.clone()));
    }
    Expr::Or(any)
}
