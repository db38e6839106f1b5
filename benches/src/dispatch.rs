//! Dispatch alone: batches of events of 8 and of 40 types, through the library and through a match by hand.
//!
//! The events of [`free`] decode at no cost, so that what is left is the way to the handler; those of [`decoded`] are
//! JSON, which both sides decode.

use std::sync::Arc;

use chrono::DateTime;
use eventsource::EventDescriptor;
use eventsource::prelude::*;
use uuid::Uuid;

/// Calls a macro with the first eight types, each with the name of its handler.
macro_rules! eight {
    ($take:ident $($more:tt)*) => {
        $take! { $($more)*
            CustomerRegistered customer_registered, CustomerRenamed customer_renamed,
            AddressChanged address_changed, BasketOrdered basket_ordered, BasketShipped basket_shipped,
            BasketCancelled basket_cancelled, PaymentReceived payment_received, PaymentFailed payment_failed,
        }
    };
}

/// The same with all forty.
macro_rules! forty {
    ($take:ident $($more:tt)*) => {
        $take! { $($more)*
            CustomerRegistered customer_registered, CustomerRenamed customer_renamed,
            AddressChanged address_changed, BasketOrdered basket_ordered, BasketShipped basket_shipped,
            BasketCancelled basket_cancelled, PaymentReceived payment_received, PaymentFailed payment_failed,
            InvoiceIssued invoice_issued, InvoicePaid invoice_paid, InvoiceOverdue invoice_overdue,
            RefundRequested refund_requested, RefundApproved refund_approved, RefundRejected refund_rejected,
            RefundPaid refund_paid, ItemAdded item_added, ItemRemoved item_removed, ItemRepriced item_repriced,
            StockReceived stock_received, StockReserved stock_reserved, StockReleased stock_released,
            StockCounted stock_counted, ParcelPacked parcel_packed, ParcelDispatched parcel_dispatched,
            ParcelDelivered parcel_delivered, ParcelReturned parcel_returned, ParcelLost parcel_lost,
            CouponCreated coupon_created, CouponRedeemed coupon_redeemed, CouponExpired coupon_expired,
            ReviewWritten review_written, ReviewPublished review_published, ReviewRemoved review_removed,
            CartOpened cart_opened, CartAbandoned cart_abandoned, CartCheckedOut cart_checked_out,
            SupplierAdded supplier_added, SupplierBlocked supplier_blocked, PriceListPublished price_list_published,
            WarehouseOpened warehouse_opened,
        }
    };
}

macro_rules! names {
    ($($event:ident $method:ident,)*) => {
        const NAMES: [&str; 40] = [$(stringify!($event)),*];
    };
}

forty!(names);

/// `events` events of the first `types` of the types, in a random order that is the same each time.
#[must_use]
pub fn batch(types: usize, events: usize) -> Vec<Arc<RecordedEvent>> {
    let mut random = fastrand::Rng::with_seed(types as u64);
    let stream = StreamId::new("Shop", Uuid::from_u128(1));
    let mut record = |n: u64| {
        let new = NewEvent::raw(NAMES[random.usize(..types)], 1, format!(r#"{{"number":{n}}}"#));
        Arc::new(new.record(stream.clone(), n, Position::new(n), DateTime::UNIX_EPOCH))
    };
    (1..=events as u64).map(&mut record).collect()
}

/// Hands a batch to a projection.
pub async fn dispatch<U: UnitOfWork, P: EventSubscriber<U>>(
    projection: &mut P,
    batch: &[Arc<RecordedEvent>],
    unit: &mut U,
) {
    for event in batch {
        projection.handle(event, unit).await.unwrap();
    }
}

/// What does the same by hand.
pub trait ByHand {
    /// Handles a batch: the handler is called with the typed view, as the library calls it.
    fn by_hand(&mut self, batch: &[Arc<RecordedEvent>]);
    /// Handles a batch: of the event nothing is at hand but the payload.
    fn by_payload(&mut self, batch: &[Arc<RecordedEvent>]);
    /// How many events it has handled.
    fn events(&self) -> u64;
}

/// A projection of these types, and the same by a match.
macro_rules! projection {
    ($name:ident $title:literal; $($event:ident $method:ident,)*) => {
        /// How many events there were, and the sum of their numbers.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            /// How many.
            pub events: u64,
            /// The sum.
            pub sum: u64,
        }

        #[projection(name = $title)]
        impl $name {
            $(
                #[handles($event)]
                fn $method(&mut self, event: &$event) {
                    self.events += 1;
                    self.sum += event.number;
                }
            )*
        }

        impl ByHand for $name {
            fn by_hand(&mut self, batch: &[Arc<RecordedEvent>]) {
                for event in batch {
                    match event.event_type() {
                        $(stringify!($event) => self.$method(&Event::decode(event).unwrap()),)*
                        _ => {}
                    }
                }
            }

            fn by_payload(&mut self, batch: &[Arc<RecordedEvent>]) {
                for event in batch {
                    match event.event_type() {
                        $(stringify!($event) => self.$method(&$event::decode(event.payload()).unwrap()),)*
                        _ => {}
                    }
                }
            }

            fn events(&self) -> u64 {
                self.events
            }
        }
    };
}

/// Events that decode at no cost.
pub mod free {
    use super::*;

    macro_rules! events {
        ($($event:ident $method:ident,)*) => {
            $(
                /// An event.
                #[derive(Debug)]
                pub struct $event {
                    /// Always 1.
                    pub number: u64,
                }

                impl DomainEvent for $event {
                    const NAME: &'static str = stringify!($event);
                    const VERSION: u32 = 1;
                    const AGGREGATE: &'static str = "Shop";
                    const DESCRIPTOR: EventDescriptor = EventDescriptor::of::<Self>(
                        concat!(module_path!(), "::", stringify!($event)),
                        (file!(), line!()),
                        (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
                    );

                    fn encode(&self) -> Result<String, eventsource::Unstorable> {
                        Ok(serde_json::to_string(&self.number)?)
                    }

                    // As the derive's.
                    #[inline(never)]
                    fn decode(_: &str) -> Result<Self, serde_json::Error> {
                        Ok(Self { number: 1 })
                    }
                }
            )*
        };
    }

    forty!(events);
    eight!(projection Eight "free-eight";);
    forty!(projection Forty "free-forty";);
}

/// Events that are JSON.
pub mod decoded {
    use eventsource::engine::{MemoryProjectionStates, Owned, ProjectionEngine};
    use serde::{Deserialize, Serialize};

    use super::*;

    macro_rules! events {
        ($($event:ident $method:ident,)*) => {
            $(
                /// An event.
                #[derive(Debug, Serialize, Deserialize, DomainEvent)]
                #[event(aggregate = "Shop")]
                pub struct $event {
                    /// A number.
                    pub number: u64,
                }
            )*
        };
    }

    forty!(events);
    eight!(projection Eight "decoded-eight";);
    forty!(projection Forty "decoded-forty";);

    macro_rules! engine {
        ($($event:ident $method:ident,)*) => {
            /// The same as [`Eight`], assembled at run time.
            #[must_use]
            pub fn engine() -> ProjectionEngine<Owned<Eight>> {
                let engine = ProjectionEngine::new("engine-eight", MemoryProjectionStates::new());
                engine.with_state(Eight::default())$(.update::<$event>(|state, event| state.$method(event)))*
            }
        };
    }

    eight!(engine);
}
