//! The commands: a file for each group.

mod checkpoint;
mod completions;
#[cfg(feature = "dashboard")]
mod dashboard;
mod doctor;
mod events;
mod letters;
mod list;
mod migrate;
mod operations;
mod plan;
mod progress;
mod rebuild;
pub(crate) mod run;
mod status;
mod steer;
mod streams;
#[cfg(feature = "top")]
mod top;
mod topology;
mod verify;
mod wait;

use clap::Subcommand;

use crate::context::Context;
use crate::error::CliError;

/// A command. A program with a command line of its own can take it as a part of it.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum Command {
    /// Show all subscriptions, or one.
    Status(status::Status),
    /// Show all subscriptions in a live table.
    ///
    /// Keys: arrows select, `p` pauses or resumes, `s` sorts, `q` quits.
    #[cfg(feature = "top")]
    Top(top::Top),
    /// Compare the projections of this program with what is stored. It needs the code of a program.
    List(list::List),
    /// Say what this program would do to the database. It needs the code of a program, and changes nothing.
    ///
    /// It ends with 3 if a subscription would be refused, or an event would fail in the dry run. A dry run that is
    /// interrupted leaves nothing in the database, and begins again the next time.
    Plan(plan::Plan),
    /// Compare a read model with its log. It needs the code of a program, and changes nothing.
    ///
    /// It ends with 3 if a row differs. If it is interrupted, it leaves nothing in the database, and begins again the next
    /// time.
    Verify(verify::Verify),
    /// Run the subscriptions of this program until a signal. It needs the code of a program.
    ///
    /// A subscription that waits for the database, or for a right of its role, goes on by itself; the standard error says why
    /// it waits.
    Run(run::Run),
    /// Pause a subscription after its present batch. The pause outlives restarts.
    Pause(steer::Pause),
    /// End the pause of a subscription.
    ///
    /// It needs no confirmation, since it destroys nothing.
    Resume(steer::Named),
    /// Start a subscription again, in whatever state it is, and end its pause.
    ///
    /// It needs no confirmation, since it destroys nothing.
    Restart(steer::Named),
    /// Build a read model again from the log; switch to, cancel or show a rebuild.
    ///
    /// Without `--side-by-side`, the read model is emptied, and is incomplete until the log is replayed. That discards new
    /// tables that a rebuild side by side builds or holds.
    Rebuild(rebuild::Rebuild),
    /// Wait until a subscription has applied the event at a position.
    Wait(wait::Wait),
    /// Show, retry and dismiss dead letters.
    #[command(subcommand)]
    Letters(letters::Letters),
    /// Show events.
    #[command(subcommand)]
    Events(events::Events),
    /// List the streams.
    Streams(streams::Streams),
    /// Show checkpoints; skip events; forget a subscription.
    #[command(subcommand)]
    Checkpoint(checkpoint::CheckpointCommand),
    /// List the requests of operators, the latest first.
    Operations(operations::Operations),
    /// Create or migrate the tables of the database.
    Migrate(migrate::Migrate),
    /// Look for problems, and say what mends them. It changes nothing.
    Doctor(doctor::Doctor),
    /// Serve the web page for operators.
    #[cfg(feature = "dashboard")]
    Dashboard(dashboard::Dashboard),
    /// Draw how the events, aggregates, projections and read models of this program depend on each other. It needs the code
    /// of a program, and no database.
    Topology(topology::Topology),
    /// Print the completions of a shell.
    Completions(completions::Completions),
}

impl Command {
    /// Returns whether the command ends by itself, in order, when the process is told to end.
    pub(crate) const fn ends_in_order(&self) -> bool {
        match self {
            #[cfg(feature = "dashboard")]
            Self::Dashboard(_) => true,
            _ => false,
        }
    }

    /// Returns whether the command only shows what the database answers at once.
    const fn only_shows(&self) -> bool {
        match self {
            Self::List(_) | Self::Streams(_) | Self::Operations(_) | Self::Doctor(_) => true,
            Self::Status(status) => status.only_shows(),
            Self::Rebuild(rebuild) => rebuild.only_shows(),
            Self::Letters(letters) => letters.only_shows(),
            Self::Events(events) => events.only_shows(),
            Self::Checkpoint(checkpoint) => checkpoint.only_shows(),
            Self::Migrate(migrate) => migrate.only_shows(),
            _ => false,
        }
    }

    pub(crate) async fn run(self, context: &Context, definition: clap::Command) -> Result<(), CliError> {
        match self.only_shows() {
            true => context.answered(self.run_unlimited(context, definition)).await,
            false => self.run_unlimited(context, definition).await,
        }
    }

    async fn run_unlimited(self, context: &Context, definition: clap::Command) -> Result<(), CliError> {
        match self {
            Self::Status(command) => command.run(context).await,
            #[cfg(feature = "top")]
            Self::Top(command) => command.run(context).await,
            Self::List(command) => command.run(context).await,
            Self::Plan(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
            Self::Run(command) => command.run(context).await,
            Self::Pause(command) => command.run(context).await,
            Self::Resume(command) => command.resume(context).await,
            Self::Restart(command) => command.restart(context).await,
            Self::Rebuild(command) => command.run(context).await,
            Self::Wait(command) => command.run(context).await,
            Self::Letters(command) => command.run(context).await,
            Self::Events(command) => command.run(context).await,
            Self::Streams(command) => command.run(context).await,
            Self::Checkpoint(command) => command.run(context).await,
            Self::Operations(command) => command.run(context).await,
            Self::Migrate(command) => command.run(context).await,
            Self::Doctor(command) => command.run(context).await,
            #[cfg(feature = "dashboard")]
            Self::Dashboard(command) => command.run(context).await,
            Self::Topology(command) => command.run(context),
            Self::Completions(command) => command.run(context, definition),
        }
    }
}
