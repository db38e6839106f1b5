// name = "order-count"
impl OrderCount {
    #[handles(OrderPlaced)]
    fn placed(&mut self, event: &Event<OrderPlaced>, metadata: &Metadata) {
        self.placed += 1;
    }

    #[handles(OrderShipped)]
    fn shipped(&mut self, _: &OrderShipped) -> Result<(), HandlerError> {
        Ok(())
    }
}
