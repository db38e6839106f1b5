//! The limits: plain loops on the raw driver that do the same reads and writes with the same durability, and nothing
//! else. They know nothing of the library but the layout of its tables, and stay as they are.

pub mod append_postgres;
pub mod append_sqlite;
pub mod live;
pub mod page;
pub mod read_postgres;
pub mod read_sqlite;
pub mod rows_postgres;
pub mod rows_sqlite;
pub mod whole;
