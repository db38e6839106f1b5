//! Three processes and a Redis server.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::process::Command;

use eventsource_tests::redis::Server;

fn run(url: &str, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redis_bus"));
    let output = command.args(arguments).env("REDIS_URL", url).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn demo_shows_each_order_live_and_in_the_stream() {
    let server = Server::start();
    // Twice on one server: the second finds the stream of the first.
    for _ in 0..2 {
        let (success, out, err) = run(&server.url(), &[]);
        assert!(success, "{out}\n{err}");
        for (n, customer) in ["Alice", "Bob", "Carol", "David", "Alice"].iter().enumerate() {
            let n = n + 1;
            let line = format!("appended order {n} of {customer} at position {n}\n");
            assert!(out.contains(&line), "{line}{out}");
            let payload = format!(r#"{{"customer":"{customer}","cents":{n}000}}"#);
            let line = format!("consumer: OrderPlaced at position {n}: {payload}\n");
            assert!(out.contains(&line), "{line}{out}");
        }
        // The log is polled once a minute: an order that is seen earlier was announced by Redis.
        let live: Vec<&str> = out.lines().filter(|line| line.starts_with("live ")).collect();
        assert_eq!(live.len(), 5, "{out}");
        let after = |line: &&str| line.split(' ').nth(1).unwrap().parse::<i64>().unwrap();
        assert!(live.iter().map(after).all(|after| after < 10_000), "{out}");
        assert!(live[4].ends_with("order of Alice, revenue 150"), "{out}");
    }
}

#[test]
fn orders_are_appended_while_the_server_is_down() {
    let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
    server.kill();
    let file = folder.path().join("orders.db");
    let (success, out, err) = run(&server.url(), &["append", file.to_str().unwrap(), "1"]);
    assert!(success, "{out}\n{err}");
    assert!(
        out.contains("appended order 1 of Alice at position 1, but ") && out.contains("cannot be reached"),
        "{out}"
    );
}

#[test]
fn missing_setting_is_named() {
    let (success, _, err) = run("redis://127.0.0.1:1/", &[]);
    assert!(!success && err.contains("127.0.0.1:1"), "{err}");
    let (success, _, err) = run("redis://127.0.0.1:1/", &["sell"]);
    assert!(!success && err.contains("usage: redis_bus"), "{err}");
}
