//! `dashboard`: the web page for operators, served by this process.

mod token;

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use clap::Args;
use eventsource::subscription::shutdown_signal;
use eventsource_dashboard::{Access, Dashboard as Page, Payloads};
use serde_json::json;
use tokio::net::TcpListener;

use self::token::Token;
use crate::connect::{Access as Reach, connect};
use crate::context::Context;
use crate::error::CliError;
use crate::output::note;

/// After a signal, open requests have this long to be answered.
const DRAIN: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Args)]
pub struct Dashboard {
    /// The address to listen on. An address that other machines reach needs `--token-file`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8900")]
    listen: SocketAddr,
    /// A file with a token of at least 16 characters. A browser asks for it as a password, with any user name; a program
    /// sends it as a bearer token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Show everything, and change nothing.
    #[arg(long)]
    read_only: bool,
    /// Show the values of payloads and metadata. Without it, their keys and types are shown.
    #[arg(long)]
    show_payloads: bool,
    /// The title of the page.
    #[arg(long, value_name = "TEXT", default_value = "eventsource")]
    title: String,
}

impl Dashboard {
    pub(crate) async fn run(self, context: &Context) -> Result<(), CliError> {
        let token = self.token_file.as_deref().map(Token::read).transpose()?;
        if token.is_none() && !self.listen.ip().is_loopback() {
            let text = format!("other machines reach {}: give a token with `--token-file`", self.listen);
            return Err(CliError::Usage(text));
        }
        let signal = shutdown_signal().map_err(|error| CliError::Serve(std::io::Error::other(error)))?;
        let connected = connect(&context.options, Reach::Page { is_read_only: self.read_only }).await?;
        let listening = TcpListener::bind(self.listen).await.and_then(|bound| Ok((bound.local_addr()?, bound)));
        let (address, listener) = listening.map_err(|source| CliError::Listen { address: self.listen, source })?;

        let operator = context.options.operator();
        let payloads = if self.show_payloads { Payloads::Shown } else { Payloads::Masked };
        let mut page = Page::from_shared(connected.admin).title(self.title).payloads(payloads);
        page = page.read_only(self.read_only).operator(move |_| operator.clone());
        if token.is_some() {
            page = page.access(|_| Access::Full);
        }
        let updates = page.live_updates();
        let router = match token {
            Some(token) => page.router().layer(from_fn_with_state(token, token::check)),
            None => page.router(),
        };
        announce(context, address)?;
        let (stopping, is_stopping) = tokio::sync::oneshot::channel();
        let service = Router::into_make_service_with_connect_info::<SocketAddr>(router);
        let server = axum::serve(listener, service).with_graceful_shutdown(async move {
            signal.await;
            updates.end();
            let _ = stopping.send(());
        });
        let deadline = async {
            let _ = is_stopping.await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            served = server.into_future() => served.map_err(CliError::Serve),
            () = deadline => Ok(()),
        }
    }
}

/// Says where the page is.
fn announce(context: &Context, address: SocketAddr) -> Result<(), CliError> {
    if !address.ip().is_loopback() {
        note("The token is not encrypted on its way: serve the page to other machines through a proxy with TLS.");
    }
    let url = format!("http://{address}/");
    match context.output.is_json {
        true => context.output.item(&json!({ "format": 1, "url": url })),
        false => context.output.line(&format!("The dashboard is at {url}")),
    }
}
