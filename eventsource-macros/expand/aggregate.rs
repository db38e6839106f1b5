impl Order {
    pub fn place(&self) -> Result<OrderPlaced, OrderError> {
        Ok(OrderPlaced {})
    }

    #[applies(OrderPlaced)]
    fn placed(&mut self, _: &OrderPlaced) {
        self.status = Status::Placed;
    }

    #[cfg(feature = "shipping")]
    #[applies(OrderShipped)]
    fn shipped(&mut self, event: &OrderShipped) {
        self.tracking = event.tracking.clone();
    }
}
