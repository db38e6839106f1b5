//! The state of a projection for operators, for generated code.

use std::fmt::Debug;

use serde::Serialize;

use crate::projection::Inspected;

/// Shows a state as JSON if it is `Serialize`, else as text if it is `Debug`.
///
/// The inherent method exists only for types that are `Serialize`, and takes precedence over the method of
/// [`InspectAsText`]; that one takes precedence over the method of [`InspectFallback`], which needs one more reference:
///
/// ```
/// use eventsource::__private::{Inspect, InspectAsText as _, InspectFallback as _};
/// use eventsource::projection::Inspected;
///
/// #[derive(Debug)]
/// struct Text;
/// struct Hidden;
/// assert_eq!((&Inspect(&7)).inspect(), Some(Inspected::Json(7.into()))); // The inherent method.
/// assert_eq!((&Inspect(&Text)).inspect(), Some(Inspected::Text("Text".into()))); // The one of `Debug`.
/// assert!((&Inspect(&Hidden)).inspect().is_none()); // The method of the fallback.
/// ```
#[derive(Debug)]
pub struct Inspect<'a, T>(pub &'a T);

impl<T: Serialize> Inspect<'_, T> {
    /// Returns the state as JSON; `None` if it cannot be JSON, such as a map whose keys are no texts.
    #[must_use]
    pub fn inspect(&self) -> Option<Inspected> {
        serde_json::to_value(self.0).ok().map(Inspected::Json)
    }
}

/// A state that is `Debug`, and not `Serialize`.
pub trait InspectAsText {
    /// Returns the state as text.
    fn inspect(&self) -> Option<Inspected>;
}

impl<T: Debug> InspectAsText for Inspect<'_, T> {
    fn inspect(&self) -> Option<Inspected> {
        Some(Inspected::Text(format!("{:#?}", self.0)))
    }
}

/// The fallback for a state that is neither.
pub trait InspectFallback {
    /// Returns `None`.
    fn inspect(&self) -> Option<Inspected> {
        None
    }
}

impl<T> InspectFallback for &Inspect<'_, T> {}

/// Generates `Subscriber::inspect`.
#[doc(hidden)]
#[macro_export]
macro_rules! __inspect {
    () => {
        fn inspect(&self) -> ::core::option::Option<$crate::projection::Inspected> {
            use $crate::__private::{InspectAsText as _, InspectFallback as _};
            (&$crate::__private::Inspect(self)).inspect()
        }
    };
}
