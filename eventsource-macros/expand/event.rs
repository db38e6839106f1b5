#[event(aggregate = "Order", name = "order.placed")]
pub struct OrderPlaced {
    pub total: u64,
}
