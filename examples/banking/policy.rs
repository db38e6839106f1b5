//! The policy that carries transfers out: it reads what happened and gives the next command.
//!
//! ```text
//! TransferRequested -> sender    -> MoneySent | SendingDeclined
//! SendingDeclined   -> transfer  -> TransferRefused
//! MoneySent         -> receiver  -> MoneyReceived | ReceivingDeclined
//! MoneyReceived     -> transfer  -> TransferCompleted
//! ReceivingDeclined -> sender    -> MoneyReturned
//! MoneyReturned     -> transfer  -> TransferRefunded
//! ```
//!
//! It keeps no state. The log says how far each transfer is, and each command has an id that is derived from the transfer
//! and the step. After a crash the policy sees the events since its checkpoint again and repeats their commands. The
//! repeated ones change nothing. An account stores its answer, also a negative one, so that a repeated step
//! never decides otherwise: a sender that had no money cannot pay a transfer that is refused already.

use std::convert::Infallible;

use eventsource::aggregate::{AggregateError, ExecuteError, Executed};
use eventsource::prelude::*;
use eventsource::store::{AppendError, StoreError};
use eventsource::subscription::FailurePolicy;

use crate::account::{Account, MoneyReceived, MoneyReturned, MoneySent, ReceivingDeclined, SendingDeclined};
use crate::bank::{Bank, Step};
use crate::transfer::{Transfer, TransferRequested};

pub struct TransferPolicy {
    bank: Bank,
}

impl TransferPolicy {
    pub fn new(bank: Bank) -> Self {
        Self { bank }
    }

    /// An event that fails stops the policy, and a restart goes on with it. As a dead letter it would leave a transfer
    /// half done until an operator retries it.
    pub fn config(config: SubscriptionConfig) -> SubscriptionConfig {
        config.on_failure(FailurePolicy::Stop)
    }
}

#[projection(effects, name = "transfer-policy")]
impl TransferPolicy {
    #[handles(TransferRequested)]
    async fn requested(&self, event: &Event<TransferRequested>) -> Result<(), HandlerError> {
        let transfer = event.aggregate_id();
        let send = |sender: &_| either(Account::send(sender, transfer, event.to, event.cents));
        done(self.bank.account_step(transfer, Step::Send, event.from, send).await)
    }

    #[handles(SendingDeclined)]
    async fn sending_declined(&self, event: &SendingDeclined) -> Result<(), HandlerError> {
        done(self.bank.end_step(event.transfer, |transfer| transfer.refuse(event.reason)).await)
    }

    #[handles(MoneySent)]
    async fn sent(&self, event: &Event<MoneySent>) -> Result<(), HandlerError> {
        let from = event.aggregate_id();
        let receive = |receiver: &_| either(Account::receive(receiver, event.transfer, from, event.cents));
        done(self.bank.account_step(event.transfer, Step::Receive, event.to, receive).await)
    }

    #[handles(MoneyReceived)]
    async fn received(&self, event: &MoneyReceived) -> Result<(), HandlerError> {
        done(self.bank.end_step(event.transfer, Transfer::complete).await)
    }

    #[handles(ReceivingDeclined)]
    async fn receiving_declined(&self, event: &ReceivingDeclined) -> Result<(), HandlerError> {
        let take_back = |sender: &Account| sender.take_back(event.transfer, event.cents, event.reason);
        done(self.bank.account_step(event.transfer, Step::TakeBack, event.from, take_back).await)
    }

    #[handles(MoneyReturned)]
    async fn returned(&self, event: &MoneyReturned) -> Result<(), HandlerError> {
        done(self.bank.end_step(event.transfer, |transfer| transfer.refund(event.reason)).await)
    }
}

/// The events of an account's answer.
fn either<A, B>(answer: Result<A, B>) -> (Option<A>, Option<B>) {
    match answer {
        Ok(accepted) => (Some(accepted), None),
        Err(declined) => (None, Some(declined)),
    }
}

/// What another attempt helps against is an outage: the event is tried again for as long as that takes.
fn done(executed: Result<Executed, ExecuteError<Infallible>>) -> Result<(), HandlerError> {
    let Err(error) = executed else { return Ok(()) };
    let is_outage = match &error {
        ExecuteError::Contended { .. } => true,
        ExecuteError::Aggregate(AggregateError::Store(error) | AggregateError::Append(AppendError::Store(error))) => {
            matches!(error, StoreError::Failed { .. } | StoreError::Busy { .. } | StoreError::Unanswered { .. })
        }
        _ => false,
    };
    Err(if is_outage { HandlerError::outage(error) } else { error.into() })
}
