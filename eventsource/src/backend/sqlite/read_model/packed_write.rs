//! Writes rows as one bound value.
//!
//! The driver passes each bound value by itself, which costs more than SQLite needs to write it. So the values of many
//! rows are one blob: a header of the same width for each row, and then the texts and bytes. The statement reads the
//! values from the blob. Rows that a blob cannot contain exactly are bound value by value.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::failure::failed;
use super::statements::{self, Write};
use super::value::{Storage, Stored, storage, stored};
use crate::backend::sql::read_model::{TableRef, joined};
use crate::read_model::port::RowChange;
use crate::read_model::{ColumnDef, ColumnKind, ReadModelError};

/// For so few rows, a blob costs more than it saves.
pub(super) const FEW: usize = 8;

/// The number of bytes after which a blob ends.
const LARGE: usize = 8 << 20;

/// The width of an integer in a header: `i64::MIN` has 20 characters.
const INTEGER: usize = 20;

/// The width of a position or a length.
const PLACE: usize = 9;

/// How the value of a column stands in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Integer,
    /// Two integers: the part before the point, and the part after it, multiplied by 2⁶².
    Real,
    /// 16 bytes.
    Id,
    /// The position and the length of a text.
    Text,
    /// The position and the length of bytes.
    Bytes,
}

impl Field {
    const fn of(column: &ColumnDef) -> Self {
        match (storage(column.kind), column.kind) {
            (Storage::Integer, _) => Self::Integer,
            (Storage::Real, _) => Self::Real,
            (_, ColumnKind::Uuid) if !column.nullable => Self::Id,
            (Storage::Text, _) => Self::Text,
            (Storage::Blob, _) => Self::Bytes,
        }
    }

    const fn width(self) -> usize {
        match self {
            Self::Integer => INTEGER,
            Self::Real => 2 * INTEGER,
            Self::Id => 16,
            Self::Text | Self::Bytes => 2 * PLACE,
        }
    }
}

/// Writes the first rows that fit into one blob. Returns how many were written: none if they must be bound value by
/// value, which is also so in a UTF-16 database.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    table: TableRef,
    rows: &[RowChange<'_>],
    write: Write,
) -> Result<usize, ReadModelError> {
    let Some(Packed { blob, header, rows }) = pack(table, rows) else { return Ok(0) };
    let sql = statements::write_packed(table, &source(table), write);
    let header = i64::try_from(header).unwrap_or(i64::MAX);
    let done = sqlx::query(AssertSqlSafe(sql)).bind(blob).bind(header).execute(conn).await;
    let done = done.map_err(|error| failed(table, "write", error))?;
    // Nothing was written in a UTF-16 database, and nothing where a trigger ignores each row: then the rows can be
    // written again.
    Ok(if done.rows_affected() == 0 { 0 } else { rows })
}

/// Rows as one blob.
struct Packed {
    blob: Vec<u8>,
    /// The number of bytes of the headers.
    header: usize,
    /// The number of rows.
    rows: usize,
}

