//! Sends a mail for each order. A crash can repeat a mail: at least once. The id of the event is the id of the mail, so
//! that a mail server can recognise a repeated one.

use eventsource::prelude::*;

use crate::domain::order::OrderPlaced;

/// Sends the mails. This one writes a line into the log of the service: put your mail client here.
pub struct Mailer {
    /// Whether the mail of a customer named "poison" is delivered.
    pub delivers_poison: bool,
}

/// A mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail server refuses the recipient `{recipient}`")]
    Refused { recipient: String },
}

#[projection(effects, name = "mailer")]
impl Mailer {
    /// An error that a retry does not help becomes a dead letter at once. For a mail server that is down, return
    /// [`HandlerError::outage`]: the mailer waits until it is up again.
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>) -> Result<(), HandlerError> {
        let mail = event.id();
        self.send(&event.customer).map_err(HandlerError::permanent)?;
        tracing::info!(%mail, recipient = %event.customer, "a mail was sent");
        Ok(())
    }

    fn send(&self, recipient: &str) -> Result<(), MailError> {
        if recipient == "poison" && !self.delivers_poison {
            return Err(MailError::Refused { recipient: recipient.to_owned() });
        }
        Ok(())
    }
}
