//! A process without projections waits for a subscription whose owner is killed or frozen meanwhile: at its deadline the
//! error names the owner; without one, the wait ends when the next owner has applied the event.

use std::time::Duration;

use eventsource::Position;
use eventsource::admin::AdminError;
use eventsource_tests::child::Child;
use eventsource_tests::wait::DEADLINE;

use crate::place::{FAILS, Place};
use crate::world::{Postgres, Sql, Sqlite, eventually};

/// What is waited for.
#[derive(Debug, Clone, Copy)]
enum Wait {
    Position(Position),
    End,
}

impl Wait {
    async fn run<B: Sql>(self, place: &Place<B>, within: Duration) -> Result<Position, AdminError> {
        match self {
            Self::Position(position) => place.admin.wait_for("sums", position.into(), within).await,
            Self::End => place.admin.caught_up("sums", within).await,
        }
    }
}

/// Ends the work of `owner`. A frozen one holds no lock that would keep its successor out.
async fn interrupt<B: Sql>(place: &Place<B>, owner: &mut Child, signal: &str) {
    if signal == "-KILL" {
        return owner.kill();
    }
    owner.stop();
    while place.backend.is_locked().await {
        owner.signal("-CONT");
        tokio::time::sleep(Duration::from_millis(10)).await;
        owner.stop();
    }
}

async fn wait_outlives_the_owner<B: Sql>(signal: &str) {
    let place = Place::<B>::new().await;
    let mut owner = place.start(0, signal);
    place.caught_up().await;
    for by in [101, 102, 103, 104] {
        interrupt(&place, &mut owner, signal).await;
        let before = place.admin.subscription("sums").await.unwrap();
        let position = place.bump(by).await;
        let wait = if by % 2 == 0 { Wait::Position(position) } else { Wait::End };
        let error = wait.run(&place, Duration::from_millis(200)).await.unwrap_err();
        let AdminError::Behind { position: at, behind, owner: named, .. } = &error else { panic!("{wait:?}: {error}") };
        assert_eq!((*at, *behind), (before.position, 1), "{wait:?}");
        assert_eq!(*named, before.owner.map(|owner| owner.manager), "{wait:?}");
        assert!(error.to_string().contains("sums"), "{error}");

        let (reached, next) = tokio::join!(wait.run(&place, DEADLINE), async { place.start(0, signal) });
        assert!(reached.unwrap() >= position, "{wait:?}");
        assert_eq!(place.admin.subscription("sums").await.unwrap().behind, 0, "{wait:?}");
        if signal == "-STOP" {
            owner.signal("-CONT");
            eventually("the former owner stands by", || async {
                let view = place.admin.subscription("sums").await.unwrap();
                view.managers.iter().filter(|manager| manager.state == "standing by").count() == 1
            })
            .await;
            owner.kill();
        }
        owner = next;
        place.caught_up().await;
    }
    assert_eq!(place.letters(eventsource::projection::LetterQuery::parking()).await, usize::from(FAILS > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_outlives_an_owner_that_is_killed_on_sqlite() {
    wait_outlives_the_owner::<Sqlite>("-KILL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_outlives_an_owner_that_is_killed_on_postgres() {
    wait_outlives_the_owner::<Postgres>("-KILL").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_outlives_an_owner_that_is_frozen_on_sqlite() {
    wait_outlives_the_owner::<Sqlite>("-STOP").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wait_outlives_an_owner_that_is_frozen_on_postgres() {
    wait_outlives_the_owner::<Postgres>("-STOP").await;
}
