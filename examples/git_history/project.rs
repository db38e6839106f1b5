//! Runs the projections until they have caught up with the log.

use std::time::Duration;

use eventsource::prelude::*;
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase};
use indicatif::ProgressBar;

use crate::failure::Result;
use crate::projections::{Contributors, Days, Files};

/// How many events the projections have handled.
pub async fn project(db: &SqliteDatabase, bar: &ProgressBar) -> Result<u64> {
    let manager = SubscriptionManager::on(db);
    // A run that was killed keeps the checkpoints for as long: the next one waits for them, and a user does as well.
    let config = SubscriptionConfig::default().lease(Duration::from_secs(1));
    let contributors = manager.subscribe(Contributors, config.clone()).await?;
    let days = manager.subscribe(Days, config.clone()).await?;
    let files = manager.subscribe(Files, config).await?;
    bar.set_length(lag(&manager).await);
    manager.start().await?;
    tokio::select! {
        caught_up = async {
            contributors.caught_up().await?;
            days.caught_up().await?;
            files.caught_up().await
        } => drop(caught_up?),
        never = show(&manager, bar) => match never {},
    }
    let handled = manager.inspect_all().await.iter().map(|status| status.events_handled).sum();
    manager.stop().await?;
    Ok(handled)
}

/// By how many events the projections are behind the log, together.
async fn lag(manager: &SubscriptionManager<SqliteCheckpoints>) -> u64 {
    let statuses = manager.inspect_all().await;
    statuses.iter().filter_map(|status| Some(status.lag.as_ref().ok()?.events)).sum()
}

async fn show(manager: &SubscriptionManager<SqliteCheckpoints>, bar: &ProgressBar) -> std::convert::Infallible {
    if bar.is_hidden() {
        return std::future::pending().await;
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(100));
    loop {
        ticks.tick().await;
        bar.set_position(bar.length().unwrap_or_default().saturating_sub(lag(manager).await));
    }
}
