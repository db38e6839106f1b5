//! A diagnosis names what is wrong with the subscriptions and with the database, and what mends it.

use eventsource::Inject;
use eventsource::admin::{Admin as _, DatabaseAdmin, Diagnosis};
use eventsource::projection::FindingLevel;
use eventsource::subscription::Action;
use eventsource_tests::backend::{Postgres as OnPostgres, Sql, Sqlite as OnSqlite};

use crate::scene::{At, Scene, ada};
use crate::world::*;

crate::on_every_backend! {
    diagnosis_names_letters_pauses_and_events_that_are_not_handled
}

fn level(diagnosis: &Diagnosis, what: &str) -> Option<FindingLevel> {
    diagnosis.findings.iter().find(|finding| finding.what.contains(what)).map(|finding| finding.level)
}

async fn diagnosis_names_letters_pauses_and_events_that_are_not_handled<W: World>()
where
    Repository<AppliedRow>: Inject<Unit<W>>,
{
    for at in At::ALL {
        let scene = Scene::<W>::new(at, quick(1).on_failure(FailurePolicy::DeadLetter)).await;
        let before = scene.admin.diagnose().await.unwrap();
        for what in ["dead letters", "is paused", "no process runs", "index", "left over"] {
            assert_eq!(level(&before, what), None, "{at:?}: {before:#?}");
        }
        scene.plan.fail(100, Fault::Permanent);
        scene.world.bump(&[100, 101]).await;
        let unheard = NewEvent::raw("Unheard", 1, "{}");
        scene.admin.caught_up("applies", DEADLINE).await.unwrap();
        scene.admin.carry_out("applies", Action::Pause { reason: "an upgrade".into() }, ada()).await.unwrap();
        scene.world.store().append(&stream(300), ExpectedVersion::Any, vec![unheard]).await.unwrap();
        let found = scene.admin.diagnose().await.unwrap();
        let warning = Some(FindingLevel::Warning);
        assert_eq!(level(&found, "`applies` has 1 dead letter, and 1 event held back"), warning, "{found:#?}");
        assert_eq!(level(&found, "`applies` is paused by ada"), warning, "{found:#?}");
        let note = Some(FindingLevel::Note);
        assert_eq!(level(&found, "no subscription handles `Unheard` (first at 4)"), note, "{found:#?}");
        let unknown = level(&found, "this program does not know the event type `Unheard`");
        let expected = if matches!(at, At::Elsewhere) { None } else { warning };
        assert_eq!(unknown, expected, "{at:?}: only a process with the code knows: {found:#?}");
        assert!(found.findings.is_sorted_by_key(|finding| std::cmp::Reverse(finding.level)), "{found:#?}");
        assert!(found.findings.iter().all(|finding| !finding.why.is_empty() && !finding.remedy.is_empty()));
        scene.stop().await;
    }
}

async fn diagnosis_names_lost_indexes_and_left_over_tables<B: Sql>() {
    let backend = B::open().await;
    let admin = DatabaseAdmin::new(backend.checkpoints(), backend.store());
    let before = admin.diagnose().await.unwrap();
    assert_eq!(level(&before, "index"), None, "{before:#?}");
    backend.execute("DROP INDEX eventsource_events_by_event_type").await;
    backend.execute("CREATE TABLE orders__next (id INTEGER)").await;
    let found = admin.diagnose().await.unwrap();
    let lost = level(&found, "the index `eventsource_events_by_event_type` is missing");
    assert_eq!(lost, Some(FindingLevel::Error), "{found:#?}");
    let remedy = found.findings.iter().find(|finding| finding.what.contains("_by_event_type")).unwrap();
    // A transaction cannot create an index concurrently.
    let remedy = remedy.remedy.trim_matches('`').replace(" CONCURRENTLY", "");
    assert!(remedy.starts_with("CREATE INDEX eventsource_events_by_event_type ON "), "{remedy}");
    assert_eq!(level(&found, "the table `orders__next` is left over"), Some(FindingLevel::Warning), "{found:#?}");
    backend.execute(Box::leak(remedy.into_boxed_str())).await;
    let mended = admin.diagnose().await.unwrap();
    assert_eq!(level(&mended, "index"), None, "{mended:#?}");
}

#[tokio::test]
async fn diagnosis_names_lost_indexes_and_left_over_tables_on_sqlite() {
    diagnosis_names_lost_indexes_and_left_over_tables::<OnSqlite>().await;
}

#[tokio::test]
async fn diagnosis_names_lost_indexes_and_left_over_tables_on_postgres() {
    diagnosis_names_lost_indexes_and_left_over_tables::<OnPostgres>().await;
}
