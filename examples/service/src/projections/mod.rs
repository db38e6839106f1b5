//! The read side: projections that follow the log.

pub mod mailer;
pub mod orders;
