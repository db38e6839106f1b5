//! Every operation of a repository, on what is committed and on what is not.

use eventsource::prelude::*;

use crate::world::{Item, World, id, item, time};

crate::on_every_backend! {
    a_saved_row_is_read_back
    many_rows_are_saved_and_read
    deletion_leaves_nothing
    soft_deletion_hides_until_restored
    a_checked_save_tells_both_versions
    versions_and_times_are_those_of_the_events
    truncation_takes_all
    a_save_without_a_read_keeps_what_is_there
}

async fn a_saved_row_is_read_back<W: World>(world: &W) {
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    assert_eq!(items.get(id(1)).await.unwrap(), None);
    items.save(item(1, "one", 1)).await.unwrap();
    items.save(&item(1, "uno", 2)).await.unwrap();
    assert_eq!(items.get(id(1)).await.unwrap(), Some(item(1, "uno", 2)), "its own change is seen");
    assert!(items.exists(id(1)).await.unwrap());
    assert_eq!(world.rows::<Item>().get(id(1)).await.unwrap(), None, "it is invisible outside the transaction");
    batch.commit().await.unwrap();
    let rows = world.rows::<Item>();
    assert_eq!(rows.get(id(1)).await.unwrap(), Some(item(1, "uno", 2)));
    assert!(rows.exists(id(1)).await.unwrap() && !rows.exists(id(2)).await.unwrap());
}

async fn many_rows_are_saved_and_read<W: World>(world: &W) {
    world.save([item(1, "a", 1), item(2, "b", 2), item(3, "c", 3)]).await;
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.save_many(&[item(2, "bb", 22), item(4, "d", 4)]).await.unwrap();
    items.delete(id(3)).await.unwrap();
    let found = items.get_many([4, 3, 2, 1, 9].map(id)).await.unwrap();
    assert_eq!(found, [item(4, "d", 4), item(2, "bb", 22), item(1, "a", 1)], "in the order that was asked");
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["a", "bb", "d"]);
    let twice = world.rows::<Item>().get_many([id(1), id(1)]).await.unwrap();
    assert_eq!(twice.len(), 2);
}

async fn deletion_leaves_nothing<W: World>(world: &W) {
    world.save([item(1, "a", 1), item(2, "b", 2), item(3, "c", 3)]).await;
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.delete(id(1)).await.unwrap();
    items.delete(id(9)).await.unwrap();
    assert_eq!(items.get(id(1)).await.unwrap(), None);
    // Read, changed and deleted; deleted and created again; created and deleted.
    let two = items.get(id(2)).await.unwrap().unwrap();
    items.save(two).await.unwrap();
    items.delete(id(2)).await.unwrap();
    items.delete(id(3)).await.unwrap();
    items.save(item(3, "cc", 33)).await.unwrap();
    items.save(item(4, "d", 4)).await.unwrap();
    items.delete(id(4)).await.unwrap();
    assert_eq!(items.count(Query::all()).await.unwrap(), 1);
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["cc"]);
    assert_eq!(world.rows::<Item>().get_stored(id(3)).await.unwrap().unwrap().version(), 1, "it is a new row");
}

async fn soft_deletion_hides_until_restored<W: World>(world: &W) {
    world.save([item(1, "a", 1), item(2, "b", 2)]).await;
    let mut batch = world.batch().await;
    batch.at(50);
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    assert!(items.soft_delete(id(1)).await.unwrap());
    assert!(!items.soft_delete(id(1)).await.unwrap(), "it is already");
    assert!(!items.soft_delete(id(9)).await.unwrap(), "there is none");
    assert!(!items.restore(id(2)).await.unwrap(), "it is not deleted");
    assert_eq!(items.get(id(1)).await.unwrap(), None);
    batch.commit().await.unwrap();

    let rows = world.rows::<Item>();
    assert!(!rows.exists(id(1)).await.unwrap());
    assert_eq!(rows.get_many([id(1), id(2)]).await.unwrap().len(), 1);
    assert_eq!(world.names().await, ["b"]);
    assert_eq!(rows.count(Query::all()).await.unwrap(), 1);
    assert_eq!(rows.find(Query::all().with_deleted()).await.unwrap().len(), 2);
    assert_eq!(rows.find(Query::all().only_deleted()).await.unwrap(), [item(1, "a", 1)]);
    let stored = rows.get_stored(id(1)).await.unwrap().unwrap();
    assert_eq!((stored.deleted_at(), stored.version()), (Some(time(50)), 2));

    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.save(item(1, "aa", 11)).await.unwrap();
    assert_eq!(items.get(id(1)).await.unwrap(), None, "a save does not restore");
    assert!(items.restore(id(1)).await.unwrap());
    assert_eq!(items.get(id(1)).await.unwrap(), Some(item(1, "aa", 11)));
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["aa", "b"]);
}

