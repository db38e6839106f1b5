//! The SQL that reads rows.

use super::{Dialect, quoted};
use crate::read_model::select::{Expr, Op, Select};
use crate::read_model::{ColumnDef, ColumnKind, InvalidField, InvalidValue, ReadModelError, Table, Value};

/// A bound value that is compared with a column of this kind.
#[derive(Debug)]
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "SQLite tells the types of values by themselves"))]
pub(in crate::backend) enum Argument {
    One(ColumnKind, Value),
    List(ColumnKind, Vec<Value>),
}

/// SQL under construction, with its bound values.
#[derive(Debug, Default)]
pub(in crate::backend) struct Sql {
    pub(in crate::backend) text: String,
    pub(in crate::backend) arguments: Vec<Argument>,
}

pub(in crate::backend) fn joined(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Returns a column of the table that a statement calls `own`. The name alone is not enough: SQLite reads a
/// double-quoted name without a column as a string, so a missing column would be read as its own name.
pub(in crate::backend) fn own(name: &str) -> String {
    format!("own.{}", quoted(name))
}

/// Returns the names of all columns.
pub(in crate::backend) fn names(table: &Table) -> String {
    joined(table.all_columns().map(|column| quoted(column.name)))
}

/// In an `ON CONFLICT`: sets the column to the value of the row that was to be inserted.
pub(in crate::backend) fn replaced(name: &str) -> String {
    format!("{0} = excluded.{0}", quoted(name))
}

/// Reads the rows with these ids.
pub(in crate::backend) fn load<D: Dialect>(
    dialect: &D,
    table: &'static Table,
    ids: &[Value],
) -> Result<Sql, ReadModelError> {
    with_ids::<D>(read(dialect, table, &joined(table.all_columns().map(D::read))), table, ids)
}

/// Restricts `sql`, which ends with `WHERE` and calls the table `own`, to the rows with these ids.
pub(in crate::backend) fn with_ids<D: Dialect>(
    mut sql: Sql,
    table: &'static Table,
    ids: &[Value],
) -> Result<Sql, ReadModelError> {
    sql.is_in::<D>(table, column(table, table.id), ids)?;
    Ok(sql)
}

/// Reads the rows that match the query.
pub(in crate::backend) fn select<D: Dialect>(
    dialect: &D,
    table: &'static Table,
    query: &Select,
) -> Result<Sql, ReadModelError> {
    let mut sql = read(dialect, table, &joined(table.all_columns().map(D::read)));
    sql.condition::<D>(table, &query.condition)?;
    let order = query.order.iter().filter_map(|by| Some(D::ordered(table.column(by.column)?, by.descending)));
    sql.text.push_str(" ORDER BY ");
    sql.text.push_str(&joined(order));
    if query.limit.is_some() || query.offset > 0 {
        for (word, rows) in [(" LIMIT ", query.limit.unwrap_or(u64::MAX)), (" OFFSET ", query.offset)] {
            let rows = Value::Int(i64::try_from(rows).unwrap_or(i64::MAX));
            let number = sql.bind(Argument::One(ColumnKind::I64, rows));
            sql.text.push_str(word);
            sql.text.push_str(&D::value(ColumnKind::I64, number));
        }
    }
    Ok(sql)
}

/// Counts the rows that match the query.
pub(in crate::backend) fn count<D: Dialect>(
    dialect: &D,
    table: &'static Table,
    query: &Select,
) -> Result<Sql, ReadModelError> {
    let mut sql = read(dialect, table, "count(*)");
    sql.condition::<D>(table, &query.condition)?;
    Ok(sql)
}

fn read<D: Dialect>(dialect: &D, table: &Table, what: &str) -> Sql {
    Sql { text: format!("SELECT {what} FROM {} AS own WHERE ", dialect.table(table)), arguments: vec![] }
}

/// Stands for a column that the model does not have. No query names one.
const NO_COLUMN: &ColumnDef = &ColumnDef::new("", "", ColumnKind::Text, true);

fn column(table: &'static Table, index: usize) -> &'static ColumnDef {
    table.column(index).unwrap_or(NO_COLUMN)
}

impl Sql {
    /// Binds a value, and returns its number.
    fn bind(&mut self, argument: Argument) -> usize {
        self.arguments.push(argument);
        self.arguments.len()
    }

    /// Fails if the statement would have more values than the database allows. Two are reserved for the limit and the
    /// offset.
    fn has_room<D: Dialect>(&self, table: &Table, column: &ColumnDef, more: usize) -> Result<(), ReadModelError> {
        let (count, limit) = (self.arguments.len() + more, D::BIND_LIMIT - 2);
        if count <= limit {
            return Ok(());
        }
        let reason = InvalidValue::new(format!("it makes {count} values in one query, which takes at most {limit}"));
        Err(ReadModelError::InvalidValue {
            table: table.name,
            id: None,
            field: InvalidField::new(column.field, reason),
        })
    }

    fn condition<D: Dialect>(&mut self, table: &'static Table, expr: &Expr) -> Result<(), ReadModelError> {
        match expr {
            Expr::Compare { column: index, op, value } => {
                let column = column(table, *index);
                self.has_room::<D>(table, column, 1)?;
                let op = match op {
                    Op::Eq => "=",
                    Op::Ne => "<>",
                    Op::Lt => "<",
                    Op::Le => "<=",
                    Op::Gt => ">",
                    Op::Ge => ">=",
                };
                let number = self.bind(Argument::One(column.kind, value.clone()));
                self.text.push_str(&format!("{} {op} {}", own(column.name), D::value(column.kind, number)));
            }
            Expr::In { column: index, is: true, values } => self.is_in::<D>(table, column(table, *index), values)?,
            // As in SQL, null is neither in a list nor outside of it.
            Expr::In { column: index, is: false, values } => {
                self.text.push_str("NOT (");
                self.is_in::<D>(table, column(table, *index), values)?;
                self.text.push(')');
            }
            Expr::Null { column: index, is } => {
                let is = if *is { "IS NULL" } else { "IS NOT NULL" };
                self.text.push_str(&format!("{} {is}", own(column(table, *index).name)));
            }
            Expr::And(all) => self.joined::<D>(table, all, " AND ", "TRUE")?,
            Expr::Or(all) => self.joined::<D>(table, all, " OR ", "FALSE")?,
            // A query with such a value fails before.
            Expr::InvalidValue(_) => self.text.push_str("FALSE"),
        }
        Ok(())
    }

    /// Binds the values as one list, or one by one if the database has no lists of this kind.
    fn is_in<D: Dialect>(
        &mut self,
        table: &Table,
        column: &'static ColumnDef,
        values: &[Value],
    ) -> Result<(), ReadModelError> {
        let (name, kind) = (own(column.name), column.kind);
        if let Some(is_in) = D::is_in_list(&name, kind, self.arguments.len() + 1) {
            self.has_room::<D>(table, column, 1)?;
            self.bind(Argument::List(kind, values.to_vec()));
            self.text.push_str(&is_in);
            return Ok(());
        }
        self.has_room::<D>(table, column, values.len())?;
        let one = |value: &Value| {
            let number = self.bind(Argument::One(kind, value.clone()));
            D::value(kind, number)
        };
        let values = joined(values.iter().map(one));
        self.text.push_str(&format!("{name} IN ({values})"));
        Ok(())
    }

    fn joined<D: Dialect>(
        &mut self,
        table: &'static Table,
        all: &[Expr],
        word: &str,
        none: &str,
    ) -> Result<(), ReadModelError> {
        match all {
            [] => self.text.push_str(none),
            [one] => self.condition::<D>(table, one)?,
            // Split in halves: a database nests a chain as deep as it is long, and SQLite allows a depth of 1,000.
            _ => {
                let (first, second) = all.split_at(all.len() / 2);
                self.text.push('(');
                self.joined::<D>(table, first, word, none)?;
                self.text.push_str(word);
                self.joined::<D>(table, second, word, none)?;
                self.text.push(')');
            }
        }
        Ok(())
    }
}
