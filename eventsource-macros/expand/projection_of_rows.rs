// read_models(OrderRow)
impl<M: Mode> Orders<M> {
    #[handles(OrderPlaced)]
    async fn placed(&self, event: &Event<OrderPlaced>, orders: &mut Repository<OrderRow>) -> Result<(), ReadModelError> {
        orders.save(OrderRow::new(event)).await
    }

    #[cfg(feature = "shipping")]
    #[handles(OrderShipped)]
    async fn shipped(&self, _: &OrderShipped, orders: &mut Repository<OrderRow>, audit: &mut Audit<M>) {}
}
