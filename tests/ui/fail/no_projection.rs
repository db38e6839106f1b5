//! A type that is no projection.


struct Rows;

fn needs<U: eventsource::projection::UnitOfWork, P: eventsource::projection::EventSubscriber<U>>(_: P) {}

fn main() {
    needs::<eventsource::memory::MemoryUnit, _>(Rows);
}
