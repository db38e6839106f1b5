//! What a repository keeps of changes, and what commits together.

use chrono::{DateTime, Utc};

use super::ReadModelFixture;
use super::batch::{Batch, names, save};
use super::row::{ContractRow, id, row, time};
use crate::event::Position;
use crate::projection::{CheckpointReset, CheckpointStore, CommitError, UnitOfWork};
use crate::read_model::{Query, ReadModelError};
use crate::testing::contract::Verdict;
use crate::testing::contract::violation::{ensure, ensure_eq};

pub(super) async fn a_committed_row_is_read_back<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    ensure_eq!(rows.get(id(1)).await?, None, "a row that was never saved");
    rows.save(row(1, "one", 1)).await?;
    rows.save(row(1, "uno", 2)).await?;
    ensure_eq!(rows.get(id(1)).await?, Some(row(1, "uno", 2)), "a row, in the batch that changed it");
    ensure_eq!(fixture.rows().get(id(1)).await?, None, "a row, from outside, before the batch commits");
    let step = batch.step.clone();
    batch.commit().await?;
    ensure_eq!(fixture.rows().get(id(1)).await?, Some(row(1, "uno", 2)), "a row, after the batch has committed");
    let checkpoint = fixture.checkpoints().load(&step.name).await?;
    ensure_eq!(checkpoint.map(|found| found.position), Some(step.to), "the checkpoint, after the batch has committed");
    ensure!(fixture.rows().exists(id(1)).await?, "the row does not exist");
    ensure!(!fixture.rows().exists(id(2)).await?, "a row exists that was never saved");
    Ok(())
}

pub(super) async fn a_rollback_leaves_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1)]).await?;
    for is_dropped in [false, true] {
        let mut batch = Batch::begin(fixture).await?;
        let mut rows = batch.lend().await?;
        rows.save_many([row(1, "changed", 2), row(2, "new", 1)]).await?;
        // A query has the batch write its changes.
        ensure_eq!(rows.count(Query::all()).await?, 2, "the rows that a batch sees");
        drop(rows);
        if is_dropped {
            drop(batch);
        } else {
            batch.rollback().await;
        }
        ensure_eq!(names(fixture).await?, ["one"], "the rows after a rollback");
    }
    Ok(())
}

pub(super) async fn a_fenced_batch_leaves_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1)]).await?;
    let mut batch = Batch::begin(fixture).await?;
    batch.lend().await?.save_many([row(1, "changed", 2), row(2, "new", 1)]).await?;
    // The checkpoint is at the start, and another owner may have moved it as well.
    batch.step.from = Position::new(5);
    batch.step.to = Position::new(6);
    let refused = batch.commit().await;
    ensure!(matches!(refused, Err(CommitError::Fenced { .. })), "a batch of a former owner: {refused:?}");
    ensure_eq!(names(fixture).await?, ["one"], "the rows after a batch that was fenced");
    Ok(())
}

pub(super) async fn values_come_back_equal<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let text = "it's \"quoted\" \\ größe 🦀\n\u{1}\u{7f}";
    let mut rows = Vec::new();
    for (n, count, ratio, micros) in [
        (1, i64::MIN, f64::MIN, -1),
        (2, 0, 5e-324, 0),
        (3, -1, 0.1, 1),
        (4, i64::MAX, f64::MAX, 253_402_300_799_999_999),
    ] {
        rows.push(ContractRow {
            note: Some(if n == 1 { String::new() } else { text.repeat(300 * n) }),
            ratio,
            is_open: n % 2 == 0,
            at: DateTime::<Utc>::from_timestamp_micros(micros).unwrap_or_default(),
            data: (0..=255).cycle().take(n * 700).collect(),
            ..row(n as u128, text, count)
        });
    }
    save(fixture, rows.clone()).await?;
    for row in rows {
        ensure_eq!(fixture.rows().get(row.id).await?, Some(row.clone()), "a row with the count {}", row.count);
    }
    Ok(())
}

