//! The decoded payload of an event that several read: decoded by the first, and kept for the others.

use std::any::Any;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where the payload of an event is kept once it is decoded, as long as the event is shared. Whoever shares an event ends
/// that as well: a store may keep its events for ever, and what is decoded of them is not to be kept with them.
#[derive(Default)]
pub(crate) struct Decoded {
    /// Changed under the lock alone.
    is_shared: AtomicBool,
    payload: Mutex<Option<Payload>>,
}

type Payload = Arc<dyn Any + Send + Sync>;

impl Decoded {
    fn payload(&self) -> MutexGuard<'_, Option<Payload>> {
        // It is whole at any time: a panic of whoever decodes comes before anything is changed.
        self.payload.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on several read the event.
    pub(crate) fn share(&self) {
        let _payload = self.payload();
        self.is_shared.store(true, Ordering::Relaxed);
    }

    /// Nobody else is going to read the event: what was kept goes with whoever holds it.
    pub(crate) fn end_sharing(&self) {
        let mut payload = self.payload();
        self.is_shared.store(false, Ordering::Relaxed);
        *payload = None;
    }

    /// Whether several read the event, as far as can be told without the lock.
    #[inline]
    pub(super) fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// What is kept as an `E`, or what `decode` makes, which is kept then; `None` where the event is not shared. Who asks
    /// meanwhile waits. Where it was another type that was decoded first, each `E` is decoded for whoever asks.
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

/// A copy is not shared.
impl Clone for Decoded {
    fn clone(&self) -> Self {
        Self::default()
    }
}

/// Events are equal by what is stored.
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
        assert_eq!(ask(&decoded, 1), None, "nobody shares it");
        decoded.share();
        assert_eq!(ask(&decoded, 2).as_deref(), Some(&2));
        let kept = ask(&decoded, 3).unwrap();
        assert_eq!(*kept, 2, "the first one is kept");
        assert_eq!(ask(&decoded, "another type"), None);
        decoded.end_sharing();
        assert_eq!(Arc::strong_count(&kept), 1, "nothing is kept any more");
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
