//! Reads rows as one row of the driver.
//!
//! A statement builds a record of each row: numbers, and then texts and bytes. A row that has no record is read as the
//! driver reads it: a large row, a value that does not fit its column, and a number that a record cannot contain
//! exactly.

use std::collections::HashSet;

use sqlx::{Row as _, SqliteConnection};

use super::dialect::SqliteDialect;
use super::failure::failed;
use super::tables::{self, statement};
use super::value::{Storage, of_bytes, of_integer, of_text, storage};
use crate::backend::sql::read_model::{Sql, TableRef, joined, own, quoted, row, with_ids};
use crate::backend::sqlite::records::Records;
use crate::backend::sqlite::store::busy::result_code;
use crate::read_model::stored::Row;
use crate::read_model::{ColumnKind, ReadModelError, Value};

/// For so few rows, a record costs more than it saves.
const FEW: usize = 8;

/// The largest number of columns in a record. A function of SQLite takes 127 arguments.
const MOST_COLUMNS: usize = 60;

/// SQLITE_TOOBIG: the records would be longer than the limit of SQLite.
const TOO_BIG: i32 = 18;

/// Returns the rows with these ids, in any order.
pub(super) async fn load(
    conn: &mut SqliteConnection,
    table: TableRef,
    ids: &[Value],
) -> Result<Vec<Row>, ReadModelError> {
    if ids.len() <= FEW || table.model().all_columns().count() > MOST_COLUMNS {
        return tables::load(conn, table, ids).await;
    }
    let packed = match statement(select(table, ids)?).fetch_one(&mut *conn).await {
        Ok(packed) => packed,
        Err(error) if result_code(&error) == Some(TOO_BIG) => return tables::load(conn, table, ids).await,
        Err(error) => return Err(failed(table, "read", error)),
    };
    let records = packed.try_get::<Option<&[u8]>, _>(0).map_err(|error| failed(table, "read", error))?;
    let Some(Unpacked { mut rows, is_complete }) = unpack(records.unwrap_or_default(), table) else {
        return tables::load(conn, table, ids).await;
    };
    if !is_complete {
        let found: HashSet<_> = rows.iter().map(|row| row.id(table.model())).collect();
        let rest: Vec<_> = ids.iter().filter(|id| !found.contains(id)).cloned().collect();
        rows.extend(tables::load(conn, table, &rest).await?);
    }
    Ok(rows)
}

/// Returns the statement that reads the records of the rows with these ids.
fn select(table: TableRef, ids: &[Value]) -> Result<Sql<SqliteDialect>, ReadModelError> {
    let text = format!(
        "SELECT CAST(group_concat({}, '') AS BLOB) FROM {} AS own WHERE ",
        record(table),
        quoted(&table.name())
    );
    with_ids(Sql { text, arguments: Vec::new() }, table, ids)
}

/// 2⁶², by which the part of a number after the point is multiplied.
const FRACTION: &str = "4611686018427387904.0";

