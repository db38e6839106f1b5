//! What operators ask of subscriptions, and what managers report about them.

mod pause;
mod port;
mod report;
mod request;
mod request_query;
mod stored_request;

pub use pause::Pause;
pub use port::Operations;
pub use report::{StoredReport, SubscriptionReport};
pub use request::NewRequest;
pub use request_query::RequestQuery;
pub use stored_request::{Answer, RequestState, StoredRequest};
