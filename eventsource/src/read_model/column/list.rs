//! The values that a column is compared with.

use super::{Column, IntoColumnValue};
use crate::read_model::select::{Expr, Op};
use crate::read_model::{Condition, InvalidField, InvalidValue, ReadModel, Value};

/// The values that a column is compared with, without null.
pub(super) struct List {
    pub(super) values: Vec<Value>,
    pub(super) has_null: bool,
}

impl<M: ReadModel, T> Column<M, T> {
    pub(super) fn compare(self, op: Op, value: impl IntoColumnValue<T>) -> Condition<M> {
        Condition::new(match value.into_value() {
            Ok(value) => Expr::compare(self.index, op, value),
            Err(reason) => self.unfit(reason),
        })
    }

    fn unfit(self, reason: InvalidValue) -> Expr {
        let field = M::TABLE.column(self.index).map_or("", |column| column.field);
        Expr::InvalidValue(InvalidField::new(field, reason))
    }

    pub(super) fn list<V: IntoColumnValue<T>>(self, values: impl IntoIterator<Item = V>) -> Result<List, Expr> {
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
}
