//! A small HTTP client: one connection a request.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// The longest time that a test waits for an answer.
const DEADLINE: Duration = Duration::from_secs(30);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body, as JSON if it is that.
    pub body: Value,
}

impl Answer {
    /// The header with a name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| &**value)
    }

    /// The token of an answer to a command.
    pub fn token(&self) -> &str {
        self.header("position-token").unwrap_or_else(|| panic!("no token: {self:?}"))
    }

    /// Reads an answer as it came over the connection.
    pub fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap();
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_owned(), value.to_owned()));
        let body = if body.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(body).unwrap_or_else(|_| Value::from(body))
        };
        Self { status: status.parse().unwrap(), headers: headers.collect(), body }
    }
}

/// A request whose answer was not read yet.
pub struct Open(TcpStream);

impl Open {
    /// Sends the first part of a request.
    pub fn send(address: SocketAddr, text: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        Self(stream)
    }

    /// Sends the rest of a request.
    pub fn send_rest(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the first line of an answer that stays open.
    pub fn line(&mut self) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            text.extend(byte);
        }
        String::from_utf8(text).unwrap().trim().to_owned()
    }

    /// Waits for the answer.
    pub fn answer(mut self) -> Answer {
        let mut text = String::new();
        self.0.read_to_string(&mut text).unwrap();
        Answer::parse(&text)
    }
}

/// The text of a request with a body in JSON.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() {
        text += "content-type: application/json\r\n";
    }
    text + &format!("content-length: {}\r\n\r\n{body}", body.len())
}
