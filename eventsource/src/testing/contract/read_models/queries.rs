//! Queries give the same rows in the same order, inside of a batch and outside.

use super::ReadModelFixture;
use super::batch::{Batch, names, save};
use super::row::{ContractRow, id, row, time};
use crate::read_model::{Condition, Cursor, Query};
use crate::testing::contract::violation::{ensure, ensure_eq};
use crate::testing::contract::{Verdict, Violation};

async fn fill<F: ReadModelFixture>(fixture: &F) -> Verdict {
    let noted = |n, name, count, note: &str| ContractRow { note: Some(note.to_owned()), ..row(n, name, count) };
    let rows = [row(1, "a", 3), noted(2, "b", 1, "x"), row(3, "c", 2), noted(4, "d", 2, "y"), noted(5, "a", -7, "")];
    save(fixture, rows).await
}

/// The numbers of the rows that the query finds, outside of a batch and inside.
async fn found<F: ReadModelFixture>(fixture: &F, query: Query<ContractRow>) -> Result<Vec<u128>, Violation> {
    let numbers = |rows: Vec<ContractRow>| rows.iter().map(|row| row.id.as_u128()).collect::<Vec<_>>();
    let outside = numbers(fixture.rows().find(query.clone()).await?);
    let mut batch = Batch::begin(fixture).await?;
    let inside = numbers(batch.lend().await?.find(query.clone()).await?);
    batch.rollback().await;
    ensure_eq!(inside, outside, "{query:?} inside of a batch");
    Ok(outside)
}

async fn select<F: ReadModelFixture>(fixture: &F, cases: &[(Condition<ContractRow>, &[u128])]) -> Verdict {
    fill(fixture).await?;
    for (condition, expected) in cases {
        ensure_eq!(&found(fixture, condition.clone().into()).await?, expected, "{condition:?}");
        let count = fixture.rows().count(condition.clone()).await?;
        ensure_eq!(count, expected.len() as u64, "the count of {condition:?}");
    }
    Ok(())
}

pub(super) async fn conditions_select_rows<F: ReadModelFixture>(fixture: &F) -> Verdict {
    type Row = ContractRow;
    let cases: [(Condition<Row>, &[u128]); 14] = [
        (Row::NAME.eq("a"), &[1, 5]),
        (Row::NAME.ne("a"), &[2, 3, 4]),
        (Row::COUNT.lt(2), &[2, 5]),
        (Row::COUNT.le(2), &[2, 3, 4, 5]),
        (Row::COUNT.gt(2), &[1]),
        (Row::COUNT.ge(2), &[1, 3, 4]),
        (Row::AT.ge(time(2)), &[1, 3, 4]),
        (Row::ID.is_in([id(5), id(1), id(9)]), &[1, 5]),
        (Row::ID.is_in(Vec::<uuid::Uuid>::new()), &[]),
        (Row::NAME.eq("a").and(Row::COUNT.gt(0)), &[1]),
        (Row::NAME.eq("b").or(Row::COUNT.eq(2)), &[2, 3, 4]),
        (Row::NAME.eq("a").or(Row::NAME.eq("b")).and(Row::COUNT.lt(2)), &[2, 5]),
        (Row::NAME.eq("a").and(Row::COUNT.lt(0)).or(Row::NAME.eq("d")), &[4, 5]),
        (Row::VERSION.eq(1), &[1, 2, 3, 4, 5]),
    ];
    select(fixture, &cases).await
}

pub(super) async fn null_compares_with_null_alone<F: ReadModelFixture>(fixture: &F) -> Verdict {
    type Row = ContractRow;
    let cases: [(Condition<Row>, &[u128]); 7] = [
        (Row::NOTE.is_null(), &[1, 3]),
        (Row::NOTE.is_not_null(), &[2, 4, 5]),
        (Row::NOTE.eq(None), &[1, 3]),
        (Row::NOTE.ne(None), &[2, 4, 5]),
        (Row::NOTE.eq("x"), &[2]),
        (Row::NOTE.ne("x"), &[4, 5]),
        (Row::NOTE.lt("y"), &[2, 5]),
    ];
    select(fixture, &cases).await
}

