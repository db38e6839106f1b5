//! A page is read while the one before it is applied.

use super::world::*;

/// How many pages had been asked for when the first event of each was handled. Its handler waits for nothing, so that
/// no other task has a turn meanwhile.
#[derive(Clone)]
struct Ahead {
    store: Watched,
    asked: Vec<usize>,
}

const PAGE: usize = 100;

impl Subscriber for Ahead {
    const KIND: ProjectionKind = ProjectionKind::Memory;

    fn name(&self) -> Cow<'static, str> {
        "ahead".into()
    }

    fn subscribed_to(&self) -> EventFilter {
        EventFilter::all()
    }
}

impl<U: UnitOfWork> EventSubscriber<U> for Ahead {
    async fn handle(&mut self, event: &Arc<RecordedEvent>, _: &mut U) -> Result<(), HandlerError> {
        if event.position().value() % PAGE as u64 == 1 {
            self.asked.push(self.store.reads().len());
        }
        Ok(())
    }
}

/// What `subscriptions` of them have seen of a log of three pages.
async fn asked(subscriptions: usize) -> Vec<Vec<usize>> {
    let store = Watched::default();
    let end = fill(&store, 3 * PAGE).await;
    let manager = manager(&store);
    let mut handles = Vec::new();
    for n in 0..subscriptions {
        let config = SubscriptionConfig::from_beginning().name(format!("s{n}")).batch_size(PAGE);
        let ahead = Ahead { store: store.clone(), asked: Vec::new() };
        handles.push(manager.subscribe(ahead, config).await.unwrap());
    }
    manager.start().await.unwrap();
    let mut asked = Vec::new();
    for handle in &handles {
        handle.wait_for(end).within(DEADLINE).await.unwrap();
        asked.push(handle.read().await.asked.clone());
    }
    manager.stop().await.unwrap();
    asked
}

#[tokio::test]
async fn the_next_page_is_asked_for_before_a_page_is_applied() {
    for subscriptions in [1, 3] {
        for asked in asked(subscriptions).await {
            assert_eq!(asked.len(), 3, "{subscriptions} subscriptions");
            let ahead = asked.iter().zip(1..).all(|(asked, page)| *asked > page);
            assert!(ahead, "{subscriptions} subscriptions: pages asked for at the first event of each: {asked:?}");
        }
    }
}
