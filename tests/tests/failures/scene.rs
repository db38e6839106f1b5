//! Two processes with the same projection, and an operator in one of them or in a third one.

use std::sync::Arc;
use std::time::Duration;

use eventsource::Inject;
use eventsource::admin::{Admin, Asked, DatabaseAdmin, ManagerAdmin};

use crate::world::*;

/// Where the operator is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At {
    Owner,
    Standby,
    /// A process that runs no projections.
    Elsewhere,
}

impl At {
    pub(crate) const ALL: [Self; 3] = [Self::Owner, Self::Standby, Self::Elsewhere];
}

pub(crate) struct Scene<W: World>
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    pub(crate) world: W,
    /// The third process.
    _other: W,
    pub(crate) first: Arc<SubscriptionManager<W::Checkpoints>>,
    pub(crate) second: Arc<SubscriptionManager<W::Checkpoints>>,
    pub(crate) owner: SubscriptionHandle<Applies>,
    pub(crate) standby: SubscriptionHandle<Applies>,
    pub(crate) plan: Plan,
    pub(crate) admin: Box<dyn Admin>,
}

impl<W: World> Scene<W>
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    /// Both processes run, and the first one owns the subscription. It has applied one event.
    pub(crate) async fn new(at: At, config: SubscriptionConfig) -> Self {
        let world = W::new().await;
        let other = world.reopened().await;
        let (first, second) = (Arc::new(world.manager()), Arc::new(world.manager()));
        let plan = Plan::default();
        let config = config.lease(Duration::from_secs(2));
        let owner = first.subscribe(Applies(plan.clone()), config.clone()).await.unwrap();
        let standby = second.subscribe(Applies(plan.clone()), config).await.unwrap();
        first.start().await.unwrap();
        owner.wait_for(world.bump(&[1]).await).within(DEADLINE).await.unwrap();
        second.start().await.unwrap();
        eventually("the second one stands by", || async { standby.snapshot().state.name() == "standing by" }).await;
        let admin: Box<dyn Admin> = match at {
            At::Owner => Box::new(ManagerAdmin::new(Arc::clone(&first))),
            At::Standby => Box::new(ManagerAdmin::new(Arc::clone(&second))),
            At::Elsewhere => Box::new(DatabaseAdmin::new(other.checkpoints(), other.store())),
        };
        Self { world, _other: other, first, second, owner, standby, plan, admin }
    }

    pub(crate) async fn stop(self) {
        self.first.stop().await.unwrap();
        self.second.stop().await.unwrap();
    }
}

pub(crate) fn ada() -> Asked {
    Asked::by("ada").within(DEADLINE)
}
