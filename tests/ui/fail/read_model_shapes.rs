//! What is no row, and rows without one id.

use eventsource::ReadModel;

#[derive(ReadModel)]
enum Status {
    Placed,
}

#[derive(ReadModel)]
struct Tuple(i64);

#[derive(ReadModel)]
struct Unit;

#[derive(ReadModel)]
struct Generic<T> {
    #[read_model(id)]
    id: T,
}

#[derive(ReadModel)]
struct Unmarked {
    id: i64,
}

#[derive(ReadModel)]
struct WithoutId {
    name: String,
}

#[derive(ReadModel)]
struct TwoIds {
    #[read_model(id)]
    a: i64,
    #[read_model(id)]
    b: i64,
}

fn main() {
    // A broken read model is one all the same: nothing follows from its mistake.
    let _ = Unmarked::ID.eq(1);
    let _ = TwoIds::B.asc();
}
