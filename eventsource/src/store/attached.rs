//! What a module above keeps beside a store, without the store knowing of it.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Something that a module above attaches to a store, made when it is first asked for.
#[derive(Clone, Default)]
pub(crate) struct Attached(Arc<OnceLock<Arc<dyn Any + Send + Sync>>>);

impl Attached {
    /// What is attached. One store has one such thing: of another type it is a fresh one.
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