/// Packs the first rows, up to a size. Returns `None` if there are few of them, or one has a value that a blob cannot
/// contain.
fn pack(table: TableRef, rows: &[RowChange<'_>]) -> Option<Packed> {
    let fields: Vec<_> = table.model().all_columns().map(Field::of).collect();
    let width: usize = fields.iter().map(|field| field.width()).sum();
    let count = fitting(rows, width);
    if count <= FEW {
        return None;
    }
    let header = count * width;
    let (mut blob, mut tail) = (Vec::with_capacity(header * 2), Vec::new());
    for change in &rows[..count] {
        for (index, field) in fields.iter().enumerate() {
            let value = change.row.value(index);
            add(&mut blob, &mut tail, header, *field, &stored(&value))?;
        }
    }
    blob.extend(tail);
    Some(Packed { blob, header, rows: count })
}

/// Returns how many of the first rows fit into a blob.
fn fitting(rows: &[RowChange<'_>], width: usize) -> usize {
    let mut size = 0;
    let fits = |change: &&RowChange<'_>| {
        size += width + change.row.values.iter().map(|value| stored(value).size()).sum::<usize>();
        size < LARGE
    };
    rows.iter().take_while(fits).count()
}

/// Adds a value to a header, and to the texts and bytes. Returns `None` if a blob cannot contain it.
fn add(blob: &mut Vec<u8>, tail: &mut Vec<u8>, header: usize, field: Field, value: &Stored<'_>) -> Option<()> {
    use std::io::Write as _;
    match (field, value) {
        (_, Stored::Null) if field != Field::Id => blob.resize(blob.len() + field.width(), b'n'),
        (Field::Integer, Stored::Integer(number)) => write!(blob, "{number:0INTEGER$}").ok()?,
        (Field::Real, Stored::Real(number)) => {
            let (whole, fraction) = parts(*number)?;
            write!(blob, "{whole:0INTEGER$}{fraction:0INTEGER$}").ok()?;
        }
        (Field::Id, Stored::Bytes(bytes)) if bytes.len() == 16 => blob.extend_from_slice(bytes),
        (Field::Text, Stored::Text(text)) => place(blob, tail, header, text.as_bytes())?,
        (Field::Bytes, Stored::Bytes(bytes)) => place(blob, tail, header, bytes)?,
        _ => return None,
    }
    Some(())
}

/// Adds bytes to `tail`, and their place to a header. SQLite counts from 1.
fn place(blob: &mut Vec<u8>, tail: &mut Vec<u8>, header: usize, bytes: &[u8]) -> Option<()> {
    use std::io::Write as _;
    write!(blob, "{:0PLACE$}{:0PLACE$}", header + tail.len() + 1, bytes.len()).ok()?;
    tail.extend_from_slice(bytes);
    Some(())
}

/// Splits a number into the part before the point, and the part after it, multiplied by 2⁶². Returns `None` if they are
/// not exactly the number.
fn parts(number: f64) -> Option<(i64, i64)> {
    const TWO_TO_53: f64 = (1_u64 << 53) as f64;
    const TWO_TO_62: f64 = (1_u64 << 62) as f64;
    let is_minus_zero = number == 0.0 && number.is_sign_negative();
    if number.is_nan() || number.abs() >= TWO_TO_53 || is_minus_zero {
        return None;
    }
    let whole = number.trunc();
    let fraction = (number - whole) * TWO_TO_62;
    (fraction.trunc() == fraction).then_some((whole as i64, fraction as i64))
}

/// Returns the query that reads the rows from the blob `?1`, of which the first `?2` bytes are the headers. It returns
/// no row in a UTF-16 database, which would read the texts in another way.
fn source(table: TableRef) -> String {
    let mut at = 0;
    let column = |column: &ColumnDef| {
        let (field, begin) = (Field::of(column), at);
        at += field.width();
        read(field, begin, column.nullable)
    };
    let columns = joined(table.model().all_columns().map(column).collect::<Vec<_>>().into_iter());
    format!(
        "WITH RECURSIVE header (at) AS (SELECT 1 WHERE octet_length('a') = 1 \
         UNION ALL SELECT at + {at} FROM header WHERE at + {at} < ?2) SELECT {columns} FROM header WHERE true"
    )
}

/// Returns the expression that reads the value of a column, `begin` bytes after the begin of a header.
fn read(field: Field, begin: usize, nullable: bool) -> String {
    let part = |begin: usize, width: usize| {
        let part = format!("substr(?1, at + {begin}, {width})");
        if nullable { format!("nullif({part}, X'{}')", "6e".repeat(width)) } else { part }
    };
    let number = |begin, width| format!("CAST({} AS INTEGER)", part(begin, width));
    let placed = || format!("substr(?1, {}, {})", number(begin, PLACE), number(begin + PLACE, PLACE));
    match field {
        Field::Integer => number(begin, INTEGER),
        Field::Real => {
            format!("{} + {} / 4611686018427387904.0", number(begin, INTEGER), number(begin + INTEGER, INTEGER))
        }
        Field::Id => part(begin, 16),
        Field::Text => format!("CAST({} AS TEXT)", placed()),
        Field::Bytes => placed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_number_are_exactly_the_number_or_none() {
        for number in [0.0, 1.0, -1.5, 0.1, -0.1, 1e-3, 123_456.789, 1.0 / 3.0, 9_007_199_254_740_991.0] {
            let (whole, fraction) = parts(number).unwrap();
            assert_eq!(whole as f64 + fraction as f64 / (1_u64 << 62) as f64, number);
        }
        for number in [-0.0, f64::NAN, f64::INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e-5 / 3.0] {
            assert_eq!(parts(number), None, "{number}");
        }
    }
}
