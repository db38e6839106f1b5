//! Asks at compile time what a type is.

use std::marker::PhantomData;

use crate::projection::{ConnectionPool, HoldsChanges, RawConnection};
use crate::read_model::{ReadModel, Repository};

/// Finds out at compile time what kind of parameter `T` is, also through a type alias.
///
/// The inherent constants exist for some types only. They take precedence over the constants of [`ProbeFallback`]:
///
/// ```
/// # #[cfg(feature = "macros")] {
/// # #[derive(eventsource::ReadModel)]
/// # #[read_model(table = "orders")]
/// # struct OrderRow { #[read_model(id)] id: u64 }
/// use eventsource::__private::{Probe, ProbeFallback as _, Repository};
/// assert_eq!(<Probe<Repository<OrderRow>>>::TABLE, Some("orders")); // The inherent constant.
/// assert_eq!(<Probe<String>>::TABLE, None); // The constant of the fallback.
/// # }
/// ```
#[derive(Debug)]
pub struct Probe<T>(PhantomData<T>);

impl<T: RawConnection> Probe<T> {
    /// `T` is a connection.
    pub const CONNECTION: bool = true;
}

impl<M: ReadModel> Probe<Repository<M>> {
    /// The table of the repository `T`.
    pub const TABLE: Option<&'static str> = Some(M::TABLE.name);
}

impl<T: ConnectionPool> Probe<T> {
    /// The connection that a handler must take instead of the pool `T`.
    pub const POOL_OF: Option<&'static str> = Some(T::CONNECTION);
}

impl<T: HoldsChanges> Probe<T> {
    /// `T` holds changes until the end of the batch.
    pub const CHANGES: bool = true;
}

/// The constants for all other types.
pub trait ProbeFallback {
    /// The type is not a connection.
    const CONNECTION: bool = false;
    /// The type holds no changes.
    const CHANGES: bool = false;
    /// The type is not a pool.
    const POOL_OF: Option<&'static str> = None;
    /// The type is not a repository.
    const TABLE: Option<&'static str> = None;
}

impl<T> ProbeFallback for Probe<T> {}
