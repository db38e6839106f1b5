//! Traits that only a macro implements, once a type: where two blocks do, the compiler says their names.

/// `#[projection]` stands on one impl block of a type.
#[doc(hidden)]
pub trait OneProjectionBlockPerType {}

/// `#[aggregate]` stands on one impl block of a type.
#[doc(hidden)]
pub trait OneAggregateBlockPerType {}