pub(super) async fn many_rows_are_read_in_the_order_asked<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, (1..=300).map(|n| row(n, "old", 1))).await?;
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.save_many([row(2, "changed", 2), row(999, "new", 1)]).await?;
    rows.delete(id(3)).await?;
    let asked = [999, 3, 300, 2, 1_000, 2].map(id);
    let expected = vec![row(999, "new", 1), row(300, "old", 1), row(2, "changed", 2), row(2, "changed", 2)];
    ensure_eq!(rows.get_many(asked).await?, expected, "rows by their ids, in the batch that changed them");
    drop(rows);
    batch.commit().await?;
    ensure_eq!(fixture.rows().get_many(asked).await?, expected, "rows by their ids");
    let all = fixture.rows().get_many((1..=300).rev().map(id)).await?;
    let expected: Vec<_> = (1..=300).rev().filter(|n| *n != 3).map(id).collect();
    ensure_eq!(all.into_iter().map(|row| row.id).collect::<Vec<_>>(), expected, "300 rows by their ids, one deleted");
    Ok(())
}

pub(super) async fn deletion_leaves_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1), row(2, "two", 2)]).await?;
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.delete(id(1)).await?;
    rows.delete(id(9)).await?;
    ensure_eq!(rows.get(id(1)).await?, None, "a row, in the batch that deleted it");
    rows.delete(id(2)).await?;
    rows.save(row(2, "new", 2)).await?;
    rows.save(row(3, "short-lived", 3)).await?;
    rows.delete(id(3)).await?;
    drop(rows);
    batch.commit().await?;
    ensure_eq!(names(fixture).await?, ["new"], "what is left");
    let stored = fixture.rows().get_stored(id(2)).await?;
    ensure_eq!(stored.map(|row| row.version()), Some(1), "the version of a row that was deleted and made again");
    ensure_eq!(fixture.rows().get_stored(id(1)).await?, None, "a deleted row");
    Ok(())
}

pub(super) async fn soft_deletion_hides_until_restored<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1), row(2, "two", 2)]).await?;
    let mut batch = Batch::begin(fixture).await?;
    batch.at(time(50));
    let mut rows = batch.lend().await?;
    ensure!(rows.soft_delete(id(1)).await?, "a row was not soft-deleted");
    ensure!(!rows.soft_delete(id(1)).await?, "a row was soft-deleted twice");
    ensure!(!rows.soft_delete(id(9)).await?, "a row was soft-deleted that does not exist");
    ensure!(!rows.restore(id(2)).await?, "a row was restored that is not deleted");
    drop(rows);
    batch.commit().await?;
    let found = fixture.rows();
    ensure_eq!(found.get(id(1)).await?, None, "a soft-deleted row by its id");
    ensure_eq!(names(fixture).await?, ["two"], "the rows without the soft-deleted one");
    ensure_eq!(found.count(Query::all().with_deleted()).await?, 2, "the rows with the soft-deleted one");
    ensure_eq!(found.find(Query::all().only_deleted()).await?, [row(1, "one", 1)], "the soft-deleted rows");
    let stored = found.get_stored(id(1)).await?;
    ensure_eq!(stored.and_then(|row| row.deleted_at()), Some(time(50)), "when it was soft-deleted");

    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.save(row(1, "changed", 1)).await?;
    ensure_eq!(rows.get(id(1)).await?, None, "a soft-deleted row that was saved");
    ensure!(rows.restore(id(1)).await?, "a row was not restored");
    drop(rows);
    batch.commit().await?;
    ensure_eq!(names(fixture).await?, ["changed", "two"], "the rows after one was restored");
    Ok(())
}

pub(super) async fn a_checked_save_compares_versions<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1)]).await?;
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.save_checked(row(1, "changed", 1), 1).await?;
    rows.save_checked(row(2, "new", 1), 0).await?;
    for (n, expected, found) in [(1, 1, 2), (2, 0, 1), (3, 4, 0)] {
        let refused = rows.save_checked(row(n, "refused", 1), expected).await;
        let is_conflict = matches!(
            &refused,
            Err(ReadModelError::VersionConflict { expected: given, found: stored, .. }) if (*given, *stored) == (expected, found)
        );
        ensure!(is_conflict, "a save that expects the version {expected} where it is {found}: {refused:?}");
    }
    drop(rows);
    batch.commit().await?;
    ensure_eq!(names(fixture).await?, ["changed", "new"], "the rows after saves that were refused");
    Ok(())
}

