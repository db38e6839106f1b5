//! The row of the contract of read models.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::read_model::{Column, Field, InvalidField, ReadModel, Table, Value, field, id_field};

/// The row of the contract of read models, in the table `contract_rows`. A fixture creates its table.
///
/// ```
/// use eventsource::ReadModel;
/// use eventsource::testing::contract::ContractRow;
///
/// assert_eq!(ContractRow::TABLE.name, "contract_rows");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ContractRow {
    /// The id.
    pub id: Uuid,
    /// A text with an index.
    pub name: String,
    /// An integer.
    pub count: i64,
    /// A text that may be missing.
    pub note: Option<String>,
    /// A float.
    pub ratio: f64,
    /// A truth value.
    pub is_open: bool,
    /// A time.
    pub at: DateTime<Utc>,
    /// Bytes.
    pub data: Vec<u8>,
}

const ID: Field<Uuid> = id_field("id", "id");
const NAME: Field<String> = field("name", "name");
const COUNT: Field<i64> = field("count", "count");
const NOTE: Field<Option<String>> = field("note", "note");
const RATIO: Field<f64> = field("ratio", "ratio");
const IS_OPEN: Field<bool> = field("is_open", "is_open");
const AT: Field<DateTime<Utc>> = field("at", "at");
const DATA: Field<Vec<u8>> = field("data", "data");

impl ReadModel for ContractRow {
    type Id = Uuid;

    const TABLE: &'static Table = &Table::new(
        "contract_rows",
        &[
            ID.column(false),
            NAME.column(true),
            COUNT.column(false),
            NOTE.column(false),
            RATIO.column(false),
            IS_OPEN.column(false),
            AT.column(false),
            DATA.column(false),
        ],
        0,
    );

    fn to_values(&self) -> Result<Vec<Value>, InvalidField> {
        Ok(vec![
            ID.to_value(&self.id)?,
            NAME.to_value(&self.name)?,
            COUNT.to_value(&self.count)?,
            NOTE.to_value(&self.note)?,
            RATIO.to_value(&self.ratio)?,
            IS_OPEN.to_value(&self.is_open)?,
            AT.to_value(&self.at)?,
            DATA.to_value(&self.data)?,
        ])
    }

    fn from_values(values: Vec<Value>) -> Result<Self, InvalidField> {
        let mut values = values.into_iter();
        Ok(Self {
            id: ID.from_next(&mut values)?,
            name: NAME.from_next(&mut values)?,
            count: COUNT.from_next(&mut values)?,
            note: NOTE.from_next(&mut values)?,
            ratio: RATIO.from_next(&mut values)?,
            is_open: IS_OPEN.from_next(&mut values)?,
            at: AT.from_next(&mut values)?,
            data: DATA.from_next(&mut values)?,
        })
    }
}

impl ContractRow {
    pub(super) const ID: Column<Self, Uuid> = Column::new(0);
    pub(super) const NAME: Column<Self, String> = Column::new(1);
    pub(super) const COUNT: Column<Self, i64> = Column::new(2);
    pub(super) const NOTE: Column<Self, Option<String>> = Column::new(3);
    pub(super) const AT: Column<Self, DateTime<Utc>> = Column::new(6);
    pub(super) const VERSION: Column<Self, u64> = Column::new(8);
    pub(super) const UPDATED_AT: Column<Self, DateTime<Utc>> = Column::new(10);
}

pub(super) const fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A time in seconds, with microseconds.
pub(super) fn time(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 123_456_000).unwrap_or_default()
}

/// A row, without a note.
pub(in crate::testing::contract) fn row(n: u128, name: &str, count: i64) -> ContractRow {
    ContractRow {
        id: id(n),
        name: name.to_owned(),
        count,
        note: None,
        ratio: 0.5,
        is_open: true,
        at: time(count),
        data: vec![0, 255],
    }
}
