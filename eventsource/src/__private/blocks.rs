//! Traits that only a macro implements, once for each type. If two blocks implement one, the error shows the name of
//! the trait.

/// A type has one `impl` block with `#[projection]`.
#[doc(hidden)]
pub trait OneProjectionBlockPerType {
    /// Checks that the type is [`ThreadSafe`](super::ThreadSafe). The other implementations assume it, so that a failed
    /// check is one error.
    const ASKS: () = ();
}

/// A type has one `impl` block with `#[aggregate]`.
#[doc(hidden)]
pub trait OneAggregateBlockPerType {
    /// Checks that the type is an [`AggregateState`](super::AggregateState). `Aggregate` assumes it.
    const ASKS: () = ();
}
