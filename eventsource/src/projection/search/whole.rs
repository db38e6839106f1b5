//! A dead letter with its event.

use std::sync::Arc;

use crate::event::RecordedEvent;
use crate::projection::DeadLetter;
use crate::store::{EventLog, StoreError};

/// A dead letter with its event.
///
/// A letter does not copy the payload and the metadata of its event: they are in the log. So an event that was erased from
/// the log is not kept by a letter. The letter keeps what an operator needs without it: the type, the id, the stream and
/// the version of the event, the error with its causes, the number of attempts, and the number of events that wait.
///
/// If the event was erased, a retry applies the events that wait behind it, and removes the letter.
///
/// ```
/// use eventsource::projection::WholeLetter;
///
/// fn payload(whole: &WholeLetter) -> &str {
///     whole.event.as_ref().map_or("(erased)", |event| event.payload())
/// }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WholeLetter {
    /// The letter.
    pub letter: DeadLetter,
    /// The event; `None` if it is not in the log any more.
    pub event: Option<Arc<RecordedEvent>>,
}

impl WholeLetter {
    /// Reads the event of `letter`.
    ///
    /// # Errors
    /// [`StoreError`] if the log cannot be read.
    ///
    /// # Examples
    /// ```
    /// use eventsource::EventLog;
    /// use eventsource::projection::{CheckpointStore, WholeLetter};
    /// use eventsource::Position;
    ///
    /// async fn show(checkpoints: &impl CheckpointStore, log: &dyn EventLog) -> Result<(), Box<dyn std::error::Error>> {
    ///     if let Some(letter) = checkpoints.dead_letter("orders", Position::new(7)).await? {
    ///         let whole = WholeLetter::read(letter, log).await?;
    ///         println!("{}: {:?}", whole.letter, whole.event);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn read(letter: DeadLetter, log: &dyn EventLog) -> Result<Self, StoreError> {
        let event = log.event(letter.event_id).await?;
        Ok(Self { letter, event })
    }
}
