//! What the library reaches of what the raw driver reaches: works on orders, each next to a limit.

pub mod dispatch;
pub mod domain;
pub mod limits;
pub mod machine;
pub mod measure;
pub mod places;
pub mod rows;
pub mod settings;
pub mod table;
pub mod totals;
pub mod works;
