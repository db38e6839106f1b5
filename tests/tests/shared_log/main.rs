//! The log is read and decoded once for all subscriptions that stand near each other in it, and none of them is told less,
//! or waits longer, for that.

mod ahead;
mod decoded;
mod eviction;
mod fresh;
mod random;
mod reads;
mod trouble;
mod world;