/// Returns the expression that builds the record of a row: `!` if it is not packed.
///
/// SQLite converts floats to texts inexactly, so the record contains two integers: the part before the point, and the
/// part after it. A float that is not the sum of the two is not packed.
fn record(table: TableRef) -> String {
    let (mut conditions, mut heads, mut tails, mut sizes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for column in table.model().all_columns() {
        let name = own(column.name);
        match storage(column.kind) {
            Storage::Integer => {
                conditions.push(format!("typeof({name}) IN ('integer', 'null')"));
                heads.push(format!("coalesce({name}, 'n')"));
            }
            Storage::Real => {
                let whole = format!("CAST({name} AS INTEGER)");
                let fraction = format!("CAST(({name} - {whole}) * {FRACTION} AS INTEGER)");
                conditions.push(format!(
                    "({name} IS NULL OR typeof({name}) = 'real' AND abs({name}) < 9007199254740992.0 \
                     AND {whole} + {fraction} / {FRACTION} = {name})"
                ));
                heads.push(format!("coalesce({whole}, 'n'), coalesce({fraction}, 0)"));
            }
            kind @ (Storage::Text | Storage::Blob) => {
                let kind = if kind == Storage::Text { "text" } else { "blob" };
                conditions.push(format!("typeof({name}) IN ('{kind}', 'null')"));
                heads.push(format!("coalesce(octet_length({name}), 'n')"));
                sizes.push(format!("coalesce(octet_length({name}), 0)"));
                tails.push(name);
            }
        }
    }
    let size = if sizes.is_empty() { "0".to_owned() } else { sizes.join(" + ") };
    let tail = if tails.is_empty() { "''".to_owned() } else { format!("concat({})", tails.join(", ")) };
    let heads = joined(heads.into_iter());
    let conditions = conditions.join(" AND ");
    format!("CASE WHEN {size} <= 8192 AND {conditions} THEN concat_ws(' ', {heads}, {tail}) ELSE '!' END")
}

/// The rows of records.
struct Unpacked {
    rows: Vec<Row>,
    /// Whether each row has a record.
    is_complete: bool,
}

/// The part of a value that stands among the numbers of a record.
enum Head {
    Null,
    Integer(i64),
    Float(f64),
    Length(usize),
}

/// Decodes records. Returns `None` if they do not have this format, for example in a UTF-16 database.
fn unpack(records: &[u8], table: TableRef) -> Option<Unpacked> {
    let mut records = Records::new(records);
    let mut unpacked = Unpacked { rows: Vec::new(), is_complete: true };
    let kinds: Vec<_> = table.model().all_columns().map(|column| column.kind).collect();
    while !records.is_empty() {
        if records.skip(b"!") {
            unpacked.is_complete = false;
            continue;
        }
        let heads: Vec<_> = kinds.iter().map(|kind| head(&mut records, *kind)).collect::<Option<_>>()?;
        let values = kinds.iter().zip(heads).map(|(kind, head)| value(&mut records, *kind, head));
        match row(values.collect::<Option<_>>()?, table) {
            Ok(row) => unpacked.rows.push(row),
            Err(_) => return None,
        }
    }
    Some(unpacked)
}

/// Decodes the next numbers of a record: those of a column of this kind.
fn head(records: &mut Records<'_>, kind: ColumnKind) -> Option<Head> {
    let first = records.word()?;
    let is_null = first == "n";
    match storage(kind) {
        Storage::Integer if !is_null => Some(Head::Integer(first.parse().ok()?)),
        Storage::Real => {
            let fraction: i64 = records.number()?;
            if is_null {
                return Some(Head::Null);
            }
            let whole: i64 = first.parse().ok()?;
            // Both are exact, and so is their sum: it is the number that is stored.
            Some(Head::Float(whole as f64 + fraction as f64 / TWO_TO_62))
        }
        Storage::Text | Storage::Blob if !is_null => Some(Head::Length(first.parse().ok()?)),
        Storage::Integer | Storage::Text | Storage::Blob => Some(Head::Null),
    }
}

const TWO_TO_62: f64 = (1_u64 << 62) as f64;

/// Decodes the next value of a record, whose numbers are known.
fn value(records: &mut Records<'_>, kind: ColumnKind, head: Head) -> Option<Value> {
    match head {
        Head::Null => Some(Value::Null),
        Head::Integer(number) => of_integer(kind, number).ok(),
        Head::Float(number) => Some(Value::Float(number)),
        Head::Length(length) if storage(kind) == Storage::Text => of_text(kind, records.text(length)?).ok(),
        Head::Length(length) => of_bytes(kind, records.bytes(length)?).ok(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use sqlx::{AssertSqlSafe, Connection as _};

    use super::*;
    use crate::read_model::port::{Before, RowChange};
    use crate::read_model::{ColumnDef, Table};

    const COLUMNS: &[ColumnDef] = &[
        ColumnDef::new("id", "id", ColumnKind::I64, false),
        ColumnDef::new("number", "number", ColumnKind::F64, true),
        ColumnDef::new("text", "text", ColumnKind::Text, true),
        ColumnDef::new("bytes", "bytes", ColumnKind::Bytes, true),
    ];
    const TABLE: TableRef = TableRef::live(&Table::new("items", COLUMNS, 0));

    /// Writes these values as rows with the ids from 0 on, and returns what is loaded, in the order of the ids, with
    /// whether each row had a record.
    async fn loaded(conn: &mut SqliteConnection, values: &[[Value; 3]]) -> (Vec<Row>, bool) {
        let row = |(id, [number, text, bytes]): (i64, &[Value; 3])| {
            Row::new(vec![Value::Int(id), number.clone(), text.clone(), bytes.clone()], DateTime::UNIX_EPOCH)
        };
        let rows: Vec<_> = (0..).zip(values).map(row).collect();
        let changes: Vec<_> = rows.iter().map(|row| RowChange { row, before: Before::Unread }).collect();
        tables::write(conn, TABLE, &changes, super::super::statements::merge).await.unwrap();
        let ids: Vec<_> = rows.iter().map(|row| row.id(TABLE.model())).collect();
        let mut found = load(conn, TABLE, &ids).await.unwrap();
        found.sort_by_key(|row| row.id(TABLE.model()));
        assert_eq!(found, rows);
        let packed = statement(select(TABLE, &ids).unwrap()).fetch_one(conn).await.unwrap();
        let is_complete = unpack(packed.get::<&[u8], _>(0), TABLE).is_some_and(|unpacked| unpacked.is_complete);
        (found, is_complete)
    }

    async fn database(encoding: &'static str) -> SqliteConnection {
        let mut conn = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        sqlx::raw_sql(encoding).execute(&mut conn).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(super::super::schema::create_sql(TABLE))).execute(&mut conn).await.unwrap();
        conn
    }

    fn all_of(number: f64, text: &str) -> Vec<[Value; 3]> {
        let values = [Value::Float(number), Value::Text(text.to_owned()), Value::Bytes(vec![0, 255, b'!', b' '])];
        let mut all = vec![values; FEW];
        all.push([Value::Null, Value::Null, Value::Null]);
        all.push([Value::Float(0.0), Value::Text(String::new()), Value::Bytes(Vec::new())]);
        all
    }

    #[tokio::test]
    async fn records_hold_each_value_exactly_or_the_row_is_read_by_itself() {
        let packed = [0.1, -0.1, 123_456.789, 1.0 / 3.0, -2.5, 9_007_199_254_740_991.0, 1e-3];
        let apart = [f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, 1e16, 1.0e-5 / 3.0, 5e-324];
        let floats = packed.iter().map(|number| (*number, true)).chain(apart.iter().map(|number| (*number, false)));
        for (number, is_packed) in floats {
            let mut conn = database("").await;
            let (_, is_complete) = loaded(&mut conn, &all_of(number, "a \0 n ! \u{1f600}")).await;
            assert_eq!(is_complete, is_packed, "{number}");
        }
    }

    #[tokio::test]
    async fn large_row_is_read_by_itself() {
        let mut conn = database("").await;
        let (_, is_complete) = loaded(&mut conn, &all_of(1.5, &"x".repeat(8_193))).await;
        assert!(!is_complete);
    }

    #[tokio::test]
    async fn utf_16_database_is_read_row_by_row() {
        let mut conn = database("PRAGMA encoding = 'UTF-16le'").await;
        let (_, is_complete) = loaded(&mut conn, &all_of(1.5, "text")).await;
        assert!(!is_complete);
    }
}
