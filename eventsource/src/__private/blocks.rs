//! Traits that only a macro implements, once a type: where two blocks do, the compiler says their names.

/// `#[projection]` stands on one impl block of a type.
#[doc(hidden)]
pub trait OneProjectionBlockPerType {
    /// Asks whether the type is [`ThreadSafe`](super::ThreadSafe). The other implementations take it for granted, so that a
    /// "no" is one error.
    const ASKS: () = ();
}

/// `#[aggregate]` stands on one impl block of a type.
#[doc(hidden)]
pub trait OneAggregateBlockPerType {
    /// Asks whether the type is an [`AggregateState`](super::AggregateState), which `Aggregate` takes for granted.
    const ASKS: () = ();
}
