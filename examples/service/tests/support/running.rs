//! A service in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Answer, Open, request};

/// The longest time that a test waits for a condition.
const DEADLINE: Duration = Duration::from_secs(30);

/// A running service. It is killed when it is dropped.
pub struct Running {
    process: Child,
    pub address: SocketAddr,
}

impl Running {
    /// Starts the service with these environment variables, and waits until it listens.
    pub fn start(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
        for name in ["DATABASE_URL", "DATABASE_SCHEMA", "MAIL_POISON"] {
            command.env_remove(name);
        }
        command.env("LISTEN", "127.0.0.1:0").envs(variables.iter().copied());
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("the service did not start");
        Self { address: address.parse().unwrap(), process }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.read(path, &[])
    }

    /// Reads with the token of a write.
    pub fn get_after(&self, path: &str, token: &str) -> Answer {
        self.read(path, &[("position-token", token)])
    }

    fn read(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        Open::send(self.address, &request("GET", path, headers, "")).answer()
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        Open::send(self.address, &request("POST", path, &[], &body)).answer()
    }

    /// Places an order.
    pub fn place(&self, id: &str, customer: &str) -> Answer {
        self.post("/orders", &order(id, customer))
    }

    /// Waits until a condition holds.
    pub fn wait_until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(start.elapsed() < DEADLINE, "not within {DEADLINE:?}: {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Kills the process, without a chance to finish anything.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Waits until the process has ended by itself.
    pub fn ended(mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < DEADLINE, "the service did not end within {DEADLINE:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs a command of operators on the database of these environment variables, and returns what it prints.
pub fn operate(variables: &[(&str, &str)], arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_service"));
    for name in ["DATABASE_URL", "DATABASE_SCHEMA", "MAIL_POISON"] {
        command.env_remove(name);
    }
    let output = command.args(arguments).envs(variables.iter().copied()).output().unwrap();
    let [printed, errors] = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{arguments:?}: {printed}{errors}");
    printed
}

/// The body that places an order.
pub fn order(id: &str, customer: &str) -> Value {
    json!({ "id": id, "customer": customer, "total_cents": 1500 })
}

/// The id of an order.
pub fn id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}
