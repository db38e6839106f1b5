//! The contract suites of event buses and notifiers, on a Redis server that is killed and started.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod world;

use world::World;

mod event_bus {
    eventsource::event_bus_contract!(crate::World::start());
}

mod event_bus_outages {
    eventsource::event_bus_outage_contract!(crate::World::start());
}

mod notifier {
    eventsource::notifier_contract!(crate::World::start());
}

mod notifier_outages {
    eventsource::notifier_outage_contract!(crate::World::start());
}

mod event_bus_on_a_server_that_keeps_nothing {
    use eventsource_tests::redis::Keeps;

    eventsource::event_bus_outage_contract!(crate::World::that_keeps(Keeps::Nothing));
}
