//! A private PostgreSQL server.

use std::path::{Path, PathBuf};

use super::programs;
use crate::guardian::{Guardian, folder, free_port};

/// A server of one's own on a free port of this machine, with its data in a temporary folder. It ends when it is
/// dropped, or when this process ends, however it does.
///
/// What stops, starts or configures a server takes one of these, also where `DATABASE_URL` names another.
#[derive(Debug)]
pub struct Server {
    port: u16,
    folder: PathBuf,
    guardian: Guardian,
}

impl Server {
    /// Starts one; panics where that fails, and says what to install.
    pub fn start() -> Self {
        Self::configured(|_| String::new())
    }

    /// Starts one with the lines that `configure` adds to its configuration. It is given the server's folder, and may
    /// put files there.
    pub fn configured(configure: impl FnOnce(&Path) -> String) -> Self {
        let bin = programs::server();
        if std::env::var_os("DATABASE_URL").is_some() {
            println!("this test stops, starts or configures its server, so that it runs on a private one only");
        }
        let (folder, port) = (folder("eventsource-postgres-"), free_port());
        std::fs::write(folder.join("more.conf"), configure(&folder)).unwrap();
        let arguments = [bin.to_str().unwrap(), &port.to_string()];
        let guardian = Guardian::start(include_str!("server.sh"), &folder, &arguments);
        let mut server = Self { port, folder, guardian };
        server.resume();
        server
    }

    /// The address of its database `postgres`.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that goes with it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Stops it at once, as a crash does; what was committed is recovered at the next start.
    pub fn stop(&mut self) {
        self.guardian.command("stop");
    }

    /// Stops it where it stands: it accepts connections, and answers none.
    pub fn freeze(&mut self) {
        self.guardian.command("freeze");
    }

    /// Lets it go on.
    pub fn thaw(&mut self) {
        self.guardian.command("thaw");
    }

    /// Starts it again as a standby, which only reads.
    pub fn resume_as_standby(&mut self) {
        self.guardian.command("standby");
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        self.guardian.command("start");
    }
}
