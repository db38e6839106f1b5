//! The servers that tests start end with the tests, however these end; and where there is none, tests say what to do.

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use eventsource_tests::wait::eventually;

/// A process that starts what these tests start.
fn process(what: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pg_servers"));
    command.arg(what).env_remove("DATABASE_URL").stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_and_poolers_end_with_a_process_that_is_killed() {
    let mut victim = process("all").spawn().unwrap();
    let (mut ports, mut folders) = (Vec::<u16>::new(), Vec::<PathBuf>::new());
    for line in BufReader::new(victim.stdout.take().unwrap()).lines().map(Result::unwrap) {
        match line.split_once(' ') {
            Some(("port", port)) => ports.push(port.parse().unwrap()),
            Some(("folder", folder)) => folders.push(folder.into()),
            _ => break,
        }
    }
    assert_eq!((ports.len(), folders.len()), (3, 2));
    let is_up = |port: &u16| TcpStream::connect(("127.0.0.1", *port)).is_ok();
    assert!(ports.iter().all(is_up) && folders.iter().all(|folder| folder.exists()));
    victim.kill().unwrap();
    victim.wait().unwrap();
    let since = Instant::now();
    eventually("all of it is gone", || async {
        !ports.iter().any(is_up) && !folders.iter().any(|folder| folder.exists())
    })
    .await;
    println!("two servers and a pooler were gone {:?} after their process was killed", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
}

#[test]
fn without_a_server_a_test_fails_and_says_in_a_sentence_what_to_install() {
    for (what, url, sentence) in [
        ("shared", None, "the PostgreSQL tests need a server: run `tests/setup` as root"),
        ("own", Some("postgres://none@127.0.0.1:1/none"), "it needs a private one whatever DATABASE_URL says"),
    ] {
        let mut test = process(what);
        test.env("EVENTSOURCE_POSTGRES_BIN", "/nowhere").env("RUST_BACKTRACE", "0");
        let output = test.envs(url.map(|url| ("DATABASE_URL", url))).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{said}");
        let line = said.lines().find(|line| line.contains(sentence)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains("tests/setup") && line.contains("apt-get install postgresql"), "{line}");
    }
}
