//! The future of a read.

use std::future::Future;
use std::pin::Pin;

use crate::read_model::ReadModelError;

/// The future that `get` and other functions of a repository return: await it. Its output is a
/// `Result<T, ReadModelError>`.
///
/// # Examples
/// ```
/// # #[cfg(feature = "macros")] {
/// # use eventsource::read_model::{Query, ReadModel, ReadModelError, ReadRepository};
/// # #[derive(ReadModel)]
/// # struct OrderRow { #[read_model(id)] id: u64, status: String, total: i64 }
/// # async fn example(orders: &ReadRepository<OrderRow>) -> Result<(), ReadModelError> {
/// use eventsource::read_model::ReadFuture;
///
/// let found: ReadFuture<'_, Option<OrderRow>> = orders.get(7_u64);
/// # let _ = (found.await?, Query::<OrderRow>::all());
/// # Ok(())
/// # }
/// # }
/// ```
pub type ReadFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ReadModelError>> + Send + 'a>>;
