//! Reading the log in PostgreSQL with sqlx, a page at a time.

use eventsource::sqlx::{self, PgConnection, Row as _};

use crate::totals::Totals;

/// So many events are read at once.
pub const PAGE: usize = 1_000;

const READ: &str = "SELECT position, event_type, payload FROM eventsource_events WHERE position > $1 \
     ORDER BY position LIMIT $2";

/// Adds the next page after `after`, and returns where it ends, or `None` where nothing follows.
pub async fn page(conn: &mut PgConnection, after: i64, totals: &mut Totals) -> Option<i64> {
    let rows = sqlx::query(READ).bind(after).bind(PAGE as i64).fetch_all(conn).await.unwrap();
    for row in &rows {
        totals.decode(row.get_unchecked(1), row.get_unchecked(2));
    }
    rows.last().map(|row| row.get_unchecked(0))
}
