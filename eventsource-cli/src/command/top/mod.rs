//! `top`: a live table in the terminal.

mod draw;
mod keys;
mod screen;

use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::time::Duration;

use clap::Args;
use eventsource::admin::Asked;
use ratatui::DefaultTerminal;

use self::keys::keys;
use self::screen::{Next, Screen, Steer};
use crate::context::Context;
use crate::error::CliError;

#[derive(Debug, Clone, Args)]
pub struct Top {}

/// The time between two drawings: the age of the last sample is shown in seconds.
const TICK: Duration = Duration::from_secs(1);

/// A request that is being served. It returns the text that is shown then.
type Asking<'c> = Pin<Box<dyn Future<Output = String> + Send + 'c>>;

impl Top {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        if context.output.is_json || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(CliError::Usage("`top` needs a terminal: use `status --watch` without one".to_owned()));
        }
        let connected = context.reading().await?;
        let mut samples = connected.admin.watch();
        let mut terminal = Restored::new()?;
        let mut keys = keys();
        let mut tick = tokio::time::interval(TICK);
        let (mut screen, mut asking): (Screen, Option<Asking<'_>>) = (Screen::default(), None);
        loop {
            terminal.0.draw(|frame| draw::all(frame, &screen))?;
            let next = tokio::select! {
                changed = samples.changed() => {
                    if changed.is_ok() {
                        screen.sampled(&samples.borrow_and_update());
                    }
                    Next::Draw
                }
                key = keys.recv() => key.map_or(Next::Quit, |key| screen.pressed(key)),
                text = answered(&mut asking) => {
                    asking = None;
                    screen.tell(text);
                    Next::Draw
                }
                _ = tick.tick() => Next::Draw,
            };
            match next {
                Next::Quit => return Ok(()),
                Next::Draw => {}
                Next::Ask(steer) => {
                    screen.tell(format!("asking the owner to {}…", steer.text()));
                    asking = Some(Box::pin(ask(context, steer)));
                }
            }
        }
    }
}

async fn answered(asking: &mut Option<Asking<'_>>) -> String {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

async fn ask(context: &Context, steer: Steer) -> String {
    let text = steer.text();
    let asked = async {
        let asked = Asked::by(context.options.operator()).within(context.options.timeout);
        let connected = context.changing().await?;
        Ok::<_, CliError>(connected.admin.carry_out(&steer.name, steer.action, asked).await?)
    };
    match asked.await {
        Ok(ended) => format!("{text}: {}", ended.state),
        Err(error) => format!("{text}: {error}"),
    }
}

/// The terminal, which is as it was again when this is dropped, and before a panic prints its message.
struct Restored(DefaultTerminal);

impl Restored {
    fn new() -> Result<Self, CliError> {
        Ok(Self(ratatui::try_init()?))
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        // There is no other terminal to report a failure to.
        let _ = ratatui::try_restore();
    }
}
