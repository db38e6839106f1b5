//! The trait of events.

use serde::{Serialize, de::DeserializeOwned};

use super::{EventDescriptor, OldVersion, Unstorable};

/// What serde can write and read: what an event's derive asks for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: serde does not know it",
    label = "cannot be written and read",
    note = "derive `Serialize` and `Deserialize` for `{Self}`, beside `DomainEvent`"
)]
pub trait EventData: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> EventData for E {}

/// A fact of the domain: a plain struct with `#[derive(DomainEvent)]`.
///
/// The derive implements this trait by serde, and registers the event in the [`Registry`](super::Registry).
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use eventsource::DomainEvent;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, DomainEvent)]
/// #[event(aggregate = "Order")]
/// struct OrderPlaced { total: u64 }
///
/// assert_eq!(OrderPlaced::NAME, "OrderPlaced");
/// assert_eq!(OrderPlaced::VERSION, 1);
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event",
    label = "not an event",
    note = "add `#[derive(DomainEvent)]` and `#[event(aggregate = \"…\")]` to `{Self}`"
)]
pub trait DomainEvent: Sized + Send + Sync + 'static {
    /// The name under which events of this type are stored. It is part of the stored data: it never changes.
    const NAME: &'static str;
    /// The schema version with which events of this type are stored, from 1.
    const VERSION: u32;
    /// The type of the aggregate that emits this event.
    const AGGREGATE: &'static str;
    /// The names under which events of this type were stored before: they are read as this type too.
    const ALIASES: &'static [&'static str] = &[];
    /// The older schema versions that [`upcast`](DomainEvent::upcast) reads.
    const OLD_VERSIONS: &'static [OldVersion] = &[];
    /// How the catalogue knows this event.
    const DESCRIPTOR: EventDescriptor;

    /// Returns the event as JSON, as it is stored. The path of a value that is refused begins with `payload`.
    ///
    /// # Errors
    /// [`Unstorable`] where the event cannot be written, or would not be read back equal. By hand, write
    /// `Ok(serde_json::to_string(self)?)`: [`NewEvent::of`](super::NewEvent::of) then checks the text.
    fn encode(&self) -> Result<String, Unstorable>;

    /// The event in `payload`, which is JSON.
    ///
    /// # Errors
    /// What serde says where the payload does not fit the type.
    fn decode(payload: &str) -> Result<Self, serde_json::Error>;

    /// The event in `payload`, which was stored with the older schema `version` and is converted; `None` where that version
    /// cannot be read.
    ///
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// use eventsource::DomainEvent;
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Deserialize)]
    /// struct OrderPlacedV1 { total: u64 }
    ///
    /// #[derive(Serialize, Deserialize, DomainEvent)]
    /// #[event(aggregate = "Order", version = 2, from(OrderPlacedV1))]
    /// struct OrderPlaced { cents: u64 }
    ///
    /// impl From<OrderPlacedV1> for OrderPlaced {
    ///     fn from(old: OrderPlacedV1) -> Self { Self { cents: old.total * 100 } }
    /// }
    ///
    /// let event = OrderPlaced::upcast(1, r#"{"total":3}"#).unwrap()?;
    /// assert_eq!(event.cents, 300);
    /// # }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn upcast(version: u32, payload: &str) -> Option<Result<Self, serde_json::Error>> {
        let _ = (version, payload);
        None
    }
}
