//! Ids and columns with an index: the longest that every backend holds, and those that none accepts.

use eventsource::prelude::*;
use eventsource::read_model::ReadModel;

use crate::world::World;

#[derive(Debug, Clone, PartialEq, ReadModel)]
#[read_model(table = "long_keys")]
struct Long {
    #[read_model(id)]
    id: String,
    #[read_model(index)]
    text: String,
    #[read_model(index)]
    bytes: Option<Vec<u8>>,
    free: String,
}

crate::on_every_backend! {
    longest_keys_are_stored_and_longer_ones_are_refused_with_their_field
}

/// A text that cannot be compressed.
fn random_text(length: usize) -> String {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ length as u64;
    let letters = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b' ' + (state >> 32) as u8 % 94)
    });
    letters.take(length).collect()
}

async fn longest_keys_are_stored_and_longer_ones_are_refused_with_their_field<W: World>(world: &W) {
    world.create::<Long>().await;
    let key = |length: usize| random_text(length);
    let longest = Long { id: key(2_600), text: key(2_600), bytes: Some(key(2_600).into_bytes()), free: key(100_000) };
    let mut batch = world.batch().await;
    let mut rows = W::lend::<Long>(&mut batch.unit).await;
    rows.save(longest.clone()).await.unwrap();
    for (field, row) in [
        ("id", Long { id: key(2_601), ..longest.clone() }),
        ("text", Long { text: key(2_601), ..longest.clone() }),
        ("bytes", Long { bytes: Some(vec![b'a'; 100_000]), ..longest.clone() }),
    ] {
        let error = rows.save(row).await.unwrap_err().to_string();
        assert!(error.contains(field) && error.contains("at most 2600"), "{error}");
    }
    drop(rows);
    batch.commit().await.unwrap();
    assert_eq!(world.rows::<Long>().get(longest.id.clone()).await.unwrap(), Some(longest.clone()));
    let found = world.rows::<Long>().find(Query::all().filter(Long::TEXT.eq(longest.text.clone()))).await.unwrap();
    assert_eq!(found, [longest]);
}
