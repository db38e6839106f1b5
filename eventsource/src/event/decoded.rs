//! The decoded payload of an event that several subscriptions read. The first reader decodes it, and the others share
//! it.
//!
//! The feed of a shared log marks its events as shared, and ends the sharing when all readers are done. Then the
//! payload is dropped. A store can keep its events without a limit of time, and must not keep their decoded payloads with them.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The place for the decoded payload of an event, used while the event is shared.
#[derive(Default)]
pub(crate) struct Decoded {
    /// Changed only while `payload` is locked.
    is_shared: AtomicBool,
    payload: Mutex<Option<Payload>>,
}

type Payload = Arc<dyn Any + Send + Sync>;

impl Decoded {
    fn payload(&self) -> MutexGuard<'_, Option<Payload>> {
        // A poisoned lock is fine: decoding can panic, but only before the value changes.
        self.payload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts to share the event between several readers.
    pub(crate) fn share(&self) {
        let _payload = self.payload();
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Ends the sharing and drops the payload. Readers that hold the payload keep it.
    pub(crate) fn end_sharing(&self) {
        let mut payload = self.payload();
        self.is_shared.store(false, Ordering::Relaxed);
        *payload = None;
    }

    /// Returns whether the event is shared. Without the lock, so the answer can be outdated.
    #[inline]
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// Returns the shared payload as an `E`. The first call decodes it, and other callers wait meanwhile.
    ///
    /// Returns `None` if the event is not shared, or if its payload was decoded as another type. The caller then
    /// decodes it alone.
    pub(super) fn get_or_decode<E: Send + Sync + 'static, T>(
        &self,
        decode: impl FnOnce() -> Result<E, T>,
    ) -> Option<Result<Arc<E>, T>> {
        let mut payload = self.payload();
        if !self.is_shared.load(Ordering::Relaxed) {
            return None;
        }
        match &*payload {
            Some(kept) => match Arc::clone(kept).downcast() {
                Ok(kept) => Some(Ok(kept)),
                Err(_) => None,
            },
            None => Some(decode().map(|decoded| {
                let decoded = Arc::new(decoded);
                *payload = Some(Arc::clone(&decoded) as Payload);
                decoded
            })),
        }
    }
}

/// A clone is not shared.
impl Clone for Decoded {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Two events are equal if their stored parts are.
impl PartialEq for Decoded {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Decoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoded").field("is_shared", &self.is_shared).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn ask<E: Send + Sync + 'static>(decoded: &Decoded, fresh: E) -> Option<Arc<E>> {
        decoded.get_or_decode(|| Ok::<_, Infallible>(fresh)).map(|Ok(payload)| payload)
    }

    #[test]
    fn shared_payload_is_decoded_once_and_dropped_at_the_end() {
        let decoded = Decoded::default();
        assert_eq!(ask(&decoded, 1), None, "it is not shared yet");
        decoded.share();
        assert_eq!(ask(&decoded, 2).as_deref(), Some(&2));
        let kept = ask(&decoded, 3).unwrap();
        assert_eq!(*kept, 2, "the first one is kept");
        assert_eq!(ask(&decoded, "another type"), None);
        decoded.end_sharing();
        assert_eq!(Arc::strong_count(&kept), 1, "the payload is dropped");
        assert_eq!(ask(&decoded, 4), None);
    }

    #[test]
    fn failed_decoding_is_tried_again() {
        let decoded = Decoded::default();
        decoded.share();
        assert_eq!(decoded.get_or_decode(|| Err::<u64, _>("broken")), Some(Err("broken")));
        assert_eq!(ask(&decoded, 5).as_deref(), Some(&5));
    }
}