async fn a_checked_save_tells_both_versions<W: World>(world: &W) {
    world.save([item(1, "a", 1)]).await;
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.save_checked(item(1, "b", 1), 1).await.unwrap();
    let error = items.save_checked(item(1, "c", 1), 1).await.unwrap_err();
    assert!(matches!(error, ReadModelError::VersionConflict { expected: 1, found: 2, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("expected to have the version 1, but has 2") && text.contains("`items`"), "{text}");
    items.save_checked(item(2, "new", 1), 0).await.unwrap();
    let error = items.save_checked(item(2, "new", 1), 0).await.unwrap_err();
    assert!(matches!(error, ReadModelError::VersionConflict { expected: 0, found: 1, .. }), "{error}");
    let error = items.save_checked(item(3, "none", 1), 4).await.unwrap_err();
    assert!(error.to_string().ends_with("to have the version 4, but does not exist"), "{error}");
    let failure = HandlerError::from(error);
    assert_eq!(failure.class(), eventsource::projection::ErrorClass::Permanent);
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["b", "new"]);
}

async fn versions_and_times_are_those_of_the_events<W: World>(world: &W) {
    let mut batch = world.batch().await;
    batch.at(10);
    W::lend::<Item>(&mut batch.unit).await.save(item(1, "a", 1)).await.unwrap();
    batch.at(20);
    W::lend::<Item>(&mut batch.unit).await.save(item(1, "b", 1)).await.unwrap();
    batch.commit().await.unwrap();
    let stored = world.rows::<Item>().get_stored(id(1)).await.unwrap().unwrap();
    assert_eq!((stored.version(), stored.created_at(), stored.updated_at()), (2, time(10), time(20)));
    assert_eq!(stored.deleted_at(), None);
    let by_time = Query::from(Item::CREATED_AT.le(time(10))).order_by(Item::UPDATED_AT.desc());
    assert_eq!(world.rows::<Item>().find_stored(by_time).await.unwrap()[0].name, "b");
}

async fn truncation_takes_all<W: World>(world: &W) {
    world.save([item(1, "a", 1), item(2, "b", 2)]).await;
    let mut batch = world.batch().await;
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.soft_delete(id(1)).await.unwrap();
    items.save(item(3, "c", 3)).await.unwrap();
    items.truncate().await.unwrap();
    assert_eq!(items.get(id(2)).await.unwrap(), None);
    items.save(item(2, "again", 2)).await.unwrap();
    assert_eq!(items.count(Query::all().with_deleted()).await.unwrap(), 1);
    assert_eq!(world.names().await, ["a", "b"]);
    batch.commit().await.unwrap();
    assert_eq!(world.names().await, ["again"]);
    assert_eq!(world.rows::<Item>().get_stored(id(2)).await.unwrap().unwrap().version(), 1);
}

async fn a_save_without_a_read_keeps_what_is_there<W: World>(world: &W) {
    let mut batch = world.batch().await;
    batch.at(10);
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    items.save_many([item(1, "a", 1), item(2, "b", 1)]).await.unwrap();
    items.soft_delete(id(2)).await.unwrap();
    batch.commit().await.unwrap();
    let mut batch = world.batch().await;
    batch.at(20);
    let mut items = W::lend::<Item>(&mut batch.unit).await;
    for name in ["x", "y", "z"] {
        items.save_many([item(1, name, 1), item(2, name, 1)]).await.unwrap();
    }
    batch.commit().await.unwrap();
    for (n, version, deleted) in [(1, 4, None), (2, 5, Some(time(10)))] {
        let stored = world.rows::<Item>().get_stored(id(n)).await.unwrap().unwrap();
        assert_eq!((stored.version(), stored.created_at(), stored.updated_at()), (version, time(10), time(20)));
        assert_eq!((stored.deleted_at(), stored.name.as_str()), (deleted, "z"));
    }
}
