//! A query in the form that a backend gets: columns by their index.

use std::cmp::Ordering;

use super::stored::Row;
use super::{InvalidField, ReadModelError, Table, Value};

/// The operator of a comparison.
///
/// ```
/// use eventsource::read_model::port::Op;
///
/// let sql = |op| match op {
///     Op::Eq => "=",
///     Op::Ne => "<>",
///     Op::Lt => "<",
///     Op::Le => "<=",
///     Op::Gt => ">",
///     Op::Ge => ">=",
/// };
/// assert_eq!(sql(Op::Ne), "<>");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
    /// Greater than.
    Gt,
    /// Greater than or equal.
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
///
/// A column is its index among all columns of the table: first those of the model, then the version, the times of the
/// creation, of the last change and of the soft deletion ([`Row::value`]).
///
/// ```
/// use eventsource::event::now;
/// use eventsource::read_model::Value;
/// use eventsource::read_model::port::{Expr, Op, Row};
///
/// let row = Row::new(vec![Value::Int(7)], now());
/// assert!(Expr::Compare { column: 0, op: Op::Gt, value: Value::Int(3) }.holds(&row));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Expr {
    /// The column compares with the value, which is not null.
    Compare {
        /// The index of the column.
        column: usize,
        /// The operator.
        op: Op,
        /// The value.
        value: Value,
    },
    /// The column is one of the values, or none of them. No value is null.
    In {
        /// The index of the column.
        column: usize,
        /// Whether it is one of them; otherwise it is none of them.
        is: bool,
        /// The values.
        values: Vec<Value>,
    },
    /// The column is null, or not.
    Null {
        /// The index of the column.
        column: usize,
        /// Whether it is null.
        is: bool,
    },
    /// All of them hold; true if there are none.
    And(Vec<Self>),
    /// At least one of them holds; false if there are none.
    Or(Vec<Self>),
    /// A value does not fit its column. Such a query is refused before a backend gets it.
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
    #[must_use]
    pub fn holds(&self, row: &Row) -> bool {
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
///
/// ```
/// use eventsource::read_model::port::By;
///
/// let sql = |by: &By| format!("column {} {}", by.column, if by.descending { "DESC" } else { "ASC" });
/// # let _ = sql;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct By {
    /// The index of the column, as in [`Expr`].
    pub column: usize,
    /// Whether the largest value comes first.
    pub descending: bool,
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
///
/// A backend without a query language reads all rows of the table, and calls [`apply`](Self::apply).
///
/// ```
/// use eventsource::read_model::port::{Row, Select};
///
/// fn first(query: &Select, rows: &[Row]) -> Option<Row> {
///     query.apply(rows).into_iter().next()
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Select {
    /// Which rows.
    pub condition: Expr,
    /// The columns of the order. The last one is the id, so that the order is total.
    pub order: Vec<By>,
    /// The largest number of rows; `None` for all.
    pub limit: Option<u64>,
    /// How many rows are left out at the beginning.
    pub offset: u64,
}

impl Select {
    /// Returns those of `rows` that match the query, in its order and within its limit.
    #[must_use]
    pub fn apply<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Vec<Row> {
        let mut wanted: Vec<_> = rows.into_iter().filter(|row| self.condition.holds(row)).collect();
        wanted.sort_by(|a, b| self.compare(a, b));
        let at_most = |rows: u64| usize::try_from(rows).unwrap_or(usize::MAX);
        let limit = self.limit.map_or(usize::MAX, at_most);
        wanted.into_iter().skip(at_most(self.offset)).take(limit).cloned().collect()
    }

    /// Returns how many of `rows` match the query, whatever its limit and offset are.
    #[must_use]
    pub fn count<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> u64 {
        rows.into_iter().filter(|row| self.condition.holds(row)).count() as u64
    }

    /// Compares two rows in the order of the query.
    fn compare(&self, a: &Row, b: &Row) -> Ordering {
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
