//! How generated code stores the state of a durable memory projection, and reads it back.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ThreadSafe;
use crate::event::{Unstorable, json};
use crate::projection::HandlerError;

/// What can be stored as the state of a projection and read back, as one bound.
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` cannot be stored",
    label = "`snapshot` stores it as JSON, by serde",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "give each type parameter the bounds `T: Serialize + DeserializeOwned + Send + Sync + 'static`"
)]
pub trait Storable<By = ()>: Serialize + DeserializeOwned + ThreadSafe {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + ThreadSafe, By> Storable<By> for T {}

/// How the state of a `T` is stored and read back. A type that serde does not know has no such thing: see [`state`].
pub struct StateCodec<T> {
    store: fn(&T) -> Result<Vec<u8>, Unstorable>,
    load: fn(&[u8]) -> Result<T, serde_json::Error>,
}

/// How the state of a `T` is stored and read back.
#[must_use]
pub const fn state<T: Storable<By>, By: Copy>(_: By) -> StateCodec<T> {
    StateCodec { store: to_json::<T, By>, load: from_json::<T, By> }
}

fn to_json<T: Storable<By>, By>(projection: &T) -> Result<Vec<u8>, Unstorable> {
    json::encode("state", projection).map(String::into_bytes)
}

fn from_json<T: Storable<By>, By>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json)
}

impl<T> StateCodec<T> {
    /// Returns the state as JSON.
    ///
    /// # Errors
    /// Which value would not be read back equal.
    pub fn store(&self, projection: &T) -> Result<Vec<u8>, HandlerError> {
        (self.store)(projection).map_err(HandlerError::permanent)
    }

    /// The projection with the state `json`.
    ///
    /// # Errors
    /// What serde says.
    pub fn load(&self, json: &[u8]) -> Result<T, HandlerError> {
        (self.load)(json).map_err(HandlerError::permanent)
    }
}

impl<T> fmt::Debug for StateCodec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateCodec")
    }
}

/// A projection whose state is stored: the only place that asks whether it can be.
#[doc(hidden)]
pub trait StoredState: Sized {
    /// How.
    const STATE: StateCodec<Self>;
}
