//! Clones a projection, if its type can be cloned.

/// Clones a projection, if it is `Clone`. For such types, the inherent method takes precedence over the one of
/// [`PristineFallback`]:
///
/// ```
/// use eventsource::__private::{Pristine, PristineFallback as _};
/// struct NotClone;
/// assert_eq!(Pristine(&7).pristine(), Some(7)); // The inherent method.
/// assert!(Pristine(&NotClone).pristine().is_none()); // The method of the fallback.
/// ```
#[derive(Debug)]
pub struct Pristine<'a, T>(pub &'a T);

impl<T: Clone> Pristine<'_, T> {
    /// Returns the clone.
    #[must_use]
    pub fn pristine(&self) -> Option<T> {
        Some(self.0.clone())
    }
}

/// The fallback for a projection that is not `Clone`.
pub trait PristineFallback<T> {
    /// Returns `None`.
    fn pristine(&self) -> Option<T> {
        None
    }
}

impl<T> PristineFallback<T> for Pristine<'_, T> {}
