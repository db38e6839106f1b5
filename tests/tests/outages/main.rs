//! What a database answers that no event is to blame for: what ends a statement, a connection or a transaction, what is
//! left behind on a connection, a disk that is full, a lock that stays.

#![allow(clippy::unwrap_used, clippy::panic)]

mod disk;
mod left_behind;
mod locks;
mod scripted;
mod statements;
