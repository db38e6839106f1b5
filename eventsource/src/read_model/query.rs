//! Which rows are wanted, and in which order.

use std::fmt;
use std::marker::PhantomData;

use super::select::{By, Expr, Select, after, place};
use super::stored::{About, Row};
use super::{Cursor, ReadModel, ReadModelError, Stored};

/// Which rows of `M` are wanted: made by the columns of the model, put together by [`and`](Condition::and) and
/// [`or`](Condition::or).
#[must_use]
pub struct Condition<M> {
    expr: Expr,
    about: About<M>,
}

impl<M> Condition<M> {
    pub(super) const fn new(expr: Expr) -> Self {
        Self { expr, about: PhantomData }
    }

    /// Rows for which both hold.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.expr.and(other.expr))
    }

    /// Rows for which one of the two holds, or both.
    pub fn or(self, other: Self) -> Self {
        Self::new(self.expr.or(other.expr))
    }
}

/// A column by which rows are ordered.
#[must_use]
pub struct Order<M> {
    by: By,
    about: About<M>,
}

impl<M> Order<M> {
    pub(super) const fn new(by: By) -> Self {
        Self { by, about: PhantomData }
    }
}

/// Which rows of `M` are wanted, in which order, and how many. A [`Condition`] converts into one.
///
/// Rows that are soft-deleted are hidden, unless it says otherwise. Rows that are equal in what they are ordered by
/// are ordered by their id, so that there is one order on every backend.
#[must_use]
pub struct Query<M> {
    condition: Option<Expr>,
    order: Vec<By>,
    limit: Option<u64>,
    offset: u64,
    after: Option<After<M>>,
    deleted: Deleted,
    about: About<M>,
}

/// Where a page begins: after a row that was read before (`&Stored<M>`), or after a [`Cursor`] that was handed out.
pub struct After<M> {
    place: Place,
    about: About<M>,
}

#[derive(Debug, Clone)]
enum Place {
    Row(Box<Row>),
    Cursor(Cursor),
}

impl<M: ReadModel> From<&Stored<M>> for After<M> {
    fn from(row: &Stored<M>) -> Self {
        Self { place: Place::Row(Box::new(row.row().clone())), about: PhantomData }
    }
}

impl<M> From<Cursor> for After<M> {
    fn from(cursor: Cursor) -> Self {
        Self { place: Place::Cursor(cursor), about: PhantomData }
    }
}

impl<M> From<&Cursor> for After<M> {
    fn from(cursor: &Cursor) -> Self {
        cursor.clone().into()
    }
}

#[derive(Debug, Clone, Copy)]
enum Deleted {
    Hidden,
    Shown,
    Only,
}

impl<M> Query<M> {
    /// All rows that are not soft-deleted.
    pub const fn all() -> Self {
        Self {
            condition: None,
            order: Vec::new(),
            limit: None,
            offset: 0,
            after: None,
            deleted: Deleted::Hidden,
            about: PhantomData,
        }
    }

    /// Of these, those for which `condition` holds.
    pub fn filter(mut self, condition: Condition<M>) -> Self {
        self.condition = Some(match self.condition {
            Some(other) => other.and(condition.expr),
            None => condition.expr,
        });
        self
    }

    /// Ordered by this column, after those given before.
    pub fn order_by(mut self, order: Order<M>) -> Self {
        self.order.push(order.by);
        self
    }

    /// At most so many.
    pub const fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Without so many at the beginning.
    pub const fn offset(mut self, rows: u64) -> Self {
        self.offset = rows;
        self
    }

    /// Only the rows after `place` in the query's order: the next page, where `place` is the last row of the page before, or
    /// the [`Cursor`] of that row. Unlike with an offset, rows that come or go meanwhile do not shift it.
    ///
    /// Running the query fails with [`ReadModelError::CursorOfAnotherQuery`] where the cursor was made for another table or
    /// another order.
    pub fn after(mut self, place: impl Into<After<M>>) -> Self {
        self.after = Some(place.into());
        self
    }

    /// Soft-deleted rows as well.
    pub const fn with_deleted(mut self) -> Self {
        self.deleted = Deleted::Shown;
        self
    }

    /// Soft-deleted rows and no others.
    pub const fn only_deleted(mut self) -> Self {
        self.deleted = Deleted::Only;
        self
    }
}

impl<M: ReadModel> Query<M> {
    /// The place of `row` in the query's order, as a text that goes into a URL: hand it to [`after`](Self::after) of a query
    /// that is ordered in the same way.
    #[must_use]
    pub fn cursor(&self, row: &Stored<M>) -> Cursor {
        let order = self.whole_order();
        Cursor::new(M::TABLE, &order, place(&order, row.row()))
    }

    /// By which columns rows are ordered, the id last.
    fn whole_order(&self) -> Vec<By> {
        let mut order = self.order.clone();
        order.push(By { column: M::TABLE.id, descending: false });
        order
    }

    /// As a backend gets it.
    pub(crate) fn lower(self) -> Result<Select, ReadModelError> {
        let order = self.whole_order();
        let mut all: Vec<Expr> = self.condition.into_iter().collect();
        let column = M::TABLE.deleted_at();
        match self.deleted {
            Deleted::Hidden => all.push(Expr::Null { column, is: true }),
            Deleted::Only => all.push(Expr::Null { column, is: false }),
            Deleted::Shown => {}
        }
        match self.after.map(|after| after.place) {
            Some(Place::Row(row)) => all.push(after(&order, &place(&order, &row))),
            Some(Place::Cursor(cursor)) => all.push(cursor.after(M::TABLE, &order)?),
            None => {}
        }
        let condition = Expr::And(all);
        condition.check(M::TABLE)?;
        Ok(Select { condition, order, limit: self.limit, offset: self.offset })
    }
}

impl<M> From<Condition<M>> for Query<M> {
    fn from(condition: Condition<M>) -> Self {
        Self::all().filter(condition)
    }
}

impl<M> Clone for Condition<M> {
    fn clone(&self) -> Self {
        Self::new(self.expr.clone())
    }
}

impl<M> Clone for Order<M> {
    fn clone(&self) -> Self {
        Self::new(self.by)
    }
}

impl<M> Clone for After<M> {
    fn clone(&self) -> Self {
        Self { place: self.place.clone(), about: PhantomData }
    }
}

impl<M> fmt::Debug for After<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.fmt(f)
    }
}

impl<M> Clone for Query<M> {
    fn clone(&self) -> Self {
        Self {
            condition: self.condition.clone(),
            order: self.order.clone(),
            limit: self.limit,
            offset: self.offset,
            after: self.after.clone(),
            deleted: self.deleted,
            about: PhantomData,
        }
    }
}

impl<M> fmt::Debug for Condition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

impl<M> fmt::Debug for Order<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.by.fmt(f)
    }
}

impl<M> fmt::Debug for Query<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("condition", &self.condition)
            .field("order", &self.order)
            .field("limit", &self.limit)
            .field("offset", &self.offset)
            .field("after", &self.after)
            .field("deleted", &self.deleted)
            .finish()
    }
}
