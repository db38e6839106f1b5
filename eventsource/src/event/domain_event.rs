//! The trait of events.

use serde::{Serialize, de::DeserializeOwned};

use super::descriptor::{AnyPayload, Place};
use super::{EventDescriptor, OldVersion, Unstorable};

/// A type that serde can write and read. `#[derive(DomainEvent)]` requires it. You never implement it: every type with
/// `Serialize` and `DeserializeOwned` has it.
///
/// ```
/// use eventsource::event::EventData;
///
/// fn can_be_stored<E: EventData>() {}
/// can_be_stored::<Vec<u64>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: it does not implement the traits of serde",
    label = "cannot be written and read",
    note = "derive `Serialize` and `Deserialize` for `{Self}`, next to `DomainEvent`"
)]
pub trait EventData: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> EventData for E {}

/// An event: a fact of the domain, as a plain struct with `#[derive(DomainEvent)]`.
///
/// The derive implements this trait with serde, and registers the event in the [`Registry`](crate::Registry).
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
    /// The stored name of the event type. It is part of the stored data, so it must never change.
    const NAME: &'static str;
    /// The schema version of new events of this type, from 1.
    const VERSION: u32;
    /// The type of the aggregate that emits this event.
    const AGGREGATE: &'static str;
    /// Former stored names. Events with one of these names are read as this type.
    const ALIASES: &'static [&'static str] = &[];
    /// The older schema versions that [`upcast`](DomainEvent::upcast) can read.
    const OLD_VERSIONS: &'static [OldVersion] = &[];
    /// The description of this event in the [`Registry`](crate::Registry).
    const DESCRIPTOR: EventDescriptor;

    /// Returns the event as JSON, for the store.
    ///
    /// If you implement the trait by hand, write `Ok(serde_json::to_string(self)?)`.
    /// [`NewEvent::of`](super::NewEvent::of) then checks the text.
    ///
    /// # Errors
    /// [`Unstorable`] if the event cannot be written as JSON, or would not be read back equal. Its path begins with
    /// `payload`.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// assert_eq!(OrderPlaced { total: 150 }.encode()?, r#"{"total":150}"#);
    /// # }
    /// # Ok::<(), eventsource::Unstorable>(())
    /// ```
    fn encode(&self) -> Result<String, Unstorable>;

    /// Decodes an event from `payload`, which is JSON of the current schema version.
    ///
    /// # Errors
    /// The error of serde if the payload does not match the type.
    ///
    /// # Examples
    /// ```
    /// # #[cfg(feature = "macros")] {
    /// # use eventsource::DomainEvent;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(Serialize, Deserialize, DomainEvent)]
    /// # #[event(aggregate = "Order")]
    /// # struct OrderPlaced { total: u64 }
    /// assert_eq!(OrderPlaced::decode(r#"{"total":150}"#)?.total, 150);
    /// # }
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn decode(payload: &str) -> Result<Self, serde_json::Error>;

    /// Decodes an event that was stored with the older schema `version`, and converts it to the current one.
    ///
    /// Returns `None` if this type cannot read that version. The default reads no older version; the derive implements
    /// it for the types in `from(…)`.
    ///
    /// # Errors
    /// The error of serde if the payload does not match the type of the older version.
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

impl EventDescriptor {
    /// Describes the event `E`, whose Rust type is written `rust_type` and declared at `file:line` of `package`.
    ///
    /// The derive calls this. The shape of the event is not known.
    ///
    /// # Examples
    /// ```
    /// # use serde::{Deserialize, Serialize};
    /// use eventsource::DomainEvent;
    /// use eventsource::event::{EventDescriptor, Unstorable};
    ///
    /// #[derive(Serialize, Deserialize)]
    /// struct OrderPlaced {}
    ///
    /// // By hand, without the derive.
    /// impl DomainEvent for OrderPlaced {
    ///     const NAME: &'static str = "OrderPlaced";
    ///     const VERSION: u32 = 1;
    ///     const AGGREGATE: &'static str = "Order";
    ///     const DESCRIPTOR: EventDescriptor =
    ///         EventDescriptor::of::<Self>("OrderPlaced", (file!(), line!()), ("orders", "1.0.0"));
    ///
    ///     fn encode(&self) -> Result<String, Unstorable> { Ok(serde_json::to_string(self)?) }
    ///
    ///     fn decode(payload: &str) -> Result<Self, serde_json::Error> { serde_json::from_str(payload) }
    /// }
    ///
    /// assert_eq!(OrderPlaced::DESCRIPTOR.name(), "OrderPlaced");
    /// ```
    #[must_use]
    pub const fn of<E: DomainEvent>(
        rust_type: &'static str,
        (file, line): (&'static str, u32),
        (package, package_version): (&'static str, &'static str),
    ) -> Self {
        Self {
            name: E::NAME,
            version: E::VERSION,
            aggregate: E::AGGREGATE,
            aliases: E::ALIASES,
            old_versions: E::OLD_VERSIONS,
            rust_type,
            place: Place { file, line, package, package_version },
            is_checked: false,
            decode: decode_any::<E>,
            encode: encode_any::<E>,
            #[cfg(feature = "testing")]
            shape: super::Shape::unknown,
        }
    }
}

fn decode_any<E: DomainEvent>(version: u32, payload: &str) -> Option<Result<AnyPayload, serde_json::Error>> {
    let event = if version == E::VERSION { E::decode(payload) } else { E::upcast(version, payload)? };
    Some(event.map(|event| Box::new(event) as AnyPayload))
}

fn encode_any<E: DomainEvent>(event: &AnyPayload) -> Option<Result<String, Unstorable>> {
    Some(event.downcast_ref::<E>()?.encode())
}
