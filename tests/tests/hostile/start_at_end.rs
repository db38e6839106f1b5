//! Starts at the end, rivals on one file, outages met by handlers.

use super::world::*;

#[tokio::test]
async fn from_the_end_what_is_stored_after_the_start_is_seen() {
    let store = MemoryEventStore::new();
    let manager = manager(&store);
    let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_end()).await.unwrap();
    manager.start().await.unwrap();
    seen.wait_for(bump(&store, [1]).await).await.unwrap();
    assert_eq!(seen.read().await.numbers(), [1], "it was stored after the subscription was started");
}

#[tokio::test]
async fn from_the_end_a_stop_before_the_first_page_skips_nothing() {
    for round in 0..20 {
        let store = MemoryEventStore::new();
        let manager = manager(&store);
        let seen = manager.subscribe(Seen::default(), SubscriptionConfig::from_end()).await.unwrap();
        manager.start().await.unwrap();
        manager.stop().await.unwrap();
        let position = bump(&store, [1]).await;
        manager.start().await.unwrap();
        seen.wait_for(position).await.unwrap();
        assert_eq!(seen.read().await.numbers(), [1], "round {round}: stored after the first start");
    }
}

#[tokio::test]
async fn a_manager_dropped_by_its_own_handler_stops() {
    struct Drops(Arc<std::sync::Mutex<Option<Arc<Manager>>>>, Door);
    #[projection(effects, name = "drops")]
    impl Drops {
        #[handles(Bumped)]
        async fn bumped(&self, _: &Bumped) {
            self.1.pass().await;
            drop(self.0.lock().unwrap().take());
        }
    }
    let store = MemoryEventStore::new();
    let manager = Arc::new(manager(&store));
    let (own, door) = (Arc::new(std::sync::Mutex::new(Some(Arc::clone(&manager)))), Door::shut());
    let handle = manager.subscribe(Drops(own, door.clone()), SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    let last = bump(&store, [1]).await;
    door.has_waiters().await;
    drop(manager);
    door.open();
    handle.wait_for(last).await.unwrap();
    let beyond = Position::new(last.value() + 1);
    assert!(handle.wait_for(beyond).within(LONG).await.unwrap_err().to_string().contains("dropped"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rivals_and_resets_on_one_file_double_and_lose_nothing() {
    let file = File::new(|options| options).await;
    let path = file._dir.path().join("events.db");
    let mut tasks = Vec::new();
    for rival in 0..3 {
        let db = SqliteDatabase::open(&path).await.unwrap();
        tasks.push(tokio::spawn(async move {
            let store = SqliteEventStore::new(&db);
            let manager = SubscriptionManager::new(store.clone(), MemoryEventBus::new(), SqliteCheckpoints::new(&db));
            let config = SubscriptionConfig::default().batch_size(2);
            let rows = manager.subscribe(BumpRows, config).await.unwrap();
            for n in 0..25 {
                bump(&store, [n]).await;
                manager.start().await.unwrap();
                let _ = rows.caught_up().within(MOMENT).await;
                if (n + rival) % 5 == 0 {
                    let _ = manager.stop().await;
                    let _ = rows.reset().await;
                }
            }
            let _ = manager.stop().await;
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let manager = file.manager();
    let rows = manager.subscribe(BumpRows, SubscriptionConfig::default()).await.unwrap();
    manager.start().await.unwrap();
    rows.caught_up().await.unwrap();
    assert_eq!(BumpRows::rows(file.db.pool()).await.unwrap(), BumpRows::fold(&file.store).await);
    manager.stop().await.unwrap();
}

/// Meets a busy database before it applies the second bump.
#[derive(Clone, Default)]
struct MeetsOutages {
    left: u32,
    applied: Vec<u64>,
}

#[projection(name = "meets-outages")]
impl MeetsOutages {
    #[handles(Bumped)]
    fn bumped(&mut self, event: &Bumped) -> Result<(), StoreError> {
        if event.by == 2 && self.left > 0 {
            self.left -= 1;
            return Err(StoreError::Busy { action: "look something up".into(), waited: Duration::ZERO });
        }
        self.applied.push(event.by);
        Ok(())
    }
}

#[tokio::test]
async fn an_outage_met_by_a_handler_spends_no_attempt_and_repeats_nothing() {
    let file = File::new(|options| options).await;
    let manager = file.manager();
    let projection = MeetsOutages { left: 4, ..MeetsOutages::default() };
    let handle = manager.subscribe(projection, quick(2)).await.unwrap();
    let position = bump(&file.store, [1, 2, 3]).await;
    manager.start().await.unwrap();
    handle.wait_for(position).within(LONG * 5).await.unwrap();
    assert_eq!(handle.read().await.applied, [1, 2, 3]);
    manager.stop().await.unwrap();
}
