//! A database with a log of bumps, and the children that project it.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::testing::Random;
pub(crate) use eventsource_tests::backend::{Backend, Postgres, Sql, Sqlite};
use eventsource_tests::chains::{ChainRow, Log};
use eventsource_tests::child::Child;
pub(crate) use eventsource_tests::wait::eventually;

pub(crate) struct World<B> {
    pub(crate) backend: B,
    pub(crate) random: Random,
    pub(crate) log: Log,
}

impl<B: Sql> World<B> {
    pub(crate) async fn new() -> Self {
        let (random, backend) = (Random::from_environment(), B::open().await);
        backend.create_table::<ChainRow>().await;
        Self { backend, random, log: Log::default() }
    }

    pub(crate) fn start(&self, what: &[&str]) -> Child {
        let what = what.iter().map(|&what| what.to_owned());
        Child::start(env!("CARGO_BIN_EXE_chain_child"), self.backend.arguments().into_iter().chain(what))
    }

    /// Appends to so many new streams, of which the first event is by `first`.
    pub(crate) async fn append(&mut self, streams: u64, first: Option<u64>) {
        Log::append(&self.backend.store(), &mut self.random, streams, 20, first).await;
    }

    pub(crate) async fn head(&self) -> Position {
        self.backend.store().head().await.unwrap()
    }

    pub(crate) async fn position(&self) -> Position {
        self.backend.checkpoints().load("chains").await.unwrap().map_or(Position::START, |found| found.position)
    }

    pub(crate) async fn epoch(&self) -> u64 {
        self.backend.checkpoints().load("chains").await.unwrap().map_or(0, |found| found.epoch)
    }

    /// How many events are applied.
    pub(crate) async fn applied(&self) -> u64 {
        self.number("SELECT coalesce(sum(events), 0) FROM {schema}.chains").await
    }

    async fn number(&self, sql: &'static str) -> u64 {
        self.backend.ask(sql).await.parse().unwrap()
    }

    pub(crate) async fn sleep(&mut self, longest: u64) {
        tokio::time::sleep(self.random.delay(Duration::from_millis(longest))).await;
    }

    /// Who holds the lease.
    pub(crate) async fn is_owner(&self, child: &Child) -> bool {
        let owner = "SELECT coalesce(max(owner), '') FROM {schema}.eventsource_checkpoints WHERE name = 'chains'";
        self.backend.ask(owner).await.starts_with(&format!("process {} on ", child.id()))
    }

    /// Starts two, one of which works, and the other stands by: in this order.
    pub(crate) async fn pair(&self, what: &[&str]) -> [Child; 2] {
        let owner = self.start(what);
        eventually("one works", || self.is_owner(&owner)).await;
        let standby = self.standby(what);
        [owner, standby]
    }

    /// Starts one, which stands by.
    pub(crate) fn standby(&self, what: &[&str]) -> Child {
        let mut standby = self.start(what);
        while standby.line() != "standby" {}
        standby
    }
}
