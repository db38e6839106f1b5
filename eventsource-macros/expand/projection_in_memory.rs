// name = "order-summary", exhaustive = Order, ignores(OrderNoteAdded)
impl OrderSummary {
    /// Counts the order.
    #[handles(OrderPlaced)]
    async fn placed(&mut self, event: &Event<OrderPlaced>, metadata: &Metadata) -> Result<(), HandlerError> {
        self.add(event.total)
    }

    #[handles(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped) {}

    #[truncate]
    fn truncate(&mut self) {
        *self = Self::default();
    }
}
