//! `dashboard`: the page is served by another process than the owner.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use eventsource::Inject;
use eventsource::prelude::*;
use eventsource_tests::backend::{Postgres, Sql, Sqlite};
use eventsource_tests::child::Child;
use eventsource_tests::postgres::Server;
use eventsource_tests::sums::SumRow;
use eventsource_tests::wait::eventually;

use crate::program::{done, program, run};
use crate::world::{with_letter, with_owner};

/// The program that serves the page.
struct Page {
    process: Child,
    address: String,
}

impl Page {
    fn start(database: &[String], arguments: &[&str]) -> Self {
        let all = program(database, &["dashboard", "--listen", "127.0.0.1:0"]);
        let all = all.get_args().map(|argument| argument.to_str().unwrap().to_owned());
        let all = all.chain(arguments.iter().map(|&argument| argument.to_owned()));
        let mut process = Child::start(env!("CARGO_BIN_EXE_eventsource"), all);
        let line = process.line();
        let address = line.strip_prefix("The dashboard is at http://").unwrap().trim_end_matches('/').to_owned();
        Self { process, address }
    }

    /// Opens a request, and returns its connection.
    fn open(&self, method: &str, path: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let host = format!("host: {}\r\nconnection: close\r\ncontent-length: 0\r\n", self.address);
        stream.write_all(format!("{method} {path} HTTP/1.1\r\n{host}{headers}\r\n").as_bytes()).unwrap();
        stream
    }

    /// Returns the answer to a request, with its headers.
    fn answer(&self, method: &str, path: &str, headers: &str) -> String {
        let mut text = Vec::new();
        self.open(method, path, headers).read_to_end(&mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Sends a form as a browser does.
    fn post(&self, path: &str) -> String {
        let form = "content-type: application/x-www-form-urlencoded\r\n";
        self.answer("POST", path, &format!("origin: http://{}\r\n{form}", self.address))
    }
}

macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite { $(#[tokio::test] async fn $test() { super::$test::<super::Sqlite>().await })* }
        mod postgres { $(#[tokio::test] async fn $test() { super::$test::<super::Postgres>().await })* }
    };
}

on_both! { page_shows_and_steers_the_owner_and_stops_while_it_is_open }

async fn page_shows_and_steers_the_owner_and_stops_while_it_is_open<W: Sql>()
where
    Repository<SumRow>: Inject<<W::Checkpoints as CheckpointStore>::Unit>,
{
    let (world, _folder, _owner) = with_owner::<W>().await;
    let database = world.arguments();
    let mut page = Page::start(&database, &["--as", "ada"]);
    let overview = page.answer("GET", "/", "");
    assert!(overview.starts_with("HTTP/1.1 200") && overview.contains("/subscriptions/sums"), "{overview}");
    assert!(page.answer("GET", "/subscriptions/sums/letters", "").contains("the number is not allowed"));
    let forged = page.answer("POST", "/subscriptions/sums/pause", "origin: http://attacker.example\r\n");
    assert!(forged.starts_with("HTTP/1.1 403"), "{forged}");
    let paused = page.post("/subscriptions/sums/pause");
    assert!(paused.starts_with("HTTP/1.1 303"), "{paused}");
    eventually("the owner is paused", || async { page.answer("GET", "/subscriptions/sums", "").contains("paused") })
        .await;
    assert!(page.answer("GET", "/operations", "").contains("ada"));

    let mut open = page.open("GET", "/updates?of=overview", "");
    let mut first = [0; 12];
    open.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    page.process.signal("-TERM");
    // The stream ends, and then the process.
    open.read_to_end(&mut Vec::new()).unwrap();
    eventually("the program ends", || std::future::ready(!page.process.is_running())).await;
}

#[tokio::test]
async fn page_for_other_machines_needs_a_token() {
    let (world, folder) = with_letter::<Sqlite>().await;
    let database = world.arguments();
    let refused = run(&database, &["dashboard", "--listen", "0.0.0.0:0"]).await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("give a token with `--token-file`"), "{refused:?}");
    let file = folder.path().join("token");
    let with_file = ["--token-file", file.to_str().unwrap()];
    for token in ["short", "two words in the file"] {
        std::fs::write(&file, token).unwrap();
        let refused = run(&database, &[&["dashboard"], &with_file[..]].concat()).await;
        assert_eq!(refused.code, 2, "{refused:?}");
    }
    std::fs::write(&file, "0123456789abcdef\n").unwrap();
    let page = Page::start(&database, &with_file);
    let asks = page.answer("GET", "/", "");
    assert!(asks.starts_with("HTTP/1.1 401") && asks.contains("www-authenticate: Basic"), "{asks}");
    for wrong in ["Bearer 0123456789abcdeg", "Basic YWRhOndyb25n"] {
        assert!(page.answer("GET", "/", &format!("authorization: {wrong}\r\n")).starts_with("HTTP/1.1 401"), "{wrong}");
    }
    let password = "authorization: Basic YWRhOjAxMjM0NTY3ODlhYmNkZWY=\r\n";
    for right in ["authorization: Bearer 0123456789abcdef\r\n", password] {
        assert!(page.answer("GET", "/", right).starts_with("HTTP/1.1 200"), "{right}");
    }
    // A browser sends the password with the form of any page.
    let forged = page.answer("POST", "/subscriptions/sums/pause", &format!("{password}sec-fetch-site: cross-site\r\n"));
    assert!(forged.starts_with("HTTP/1.1 403"), "{forged}");
}

#[tokio::test]
async fn read_only_page_changes_nothing() {
    let (world, _folder) = with_letter::<Sqlite>().await;
    let page = Page::start(&world.arguments(), &["--read-only"]);
    assert!(page.answer("GET", "/", "").starts_with("HTTP/1.1 200"));
    assert!(!page.answer("GET", "/subscriptions/sums", "").contains("<button>"));
    assert!(page.post("/subscriptions/sums/pause").starts_with("HTTP/1.1 403"));
}

#[tokio::test]
async fn page_shows_the_last_sample_while_postgres_is_stopped() {
    let mut server = Server::start();
    let database = ["postgres".to_owned(), server.url(), "public".to_owned()];
    done(&database, &["migrate", "--yes"]).await;
    let page = Page::start(&database, &[]);
    assert!(page.answer("GET", "/", "").starts_with("HTTP/1.1 200"));
    server.stop();
    let old = page.answer("GET", "/", "");
    assert!(old.starts_with("HTTP/1.1 200") && old.contains("The database does not answer"), "{old}");
    assert!(page.answer("GET", "/events", "").starts_with("HTTP/1.1 50"));
    server.resume();
    eventually("the page is current again", || async {
        !page.answer("GET", "/", "").contains("The database does not answer")
    })
    .await;
}
