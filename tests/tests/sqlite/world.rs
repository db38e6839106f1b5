//! A file with a table of the user's and a checkpoint, and what holds for it after a unit that failed.

use eventsource::Position;
use eventsource::projection::{CheckpointStore, CheckpointUpdate, Claim, Inject, UnitOfWork};
use eventsource::sqlite::{SqliteCheckpoints, SqliteDatabase, SqliteOptions, SqliteUnit};
use eventsource::sqlx::{self, SqliteConnection};
use tempfile::TempDir;

/// A file with a table of the user's, a checkpoint, and its store.
pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) db: SqliteDatabase,
    pub(crate) checkpoints: SqliteCheckpoints,
    pub(crate) step: CheckpointUpdate,
}

pub(crate) async fn world_with(options: impl FnOnce(SqliteOptions) -> SqliteOptions) -> World {
    let dir = TempDir::new().unwrap();
    let options = options(SqliteOptions::new(dir.path().join("events.db")));
    let db = SqliteDatabase::open_with(options).await.unwrap();
    world_on(db, dir).await
}

pub(crate) async fn world_on(db: SqliteDatabase, dir: TempDir) -> World {
    sqlx::query("CREATE TABLE rows (id INTEGER PRIMARY KEY)").execute(db.pool()).await.unwrap();
    let checkpoints = SqliteCheckpoints::new(&db);
    let epoch = checkpoints.claim(&Claim::new("rows", "v1", Position::START)).await.unwrap().epoch;
    let step = CheckpointUpdate::new("rows", epoch, Position::START, Position::new(5));
    World { dir, db, checkpoints, step }
}

pub(crate) async fn world() -> World {
    world_with(|options| options).await
}

impl World {
    pub(crate) async fn rows(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM rows").fetch_one(self.db.pool()).await.unwrap()
    }

    pub(crate) async fn position(&self) -> Position {
        self.checkpoints.load("rows").await.unwrap().unwrap().position
    }

    /// That nothing was written, and that more units than there are connections can still work.
    pub(crate) async fn is_untouched_and_usable(&self) {
        assert_eq!((self.rows().await, self.position().await), (0, Position::START));
        for _ in 0..7 {
            let mut unit = self.checkpoints.begin().await.unwrap();
            insert(&mut unit).await;
            unit.rollback().await;
            let tx = self.db.pool().begin().await.unwrap();
            tx.rollback().await.unwrap();
        }
        assert_eq!((self.rows().await, self.position().await), (0, Position::START));
        let mut unit = self.checkpoints.begin().await.unwrap();
        insert(&mut unit).await;
        unit.commit(&self.step).await.unwrap();
        assert_eq!((self.rows().await, self.position().await), (1, Position::new(5)));
        // The hooks are off: other users of the connection may commit.
        for _ in 0..7 {
            sqlx::query("INSERT INTO rows DEFAULT VALUES").execute(self.db.pool()).await.unwrap();
        }
        assert_eq!(self.rows().await, 8);
    }
}

pub(crate) async fn run(unit: &mut SqliteUnit, sql: &'static str) -> Result<(), sqlx::Error> {
    let mut conn = SqliteConnection::inject(unit).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut *conn).await.map(drop)
}

pub(crate) async fn insert(unit: &mut SqliteUnit) {
    run(unit, "INSERT INTO rows DEFAULT VALUES").await.unwrap();
}
