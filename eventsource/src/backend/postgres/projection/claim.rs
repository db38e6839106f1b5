//! Claims of checkpoints in PostgreSQL.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::statements;
use crate::backend::postgres::store::PostgresDatabase;
use crate::backend::sql::database::SqlDatabase as _;
use crate::backend::sql::projection::columns::{checkpoint, claim_values};
use crate::backend::sql::projection::{
    CheckpointDatabase, ClaimAnswer, LetterStatements, NotClaimed, SearchStatements, rows,
};
use crate::backend::sql::store::Failure;
use crate::projection::Claim;

impl CheckpointDatabase for PostgresDatabase {
    const LETTERS: LetterStatements = statements::LETTERS;
    const SEARCH: SearchStatements = statements::SEARCH;
    const ADVANCE: &'static str = statements::ADVANCE;
    const RENEW: &'static str = statements::RENEW;
    const LEASED: &'static str = statements::LEASED;
    const MISSING: &'static str = statements::MISSING;
    const LOCK_BOTH: Option<&'static str> = Some(statements::LOCK_BOTH);
}

/// The owner of a checkpoint, the end of its lease, its fingerprint, and whether it has a position.
type Holder = (Option<String>, Option<DateTime<Utc>>, String, bool);

/// Claims the checkpoint, or returns why it was not claimed. Then the caller rolls back, if a part was claimed.
pub(super) async fn claim(
    db: &PostgresDatabase,
    conn: &mut PgConnection,
    claim: &Claim<'_>,
) -> Result<ClaimAnswer, Failure> {
    let (key, epoch) = (claim.key(), rows::next_epoch(db, conn, claim).await?);
    if let Some(overlaps) = rows::overlapping(db, conn, claim).await? {
        return Ok(ClaimAnswer::Not(overlaps));
    }
    loop {
        let values = claim_values(claim, &key, epoch);
        if let Some(row) = db.fetch(conn, statements::CLAIM, &values).await?.first() {
            return checkpoint::<PostgresDatabase>(row).map(|claimed| ClaimAnswer::Claimed(Box::new(claimed)));
        }
        let query = sqlx::query_as(db.sql(statements::HOLDER)).bind(&*key).persistent(db.names_statements());
        let found: Option<Holder> = query.fetch_optional(&mut *conn).await?;
        match found {
            Some((_, _, found, true)) if claim.refuses(&found) => {
                return Ok(ClaimAnswer::Not(NotClaimed::Changed { found }));
            }
            Some((Some(owner), Some(until), ..)) => return Ok(ClaimAnswer::Not(NotClaimed::Held { owner, until })),
            // The lease was released between the two statements: claim again.
            _ => {}
        }
    }
}
