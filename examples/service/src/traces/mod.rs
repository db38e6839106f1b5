//! Log lines, and traces by the feature `traces`.
//!
//! Both files have the same functions: one of them is compiled.

#[cfg(not(feature = "traces"))]
mod none;
#[cfg(feature = "traces")]
mod otlp;

#[cfg(not(feature = "traces"))]
pub use none::{adopt, install, of_manager, of_store};
#[cfg(feature = "traces")]
pub use otlp::{adopt, install, of_manager, of_store};
