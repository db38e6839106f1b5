//! The read side: projections that follow the log.

pub mod mailer;
pub mod orders;

use std::sync::Arc;

use eventsource::prelude::*;
use eventsource::subscription::SubscribeError;

use mailer::Mailer;
use orders::OrderRows;

/// Subscribes all projections of the service. Returns the name of the subscription that writes the rows.
pub async fn subscribe<C>(manager: &SubscriptionManager<C>, mailer: Mailer) -> Result<Arc<str>, SubscribeError>
where
    C: CheckpointStore,
    OrderRows: EventSubscriber<C::Unit>,
    Mailer: EventSubscriber<C::Unit>,
{
    // Readiness is that of the rows: a mailer that is behind is no reason to take the service out of the balancer.
    let config = SubscriptionConfig::from_beginning().gates_readiness();
    let orders = manager.subscribe(OrderRows, config).await?;
    // A mailer that is added to an old log sends no mail for old orders.
    manager.subscribe(mailer, SubscriptionConfig::from_end()).await?;
    Ok(orders.name().into())
}