pub(super) async fn versions_and_times_are_those_of_the_events<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let mut batch = Batch::begin(fixture).await?;
    for second in [10, 20] {
        batch.at(time(second));
        batch.lend().await?.save(row(1, "one", second)).await?;
    }
    batch.commit().await?;
    let mut batch = Batch::begin(fixture).await?;
    batch.at(time(30));
    let mut rows = batch.lend().await?;
    let read = rows.get(id(1)).await?;
    ensure_eq!(read, Some(row(1, "one", 20)), "the row of an earlier batch");
    rows.save(row(1, "one", 30)).await?;
    drop(rows);
    batch.commit().await?;
    let stored = fixture.rows().get_stored(id(1)).await?;
    let stored = stored.map(|row| (row.version(), row.created_at(), row.updated_at()));
    ensure_eq!(stored, Some((3, time(10), time(30))), "its version, and when it was made and changed");
    Ok(())
}

pub(super) async fn a_save_without_a_read_keeps_what_is_there<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let mut batch = Batch::begin(fixture).await?;
    batch.at(time(10));
    let mut rows = batch.lend().await?;
    rows.save_many([row(1, "one", 1), row(2, "two", 1)]).await?;
    rows.soft_delete(id(2)).await?;
    drop(rows);
    batch.commit().await?;
    let mut batch = Batch::begin(fixture).await?;
    batch.at(time(20));
    let mut rows = batch.lend().await?;
    for name in ["x", "y"] {
        rows.save_many([row(1, name, 1), row(2, name, 1)]).await?;
    }
    drop(rows);
    batch.commit().await?;
    for (n, version, deleted_at) in [(1, 3, None), (2, 4, Some(time(10)))] {
        let Some(stored) = fixture.rows().get_stored(id(n)).await? else {
            return Err(crate::testing::contract::Violation::new(format_args!("the row {n} is gone")));
        };
        let times = (stored.created_at(), stored.updated_at(), stored.deleted_at());
        ensure_eq!(times, (time(10), time(20), deleted_at), "the times of the row {n}");
        ensure_eq!((&*stored.name, stored.version()), ("y", version), "the row {n}, which was saved unread");
    }
    Ok(())
}

pub(super) async fn a_truncation_takes_all<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1), row(2, "two", 2)]).await?;
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.soft_delete(id(1)).await?;
    rows.save(row(3, "three", 3)).await?;
    rows.truncate().await?;
    ensure_eq!(rows.get(id(2)).await?, None, "a row, in the batch that truncated its table");
    rows.save(row(2, "again", 2)).await?;
    ensure_eq!(rows.count(Query::all().with_deleted()).await?, 1, "the rows, in the batch that truncated the table");
    drop(rows);
    batch.commit().await?;
    ensure_eq!(names(fixture).await?, ["again"], "the rows after a truncation");
    let stored = fixture.rows().get_stored(id(2)).await?;
    ensure_eq!(stored.map(|row| row.version()), Some(1), "the version of a row that was made after a truncation");
    Ok(())
}

/// As a rebuild does.
pub(super) async fn a_clear_commits_with_a_truncation<F: ReadModelFixture>(fixture: &F) -> Verdict {
    save(fixture, [row(1, "one", 1)]).await?;
    for is_owner in [false, true] {
        let mut batch = Batch::begin(fixture).await?;
        batch.lend().await?.truncate().await?;
        let step = batch.step.clone();
        let epoch = if is_owner { step.epoch } else { step.epoch + 1 };
        let cleared = batch.into_unit().clear(&CheckpointReset::new(&*step.name).owned_since(epoch)).await;
        let left: &[&str] = if is_owner { &[] } else { &["one"] };
        ensure_eq!(cleared.is_ok(), is_owner, "whether the checkpoint was cleared: {cleared:?}");
        ensure_eq!(names(fixture).await?, left, "the rows after a truncation with that outcome");
        let has_checkpoint = fixture.checkpoints().load(&step.name).await?.is_some();
        ensure_eq!(has_checkpoint, !is_owner, "whether there is a checkpoint after it");
    }
    Ok(())
}