pub(super) async fn rows_come_in_the_order_asked<F: ReadModelFixture>(fixture: &F) -> Verdict {
    type Row = ContractRow;
    fill(fixture).await?;
    let query = || Query::all().order_by(Row::COUNT.desc()).order_by(Row::NAME.asc());
    let cases: [(Query<Row>, &[u128]); 8] = [
        (query(), &[1, 3, 4, 2, 5]),
        (query().limit(2), &[1, 3]),
        (query().limit(2).offset(3), &[2, 5]),
        (query().offset(9), &[]),
        (query().limit(0), &[]),
        (query().filter(Row::COUNT.gt(0)).filter(Row::NOTE.is_null()), &[1, 3]),
        (Query::all().order_by(Row::NOTE.asc()), &[1, 3, 5, 2, 4]),
        (Query::all().order_by(Row::NOTE.desc()), &[4, 2, 5, 1, 3]),
    ];
    for (query, expected) in cases {
        ensure_eq!(found(fixture, query.clone()).await?, expected, "{query:?}");
    }
    ensure_eq!(fixture.rows().count(query().limit(2)).await?, 5, "a count, which has no limit");
    Ok(())
}

pub(super) async fn pages_by_cursor_miss_nothing<F: ReadModelFixture>(fixture: &F) -> Verdict {
    type Row = ContractRow;
    fill(fixture).await?;
    let orders: [fn() -> Query<Row>; 3] = [
        || Query::all().order_by(Row::COUNT.desc()).order_by(Row::NOTE.asc()),
        || Query::all().order_by(Row::NOTE.desc()).order_by(Row::UPDATED_AT.asc()),
        Query::all,
    ];
    for query in orders {
        let (mut paged, mut next) = (Vec::new(), None::<Cursor>);
        loop {
            let page = query().limit(2);
            let page = fixture.rows().find_stored(match &next {
                Some(cursor) => page.after(cursor),
                None => page,
            });
            let page = page.await?;
            paged.extend(page.iter().map(|row| row.id.as_u128()));
            let Some(last) = page.last() else { break };
            ensure!(paged.len() <= 5, "{:?} read by pages gives a row twice: {paged:?}", query());
            next = Some(query().cursor(last).to_string().parse()?);
        }
        ensure_eq!(paged, found(fixture, query()).await?, "{:?} read by pages", query());
    }
    Ok(())
}

pub(super) async fn a_query_sees_what_the_batch_has_changed<F: ReadModelFixture>(fixture: &F) -> Verdict {
    fill(fixture).await?;
    let mut batch = Batch::begin(fixture).await?;
    let mut rows = batch.lend().await?;
    rows.save(row(1, "changed", 3)).await?;
    rows.delete(id(2)).await?;
    rows.soft_delete(id(3)).await?;
    rows.save(row(6, "new", 6)).await?;
    for round in 0..2 {
        let seen = rows.find(Query::all().order_by(ContractRow::ID.asc())).await?;
        let seen: Vec<_> = seen.iter().map(|row| &*row.name).collect();
        let expected: &[&str] = if round == 0 { &["changed", "d", "a", "new"] } else { &["c", "d", "a", "newer"] };
        ensure_eq!(seen, expected, "what the batch has changed before its query {round}");
        // And again after the query had the batch write its changes.
        rows.save(row(6, "newer", 6)).await?;
        rows.restore(id(3)).await?;
        rows.delete(id(1)).await?;
    }
    drop(rows);
    batch.commit().await?;
    ensure_eq!(names(fixture).await?, ["a", "c", "d", "newer"], "the rows that are committed");
    Ok(())
}
