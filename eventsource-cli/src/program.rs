//! The code of a program, whatever its database is.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use eventsource::admin::Admin;
use eventsource::subscription::plan::{DryRun, DryRunReport, Estimates, Plan, TrialProgress, VerifyReport};
use eventsource::subscription::{StateChanges, SubscriptionManager, SubscriptionState, shutdown_signal};

use crate::code::{Code, CodeError};
use crate::connect::{Access, check_listens};
use crate::database::Database;
use crate::error::CliError;
use crate::options::Options;
use crate::output::{escape, note};
use crate::stop::Stop;

/// Is told how far a trial is.
pub(crate) type OnProgress<'a> = dyn Fn(&TrialProgress<'_>) + Send + Sync + 'a;

/// The code of a program on one kind of database.
#[async_trait]
pub(crate) trait Program: Send + Sync {
    /// Opens the database, and subscribes the projections to a manager that only plans.
    async fn look(&self, options: &Options) -> Result<Box<dyn Planned>, CliError>;

    /// Runs the subscriptions, and what the program serves, until a signal.
    async fn run(&self, options: &Options) -> Result<(), CliError>;
}

/// A manager that only plans.
#[async_trait]
pub(crate) trait Planned: Send + Sync {
    /// Returns what operators see of the database.
    fn admin(&self) -> Arc<dyn Admin>;

    /// Compares the program with the database.
    async fn plan(&self, estimates: Estimates) -> Result<Plan, CliError>;

    /// Runs the handlers over the log, and keeps nothing.
    async fn dry_run(&self, options: &DryRun) -> Result<DryRunReport, CliError>;

    /// Compares a read model with its log.
    async fn verify(&self, name: &str, progress: &OnProgress) -> Result<VerifyReport, CliError>;
}

struct Planning<D: Database> {
    db: D,
    manager: Arc<SubscriptionManager<D::Checkpoints>>,
}

#[async_trait]
impl<D: Database> Planned for Planning<D> {
    fn admin(&self) -> Arc<dyn Admin> {
        self.db.admin()
    }

    async fn plan(&self, estimates: Estimates) -> Result<Plan, CliError> {
        Ok(self.manager.plan(estimates).await?)
    }

    async fn dry_run(&self, options: &DryRun) -> Result<DryRunReport, CliError> {
        Ok(self.manager.dry_run(options).await?)
    }

    async fn verify(&self, name: &str, progress: &OnProgress) -> Result<VerifyReport, CliError> {
        Ok(self.manager.verify(name, progress).await?)
    }
}

/// Says on the standard error which subscriptions have ended by themselves or wait for the database, and why. A reason that
/// stays is said once.
async fn tell_problems(mut changes: StateChanges) {
    let mut told: HashMap<String, String> = HashMap::new();
    while let Some(change) = changes.next().await {
        let (name, state) = (escape::line(&change.name, 200), escape::line(&change.state.to_string(), 2_000));
        match change.state {
            SubscriptionState::Faulted { .. }
            | SubscriptionState::Refused { .. }
            | SubscriptionState::Waiting { .. }
                if told.get(&change.name) != Some(&state) =>
            {
                note(&format!("`{name}` is {state}"));
                told.insert(change.name, state);
            }
            SubscriptionState::Live if told.remove(&change.name).is_some() => {
                note(&format!("`{name}` is {state} again"));
            }
            _ => {}
        }
    }
}

/// A task that ends with the function that started it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Names the step of the code that failed.
fn failed(step: &'static str) -> impl Fn(CodeError) -> CliError {
    move |source| CliError::Code { step, source }
}

impl<D: Database> Code<D> {
    async fn open(&self, options: &Options, access: Access) -> Result<D, CliError> {
        if access != Access::Run {
            check_listens(options).await?;
        }
        let options = D::options(options, access)?;
        D::open(match &self.open {
            Some(change) => D::only(change(options), access),
            None => options,
        })
        .await
    }

    /// Creates the manager.
    fn build(&self, db: &D, plans: bool) -> Arc<SubscriptionManager<D::Checkpoints>> {
        let builder = SubscriptionManager::builder(db);
        let builder = match &self.build {
            Some(build) => build(builder),
            None => builder,
        };
        Arc::new(if plans { builder.planning().build() } else { builder.build() })
    }
}

#[async_trait]
impl<D: Database> Program for Code<D> {
    async fn look(&self, options: &Options) -> Result<Box<dyn Planned>, CliError> {
        let db = self.open(options, Access::Read).await?;
        let manager = self.build(&db, true);
        (self.subscribe)(db.clone(), Arc::clone(&manager)).await.map_err(failed("subscribe its projections"))?;
        Ok(Box::new(Planning { db, manager }))
    }

    async fn run(&self, options: &Options) -> Result<(), CliError> {
        let db = self.open(options, Access::Run).await?;
        if let Some(prepare) = &self.prepare {
            prepare(db.clone()).await.map_err(failed("prepare the database"))?;
        }
        let manager = self.build(&db, false);
        (self.subscribe)(db.clone(), Arc::clone(&manager)).await.map_err(failed("subscribe its projections"))?;
        let signal = shutdown_signal()?;
        manager.start().await?;
        note("The subscriptions run. A signal stops them.");
        let problems = AbortOnDrop(tokio::spawn(tell_problems(manager.watch())));
        let (stop, stopping) = Stop::new();
        let served = match &self.serve {
            Some(serve) => {
                let mut serving = serve(db, Arc::clone(&manager), stopping);
                tokio::select! {
                    served = &mut serving => served,
                    _ = signal => {
                        stop.send_replace(true);
                        // A server that does not end must not keep the subscriptions from saving their checkpoints.
                        tokio::time::timeout(options.timeout, serving).await.unwrap_or(Ok(()))
                    }
                }
            }
            None => {
                signal.await;
                Ok(())
            }
        };
        drop(problems);
        manager.stop_within(options.timeout).await?;
        served.map_err(failed("serve"))
    }
}
