//! The columns of a model, as queries name them.

use std::fmt;
use std::marker::PhantomData;

use super::select::{By, Expr, Op};
use super::stored::About;
use super::{Comparable, Condition, InvalidField, InvalidValue, Order, ReadModel, Value, column_type};
use crate::read_model::ColumnType;

/// A column of the model `M` that holds a `T`: a constant of the model, named after its field.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::read_model::{Query, ReadModel};
/// use uuid::Uuid;
///
/// #[derive(ReadModel)]
/// struct OrderRow {
///     #[read_model(id)]
///     id: Uuid,
///     status: String,
///     total: f64,
/// }
///
/// let large = OrderRow::STATUS.is_in(["placed", "paid"]).and(OrderRow::TOTAL.ge(100.0));
/// let query = Query::from(large).order_by(OrderRow::TOTAL.desc()).limit(10);
/// # }
/// ```
///
/// A column that the model does not have does not compile:
///
/// ```compile_fail
/// # use eventsource::read_model::ReadModel;
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: i64 }
/// let query = OrderRow::STATUS.eq("placed");
/// ```
pub struct Column<M, T> {
    index: usize,
    about: About<(M, T)>,
}

/// What a column that holds a `T` is compared with: a `T`, a `&T`, a `&str` for text, and the value in an `Option`.
#[diagnostic::on_unimplemented(
    message = "a column or id of the type `{T}` cannot be compared with a `{Self}`",
    label = "not a `{T}`"
)]
pub trait IntoColumnValue<T> {
    /// The value.
    ///
    /// # Errors
    /// Why the column cannot hold it.
    fn into_value(self) -> Result<Value, InvalidValue>;
}

impl<T: ColumnType> IntoColumnValue<T> for T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl<T: ColumnType> IntoColumnValue<T> for &T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl<T: ColumnType> IntoColumnValue<Option<T>> for T {
    fn into_value(self) -> Result<Value, InvalidValue> {
        self.to_value()
    }
}

impl IntoColumnValue<String> for &str {
    fn into_value(self) -> Result<Value, InvalidValue> {
        Ok(Value::Text(column_type::text(self)?.to_owned()))
    }
}

impl IntoColumnValue<Option<String>> for &str {
    fn into_value(self) -> Result<Value, InvalidValue> {
        IntoColumnValue::<String>::into_value(self)
    }
}

impl<M, T> Column<M, T> {
    /// The column with this index among those of the table. Generated code calls it.
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self { index, about: PhantomData }
    }
}

impl<M: ReadModel, T> Column<M, T> {
    /// Its name in the table.
    #[must_use]
    pub fn name(&self) -> &'static str {
        M::TABLE.column(self.index).map_or("", |column| column.name)
    }

    /// Rows in which it is null.
    pub const fn is_null(self) -> Condition<M> {
        Condition::new(Expr::Null { column: self.index, is: true })
    }

    /// Rows in which it is not null.
    pub const fn is_not_null(self) -> Condition<M> {
        Condition::new(Expr::Null { column: self.index, is: false })
    }
}

/// The values that a column is compared with, without null.
struct List {
    values: Vec<Value>,
    has_null: bool,
}

// The bound stands on the methods, so that the compiler says what it is about.
impl<M: ReadModel, T> Column<M, T> {
    fn compare(self, op: Op, value: impl IntoColumnValue<T>) -> Condition<M> {
        Condition::new(match value.into_value() {
            Ok(value) => Expr::compare(self.index, op, value),
            Err(reason) => self.unfit(reason),
        })
    }

    fn unfit(self, reason: InvalidValue) -> Expr {
        let field = M::TABLE.column(self.index).map_or("", |column| column.field);
        Expr::InvalidValue(InvalidField::new(field, reason))
    }

    /// Rows in which it is `value`; where that is `None`, rows in which it is null.
    pub fn eq(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Eq, value)
    }

    /// Rows in which it is another value than `value`, and not null; where that is `None`, rows in which it is not null.
    pub fn ne(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Ne, value)
    }

    /// Rows in which it is less than `value`.
    pub fn lt(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Lt, value)
    }

    /// Rows in which it is at most `value`.
    pub fn le(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Le, value)
    }

    /// Rows in which it is greater than `value`.
    pub fn gt(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Gt, value)
    }

    /// Rows in which it is at least `value`.
    pub fn ge(self, value: impl IntoColumnValue<T>) -> Condition<M>
    where
        T: Comparable,
    {
        self.compare(Op::Ge, value)
    }

    /// Rows in which it is one of `values`, and not null: any number of them, but of floats SQLite takes 32,764 at most.
    pub fn is_in<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<M>
    where
        T: Comparable,
    {
        Condition::new(match self.list(values) {
            Ok(list) => Expr::In { column: self.index, is: true, values: list.values },
            Err(unfit) => unfit,
        })
    }

    /// Rows in which it is none of `values`, and not null: any number of them, but of floats SQLite takes 32,764 at most.
    /// Without a value there is nothing to exclude: every row matches then, also one in which it is null.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::prelude::*;
    ///
    /// #[derive(ReadModel)]
    /// #[read_model(table = "orders")]
    /// struct OrderRow { #[read_model(id)] id: uuid::Uuid, status: String }
    ///
    /// let open = Query::from(OrderRow::STATUS.not_in(["shipped", "cancelled"]));
    /// # let _ = open;
    /// # }
    /// ```
    pub fn not_in<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Condition<M>
    where
        T: Comparable,
    {
        Condition::new(match self.list(values) {
            Ok(List { values, has_null: false }) if values.is_empty() => Expr::And(Vec::new()),
            Ok(List { values, .. }) if values.is_empty() => Expr::Null { column: self.index, is: false },
            Ok(List { values, .. }) => Expr::In { column: self.index, is: false, values },
            Err(unfit) => unfit,
        })
    }

    fn list<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Result<List, Expr> {
        let mut list = List { values: Vec::new(), has_null: false };
        for value in values {
            match value.into_value() {
                Ok(value) if value.is_null() => list.has_null = true,
                Ok(value) => list.values.push(value),
                Err(reason) => return Err(self.unfit(reason)),
            }
        }
        Ok(list)
    }

    /// The smallest first; null before all.
    pub const fn asc(self) -> Order<M>
    where
        T: Comparable,
    {
        Order::new(By { column: self.index, descending: false })
    }

    /// The largest first; null after all.
    pub const fn desc(self) -> Order<M>
    where
        T: Comparable,
    {
        Order::new(By { column: self.index, descending: true })
    }
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column").field("index", &self.index).finish()
    }
}
