//! The SQL that reads rows.

use super::dialect::{Dialect, quoted};
use super::table_ref::TableRef;
use crate::read_model::select::{Expr, Op, Select};
use crate::read_model::{ColumnDef, ColumnKind, InvalidField, InvalidValue, ReadModelError, Table, Value};

/// A statement with its bound values.
#[derive(Debug)]
pub(in crate::backend) struct Sql<D: Dialect> {
    pub(in crate::backend) text: String,
    pub(in crate::backend) arguments: Vec<D::Argument>,
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
pub(in crate::backend) fn names(table: TableRef) -> String {
    joined(table.model().all_columns().map(|column| quoted(column.name)))
}

/// In an `ON CONFLICT`: sets the column to the value of the row that was to be inserted.
pub(in crate::backend) fn replaced(name: &str) -> String {
    format!("{0} = excluded.{0}", quoted(name))
}

/// Reads the rows with these ids.
pub(in crate::backend) fn load<D: Dialect>(
    dialect: &D,
    table: TableRef,
    ids: &[Value],
) -> Result<Sql<D>, ReadModelError> {
    with_ids(read(dialect, table, &joined(table.model().all_columns().map(D::read))), table, ids)
}

/// Restricts `sql`, which ends with `WHERE` and calls the table `own`, to the rows with these ids.
pub(in crate::backend) fn with_ids<D: Dialect>(
    mut sql: Sql<D>,
    table: TableRef,
    ids: &[Value],
) -> Result<Sql<D>, ReadModelError> {
    let model = table.model();
    sql.is_in(model, column(model, model.id), ids)?;
    Ok(sql)
}

/// Reads the rows that match the query.
pub(in crate::backend) fn select<D: Dialect>(
    dialect: &D,
    table: TableRef,
    query: &Select,
) -> Result<Sql<D>, ReadModelError> {
    let mut sql = read(dialect, table, &joined(table.model().all_columns().map(D::read)));
    sql.condition(table.model(), &query.condition)?;
    let order = query.order.iter().filter_map(|by| Some(D::ordered(table.model().column(by.column)?, by.descending)));
    sql.text.push_str(" ORDER BY ");
    sql.text.push_str(&joined(order));
    if query.limit.is_some() || query.offset > 0 {
        for (word, rows) in [(" LIMIT ", query.limit.unwrap_or(u64::MAX)), (" OFFSET ", query.offset)] {
            let rows = Value::Int(i64::try_from(rows).unwrap_or(i64::MAX));
            let number = sql.bind(D::argument(ColumnKind::I64, &rows));
            sql.text.push_str(word);
            sql.text.push_str(&D::value(ColumnKind::I64, number));
        }
    }
    Ok(sql)
}

/// Counts the rows that match the query.
pub(in crate::backend) fn count<D: Dialect>(
    dialect: &D,
    table: TableRef,
    query: &Select,
) -> Result<Sql<D>, ReadModelError> {
    let mut sql = read(dialect, table, "count(*)");
    sql.condition(table.model(), &query.condition)?;
    Ok(sql)
}

fn read<D: Dialect>(dialect: &D, table: TableRef, what: &str) -> Sql<D> {
    Sql { text: format!("SELECT {what} FROM {} AS own WHERE ", dialect.table(table)), arguments: vec![] }
}

/// Stands for a column that the model does not have. No query names one.
const NO_COLUMN: &ColumnDef = &ColumnDef::new("", "", ColumnKind::Text, true);

fn column(table: &'static Table, index: usize) -> &'static ColumnDef {
    table.column(index).unwrap_or(NO_COLUMN)
}

impl<D: Dialect> Sql<D> {
    /// Binds a value, and returns its number.
    fn bind(&mut self, argument: D::Argument) -> usize {
        self.arguments.push(argument);
        self.arguments.len()
    }

    /// Fails if the statement would have more values than the database allows. Two are reserved for the limit and the
    /// offset.
    fn has_room(&self, table: &Table, column: &ColumnDef, more: usize) -> Result<(), ReadModelError> {
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

    fn condition(&mut self, table: &'static Table, expr: &Expr) -> Result<(), ReadModelError> {
        match expr {
            Expr::Compare { column: index, op, value } => {
                let column = column(table, *index);
                self.has_room(table, column, 1)?;
                let op = match op {
                    Op::Eq => "=",
                    Op::Ne => "<>",
                    Op::Lt => "<",
                    Op::Le => "<=",
                    Op::Gt => ">",
                    Op::Ge => ">=",
                };
                let number = self.bind(D::argument(column.kind, value));
                self.text.push_str(&format!("{} {op} {}", own(column.name), D::value(column.kind, number)));
            }
            Expr::In { column: index, is: true, values } => self.is_in(table, column(table, *index), values)?,
            // As in SQL, null is neither in a list nor outside of it.
            Expr::In { column: index, is: false, values } => {
                self.text.push_str("NOT (");
                self.is_in(table, column(table, *index), values)?;
                self.text.push(')');
            }
            Expr::Null { column: index, is } => {
                let is = if *is { "IS NULL" } else { "IS NOT NULL" };
                self.text.push_str(&format!("{} {is}", own(column(table, *index).name)));
            }
            Expr::And(all) => self.joined(table, all, " AND ", "TRUE")?,
            Expr::Or(all) => self.joined(table, all, " OR ", "FALSE")?,
            // A query with such a value fails before.
            Expr::InvalidValue(_) => self.text.push_str("FALSE"),
        }
        Ok(())
    }

    /// Binds the values as one list, or one by one if the database has no lists of this kind.
    fn is_in(&mut self, table: &Table, column: &'static ColumnDef, values: &[Value]) -> Result<(), ReadModelError> {
        let (name, kind) = (own(column.name), column.kind);
        if let Some(is_in) = D::is_in_list(&name, kind, self.arguments.len() + 1) {
            self.has_room(table, column, 1)?;
            self.bind(D::list(kind, values));
            self.text.push_str(&is_in);
            return Ok(());
        }
        self.has_room(table, column, values.len())?;
        let one = |value: &Value| {
            let number = self.bind(D::argument(kind, value));
            D::value(kind, number)
        };
        let values = joined(values.iter().map(one));
        self.text.push_str(&format!("{name} IN ({values})"));
        Ok(())
    }

    fn joined(&mut self, table: &'static Table, all: &[Expr], word: &str, none: &str) -> Result<(), ReadModelError> {
        match all {
            [] => self.text.push_str(none),
            [one] => self.condition(table, one)?,
            // Split in halves: a database nests a chain as deep as it is long, and SQLite allows a depth of 1,000.
            _ => {
                let (first, second) = all.split_at(all.len() / 2);
                self.text.push('(');
                self.joined(table, first, word, none)?;
                self.text.push_str(word);
                self.joined(table, second, word, none)?;
                self.text.push(')');
            }
        }
        Ok(())
    }
}
