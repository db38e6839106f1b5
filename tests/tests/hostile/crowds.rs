//! Many at once, and odd subscribers.

use super::world::*;

struct Nothing(EventFilter, Arc<AtomicUsize>);

impl Subscriber for Nothing {
    const KIND: ProjectionKind = ProjectionKind::Memory;

    fn name(&self) -> Cow<'static, str> {
        "nothing".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        self.0.clone()
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for Nothing {
    async fn handle(&mut self, _: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn no_types_and_all_types_by_hand() {
    let file = File::new(|options| options).await;
    for (filter, expected) in [(EventFilter::types(Vec::<&str>::new()), 0), (EventFilter::all(), 7)] {
        let memory = MemoryEventStore::new();
        let sides: [Arc<dyn EventStore>; 2] = [Arc::new(memory), Arc::new(file.store.clone())];
        for store in sides {
            let counted = Arc::new(AtomicUsize::new(0));
            let manager = SubscriptionManager::new(Arc::clone(&store), MemoryEventBus::new(), MemoryCheckpoints::new());
            let start = SubscriptionConfig::after(store.head().await.unwrap()).batch_size(1);
            let handle = manager.subscribe(Nothing(filter.clone(), Arc::clone(&counted)), start).await.unwrap();
            manager.start().await.unwrap();
            bump(&*store, [1, 2, 3]).await;
            let position = note(&*store, 4).await;
            handle.wait_for(position).within(LONG).await.unwrap();
            eventually("it is live", || async { handle.inspect().await.state.name() == "live" }).await;
            assert_eq!(counted.load(Ordering::SeqCst), expected);
            manager.stop().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_thousand_subscriptions_on_a_file() {
    let file = File::new(|options| options).await;
    let manager = file.manager();
    let position = bump(&file.store, 1..=20).await;
    let mut all = Vec::new();
    for n in 0..1_000 {
        let config = SubscriptionConfig::default().name(format!("seen {n}"));
        all.push(manager.subscribe(Seen::default(), config).await.unwrap());
    }
    manager.start().await.unwrap();
    for seen in &all {
        seen.wait_for(position).await.unwrap();
        assert_eq!(seen.read().await.numbers(), (1..=20).collect::<Vec<_>>());
    }
    manager.stop().await.unwrap();
}

#[tokio::test]
async fn one_connection_serves_rows_memory_and_appends() {
    let file = File::new(|options| options.connections(1)).await;
    let manager = file.manager();
    let config = SubscriptionConfig::default().batch_size(2);
    let rows = manager.subscribe(BumpRows, config.clone()).await.unwrap();
    let seen = manager.subscribe(Seen::default(), config).await.unwrap();
    manager.start().await.unwrap();
    let mut position = Position::START;
    for n in 0..20 {
        position = bump(&file.store, [n, n]).await;
    }
    rows.wait_for(position).await.unwrap();
    seen.wait_for(position).await.unwrap();
    assert_eq!(BumpRows::rows(file.db.pool()).await.unwrap(), BumpRows::fold(&file.store).await);
    manager.stop().await.unwrap();
}

/// Everything at once, without cancelling what stops: every event is applied once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_calls() {
    let file = File::new(|options| options).await;
    let manager = Arc::new(file.manager());
    let config = SubscriptionConfig::default().batch_size(3);
    let seen = manager.subscribe(Seen::default(), config.clone()).await.unwrap();
    let rows = manager.subscribe(BumpRows, config.clone()).await.unwrap();
    let mut seeds = Random::from_environment();
    let mut tasks = Vec::new();
    for task in 0..6 {
        let mut random = Random::new(seeds.number());
        let (manager, store, seen) = (Arc::clone(&manager), file.store.clone(), seen.clone());
        let (rows, config) = (rows.clone(), config.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0..60 {
                match random.below(if task == 0 { 1 } else { 8 }) {
                    0 => drop(bump(&store, [n]).await),
                    1 | 2 => manager.start().await.unwrap(),
                    3 => manager.stop().await.unwrap(),
                    4 => drop(timeout(MOMENT, manager.pause("seen")).await),
                    5 => drop(manager.resume("seen").await),
                    6 => {
                        drop(seen.reset().await);
                        drop(rows.reset().await);
                    }
                    _ => {
                        let extra = config.clone().name("extra");
                        drop(manager.subscribe(Seen::default(), extra).await);
                        drop(timeout(Duration::from_millis(1), manager.start()).await);
                        drop(manager.unsubscribe("extra").await);
                    }
                }
            }
        }));
    }
    for task in tasks {
        timeout(Duration::from_secs(60), task).await.expect("it hangs").unwrap();
    }
    manager.stop().await.unwrap();
    manager.start().await.unwrap();
    let position = bump(&file.store, [99]).await;
    seen.wait_for(position).within(LONG * 5).await.unwrap();
    rows.wait_for(position).within(LONG * 5).await.unwrap();
    manager.stop().await.unwrap();
    let fold = BumpRows::fold(&file.store).await;
    assert_eq!(BumpRows::rows(file.db.pool()).await.unwrap(), fold);
    let seen: Vec<_> = seen.read().await.bumps.iter().map(|(at, by)| (at.value() as i64, *by as i64)).collect();
    assert_eq!(seen, fold);
    for status in manager.inspect_all().await {
        let is_stopped = matches!(status.state, SubscriptionState::Stopped { reason: StopReason::ManagerStopped });
        assert!(is_stopped, "{}: {}", status.name, status.state);
    }
}
