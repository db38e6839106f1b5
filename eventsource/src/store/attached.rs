//! A value that another module attaches to a store. The store does not know its type.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// A value that another module attaches to a store. The first access creates it.
#[derive(Clone, Default)]
pub(crate) struct Attached(Arc<OnceLock<Arc<dyn Any + Send + Sync>>>);

impl Attached {
    /// Returns the attached value. A store has one: for another type, a new value that is not attached is returned.
    pub(crate) fn get<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let attached = Arc::clone(self.0.get_or_init(|| Arc::new(T::default())));
        attached.downcast().unwrap_or_default()
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}
