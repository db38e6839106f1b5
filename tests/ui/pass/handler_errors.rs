//! What a handler is advised to do with errors that do not become a `HandlerError` by `?` alone.

use std::error::Error;
use std::rc::Rc;
use std::sync::Mutex;

use eventsource::{DomainEvent, HandlerError, projection};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, DomainEvent)]
#[event(aggregate = "Order")]
struct Placed {}

struct Count(Mutex<u64>);

fn boxed() -> Result<(), Box<dyn Error>> {
    Ok(())
}

fn sendable() -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(())
}

fn text() -> Result<(), String> {
    Ok(())
}

#[projection(memory)]
impl Count {
    #[handles(Placed)]
    async fn placed(&self, _: &Placed) -> Result<(), HandlerError> {
        boxed().map_err(|error| HandlerError::permanent(error.to_string()))?;
        sendable().map_err(HandlerError::permanent)?;
        text().map_err(HandlerError::transient)?;
        "1".parse::<u8>()?;
        {
            let one = Rc::new(1);
            *self.0.lock().unwrap() += *one;
        }
        std::future::ready(()).await;
        Ok(())
    }
}

fn main() {}
