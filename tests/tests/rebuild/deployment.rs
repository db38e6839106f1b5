//! The guide of a rolling deployment, moment by moment: two processes, version 1, version 2, and version 1 again.

use std::time::{Duration, Instant};

use eventsource_tests::backend::{Backend, Postgres, Sql, Sqlite};
use eventsource_tests::child::Child;
use eventsource_tests::deployment::SLOW;
use eventsource_tests::domain::bump;
use eventsource_tests::wait::DEADLINE;

/// A version of the service.
struct Service(Child);

impl Service {
    fn start<W: Sql>(world: &W, version: &str) -> Self {
        let arguments = world.arguments().into_iter().chain([version.to_owned()]);
        let mut child = Child::start(env!("CARGO_BIN_EXE_deployment_child"), arguments);
        assert_eq!(child.line(), "started");
        Self(child)
    }

    fn ask(&mut self, what: &str) -> String {
        self.0.tell(what);
        self.0.line()
    }

    /// Asks until `is_it` holds.
    fn until(&mut self, what: &str, is_it: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let said = self.ask(what);
            if is_it(&said) {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "{what}: {said}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// That a query fails, and names all of these.
    fn refuses(&mut self, what: &str, names: &[&str]) {
        let said = self.ask(what);
        for name in names {
            assert!(said.contains(name), "{what}: {name} in {said}");
        }
    }
}

async fn every_moment_is_as_the_guide_says<W: Sql>(world: W) {
    let bumps: Vec<u64> = (0..20).map(|_| SLOW).collect();
    bump(&world.store(), bumps).await;
    let sum = 20 * SLOW;

    let mut first = Service::start(&world, "1");
    assert_eq!(first.ask("caught up"), "caught up");
    assert_eq!((first.ask("rows"), first.ask("old")), (sum.to_string(), 20.to_string()));
    first.refuses("new", &["`double`", "`bump_digits`", "bump-digits v1", "on_change"]);

    // Version 2 is started: it builds, and version 1 serves and keeps its read model current.
    let mut second = Service::start(&world, "2");
    second.until("state", |state| state.contains("rebuilding"));
    second.until("new", |said| said.contains("is building its next generation"));
    // It holds still while it is looked at: the time that it takes to build says nothing of the guide.
    assert_eq!(second.ask("halt"), "halted");
    second.refuses("new", &["`double`", "`bump_digits`", "bump-digits v2", "position"]);
    assert_eq!(second.ask("rows"), sum.to_string(), "what both have answers from version 1");
    bump(&world.store(), [1]).await;
    first.until("rows", |rows| rows == (sum + 1).to_string());
    first.until("state", |state| state == "live");
    assert_eq!(first.ask("old"), 21.to_string());
    assert_eq!(second.ask("rows"), (sum + 1).to_string());
    second.refuses("new", &["is building its next generation"]);
    assert_eq!(second.ask("go on"), "goes on");

    // The switch: version 2 serves, and version 1 changes nothing any more.
    assert_eq!(second.ask("caught up"), "caught up");
    assert_eq!((second.ask("rows"), second.ask("new")), ((sum + 1).to_string(), (2 * (sum + 1)).to_string()));
    first.refuses("old", &["`bumps`", "`bump_digits`", "bump-digits v2", "deploy"]);
    assert_eq!(first.ask("rows"), (sum + 1).to_string(), "what both have answers from version 2");
    bump(&world.store(), [2]).await;
    second.until("rows", |rows| rows == (sum + 3).to_string());
    first.until("state", |state| state != "live" && state != "catching up");
    assert_eq!(first.ask("rows"), (sum + 3).to_string());

    // Version 1 is stopped: nothing changes.
    assert_eq!(first.ask("stop"), "stopped");
    first.0.kill();
    bump(&world.store(), [3]).await;
    second.until("rows", |rows| rows == (sum + 6).to_string());
    assert_eq!(second.ask("new"), (2 * (sum + 6)).to_string());

    // Version 1 is started again: it stands aside, and version 2 runs on.
    let mut again = Service::start(&world, "1");
    again.until("state", |state| state.starts_with("outdated: version 2 of the projection"));
    again.refuses("old", &["`bumps`", "`bump_digits`", "bump-digits v2", "deploy"]);
    bump(&world.store(), [4]).await;
    second.until("rows", |rows| rows == (sum + 10).to_string());
    second.until("state", |state| state == "live");
    assert_eq!(second.ask("new"), (2 * (sum + 10)).to_string());
    assert_eq!(again.ask("rows"), (sum + 10).to_string());
    again.refuses("state", &["outdated", "this program has version 1", "allow_older_version"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_is_as_the_guide_says_on_sqlite() {
    every_moment_is_as_the_guide_says(Sqlite::open().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_moment_is_as_the_guide_says_on_postgres() {
    every_moment_is_as_the_guide_says(Postgres::open().await).await;
}
