//! The errors of subscriptions, except those of handlers.

mod dead_letter;
mod hand_over;
mod inside_handler;
mod manager;
mod rebuild;
mod reset;
mod skip;
mod subscribe;
mod wait;

pub use dead_letter::DeadLetterError;
pub use hand_over::HandOverError;
pub use inside_handler::InsideHandler;
pub use manager::ManagerError;
pub use rebuild::RebuildError;
pub use reset::ResetError;
pub use skip::SkipError;
pub use subscribe::SubscribeError;
pub use wait::WaitError;

use crate::event::Position;

fn place(position: Option<Position>) -> String {
    position.map_or_else(|| "no position yet".to_owned(), |position| format!("position {position}"))
}

/// Names in backticks, with commas.
fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
