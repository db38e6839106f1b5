//! Claims of checkpoints in a SQLite file.

use sqlx::SqliteConnection;

use super::sightings::{Sighted, Sightings};
use super::statements;
use crate::backend::sql::database::SqlDatabase as _;
use crate::backend::sql::projection::columns::{checkpoint, claim_values};
use crate::backend::sql::projection::{
    CheckpointDatabase, ClaimAnswer, LetterStatements, NotClaimed, SearchStatements, rows,
};
use crate::backend::sql::values::Value;
use crate::backend::sqlite::bound::leased_until;
use crate::backend::sqlite::store::SqliteDatabase;
use crate::backend::sqlite::store::busy::Failure;
use crate::projection::Claim;

impl CheckpointDatabase for SqliteDatabase {
    const LETTERS: LetterStatements = statements::LETTERS;
    const SEARCH: SearchStatements = statements::SEARCH;
    const ADVANCE: &'static str = statements::ADVANCE;
    const RENEW: &'static str = statements::RENEW;
    const LEASED: &'static str = statements::LEASED;
    const MISSING: &'static str = statements::MISSING;
    const LOCK_BOTH: Option<&'static str> = None;
}

/// Claims the checkpoint, or returns why it was not claimed. A lease that its owner has abandoned does not block the
/// claim.
pub(super) async fn claim(
    db: &SqliteDatabase,
    conn: &mut SqliteConnection,
    claim: &Claim<'_>,
    sightings: &Sightings,
) -> Result<ClaimAnswer, Failure> {
    let key = claim.key();
    let abandoned = claim.lease.as_ref().and_then(|lease| sightings.abandoned(&key, lease.time));
    let epoch = rows::next_epoch(db, conn, claim).await?;
    if let Some(overlaps) = rows::overlapping(db, conn, claim).await? {
        return Ok(ClaimAnswer::Not(overlaps));
    }
    let mut values = claim_values(claim, &key, epoch).to_vec();
    values.push(Value::NumberOrNull(abandoned.map(|lease| lease.epoch)));
    values.push(Value::NumberOrNull(abandoned.map(|lease| lease.until)));
    let Some(row) = db.fetch(conn, statements::CLAIM, &values).await?.pop() else {
        return not_claimed(conn, claim, &key, sightings).await.map(ClaimAnswer::Not);
    };
    sightings.forget(&key);
    checkpoint::<SqliteDatabase>(&row).map(|claimed| ClaimAnswer::Claimed(Box::new(claimed)))
}

/// Returns why the checkpoint was not claimed. It is in one transaction with the claim: if the fingerprint is not the
/// reason, the lease is.
async fn not_claimed(
    conn: &mut SqliteConnection,
    claim: &Claim<'_>,
    key: &str,
    sightings: &Sightings,
) -> Result<NotClaimed, Failure> {
    let (owner, epoch, until, found, is_there): (Option<String>, i64, Option<i64>, String, bool) =
        sqlx::query_as(statements::HOLDER).bind(key).fetch_one(conn).await?;
    if is_there && claim.refuses(&found) {
        return Ok(NotClaimed::Changed { found });
    }
    let until = until.unwrap_or_default();
    sightings.see(key, Sighted { epoch, until });
    Ok(NotClaimed::Held { owner: owner.unwrap_or_default(), until: leased_until(until) })
}
