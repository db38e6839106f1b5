//! An append does not wait for a writer task whose runtime has ended.

use eventsource_tests::wait::DEADLINE;
use tokio::runtime::Builder;
use tokio::time::timeout;

use crate::world::*;

/// Who appends alone goes away at each of its steps: those behind it are stored all the same.
async fn who_came_first_goes_away<W: Sql>() {
    let world = W::open().await;
    let store = world.store();
    for steps in 0..20_u64 {
        let stream = |n| stream(u128::from(steps) * 10 + n);
        let mut first = append(&store, stream(0), ExpectedVersion::NoStream, vec![event(1)]);
        if !begin(&mut first).await {
            continue;
        }
        let mut second = append(&store, stream(1), ExpectedVersion::NoStream, vec![event(1)]);
        assert!(begin(&mut second).await, "it queues");
        let mut gone = append(&store, stream(2), ExpectedVersion::NoStream, vec![event(1)]);
        assert!(begin(&mut gone).await, "it queues");
        drop(gone);
        for _ in 0..steps {
            if !begin(&mut first).await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(first);
        timeout(DEADLINE, second).await.expect("it does not wait for the lost runtime").unwrap();
        store.append(&stream(3), ExpectedVersion::NoStream, vec![event(1)]).await.unwrap();
        let withdrawn = store.read_stream(&stream(2), ReadStream::forward()).await.unwrap();
        assert!(withdrawn.is_empty(), "what was withdrawn from the queue is not stored");
    }
}

on_both![who_came_first_goes_away];

/// The task that stores for those who wait belongs to the runtime of one of them, and goes away with it.
fn the_runtime_of_who_stores_goes_away<W: Sql>()
where
    W::Store: Send + Sync,
{
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let main = runtime();
    let world = main.block_on(W::open());
    let store = world.store();
    for round in 0..5_u128 {
        let append = |n| append(&store, stream(round * 10 + n), ExpectedVersion::NoStream, vec![event(1)]);
        let (mut first, mut second, mut third) = (append(0), append(1), append(2));
        if !main.block_on(begin(&mut first)) {
            continue;
        }
        let other = runtime();
        assert!(other.block_on(begin(&mut second)), "it queues");
        assert!(main.block_on(begin(&mut third)), "it queues");
        // The task has not run yet, and never will.
        drop(other);
        main.block_on(async {
            let (second, third) = (tokio::spawn(second), tokio::spawn(third));
            for append in [tokio::spawn(first), second, third] {
                timeout(DEADLINE, append).await.expect("it does not wait for the lost runtime").unwrap().unwrap();
            }
        });
    }
    main.block_on(async move { drop(world) });
}

#[test]
fn the_runtime_of_who_stores_goes_away_on_sqlite() {
    the_runtime_of_who_stores_goes_away::<Sqlite>();
}

#[test]
fn the_runtime_of_who_stores_goes_away_on_postgres() {
    the_runtime_of_who_stores_goes_away::<Postgres>();
}
