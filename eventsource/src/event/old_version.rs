//! An older version of an event, which is read as the event.

use serde::de::DeserializeOwned;

/// An older schema version of an event, which is read as the event: what the catalogue knows of it.
#[derive(Debug, Clone, Copy)]
pub struct OldVersion {
    version: u32,
    #[cfg(feature = "testing")]
    shape: fn() -> super::Shape,
}

impl OldVersion {
    /// The version `version`, of which stored events are a `T`. The derive calls this.
    #[must_use]
    pub const fn of<T: DeserializeOwned>(version: u32) -> Self {
        Self {
            version,
            #[cfg(feature = "testing")]
            shape: super::Shape::of::<T>,
        }
    }

    /// The same as another version.
    pub(crate) const fn numbered(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// The schema version.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    #[cfg(feature = "testing")]
    pub(super) const fn shape_fn(&self) -> fn() -> super::Shape {
        self.shape
    }

    /// The shape in which events of this version are stored (feature `testing`).
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn shape(&self) -> super::Shape {
        (self.shape)()
    }
}
