//! Stores and loads the state of a durable memory projection, for generated code.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ThreadSafe;
use crate::event::{Unstorable, json};
use crate::projection::HandlerError;

/// The bounds of a state that can be stored and loaded, as one trait.
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` cannot be stored",
    label = "`snapshot` stores it as JSON, by serde",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`",
    note = "give each type parameter the bounds `T: Serialize + DeserializeOwned + Send + Sync + 'static`"
)]
pub trait Storable<By = ()>: Serialize + DeserializeOwned + ThreadSafe {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + ThreadSafe, By> Storable<By> for T {}

/// Stores and loads the state of a `T`. Only a type with serde's traits has one: see [`state`].
pub struct StateCodec<T> {
    store: fn(&T) -> Result<Vec<u8>, Unstorable>,
    load: fn(&[u8]) -> Result<T, serde_json::Error>,
}

/// Returns the codec of `T`.
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
    /// A permanent error if a value would not be read back equal.
    pub fn store(&self, projection: &T) -> Result<Vec<u8>, HandlerError> {
        (self.store)(projection).map_err(HandlerError::permanent)
    }

    /// Decodes the state from `json`.
    ///
    /// # Errors
    /// A permanent error with the error of serde.
    pub fn load(&self, json: &[u8]) -> Result<T, HandlerError> {
        (self.load)(json).map_err(HandlerError::permanent)
    }
}

impl<T> fmt::Debug for StateCodec<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateCodec")
    }
}

/// A projection whose state is stored. Only this trait checks that the state can be stored.
#[doc(hidden)]
pub trait StoredState: Sized {
    /// The codec of the state.
    const STATE: StateCodec<Self>;
}
