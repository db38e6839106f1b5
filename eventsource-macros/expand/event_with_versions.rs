#[event(aggregate = "Order", version = 4, from(OrderPlacedV1, _, old::OrderPlacedV3), aliases("OrderCreated"))]
struct OrderPlaced {
    total: u64,
}
