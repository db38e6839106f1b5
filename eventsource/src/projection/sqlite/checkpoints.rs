//! Checkpoints in a SQLite file.

use async_trait::async_trait;

use super::{SqliteUnit, rows};
use crate::event::Position;
use crate::projection::{Checkpoint, CheckpointError, CheckpointStore};
use crate::store::StoreError;
use crate::store::sql::Action;
use crate::store::sqlite::SqliteDatabase;
use crate::store::sqlite::busy::patiently;

/// Checkpoints in a SQLite file, in which they move together with what handlers write. A clone is the same store.
///
/// ```
/// use eventsource::Position;
/// use eventsource::projection::sqlite::SqliteCheckpoints;
/// use eventsource::projection::{Advance, CheckpointStore, Inject, UnitOfWork};
/// use eventsource::sqlx::{self, SqliteConnection};
/// use eventsource::store::sqlite::SqliteDatabase;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// # let path = std::env::temp_dir().join(format!("eventsource-doc-{}.db", uuid::Uuid::now_v7()));
/// let db = SqliteDatabase::open(&path).await?;
/// let checkpoints = SqliteCheckpoints::new(&db);
/// let mine = checkpoints.claim("orders", "v1", Position::START).await?;
///
/// let mut unit = checkpoints.begin().await?;
/// let mut conn = SqliteConnection::inject(&mut unit).await.map_err(|error| error.to_string())?;
/// sqlx::query("CREATE TABLE orders (id INTEGER PRIMARY KEY)").execute(&mut *conn).await?;
/// drop(conn);
/// unit.commit(&Advance::new("orders", mine.epoch, mine.position, Position::new(7))).await?;
/// # db.close().await;
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct SqliteCheckpoints {
    db: SqliteDatabase,
}

impl SqliteCheckpoints {
    /// The checkpoints in `db`.
    #[must_use]
    pub fn new(db: &SqliteDatabase) -> Self {
        Self { db: db.clone() }
    }

    /// The database that they are in.
    #[must_use]
    pub const fn database(&self) -> &SqliteDatabase {
        &self.db
    }
}

#[async_trait]
impl CheckpointStore for SqliteCheckpoints {
    type Unit = SqliteUnit;

    async fn load(&self, name: &str) -> Result<Option<Checkpoint>, CheckpointError> {
        let action = Action::Load(name);
        self.db.check_read(action).map_err(|error| CheckpointError::of(action, error))?;
        let patience = self.db.patience(action);
        patiently!(patience, rows::load(self.db.pool(), name)).map_err(|error| CheckpointError::of(action, error))
    }

    async fn list(&self) -> Result<Vec<Checkpoint>, CheckpointError> {
        let action = Action::List;
        self.db.check_read(action).map_err(|error| CheckpointError::of(action, error))?;
        let patience = self.db.patience(action);
        patiently!(patience, rows::list(self.db.pool())).map_err(|error| CheckpointError::of(action, error))
    }

    async fn claim(&self, name: &str, fingerprint: &str, start: Position) -> Result<Checkpoint, CheckpointError> {
        let action = Action::Claim(name);
        let patience = self.db.patience(action);
        let mut writing = self.db.write(&patience).await.map_err(|error| CheckpointError::of(action, error))?;
        let claimed = rows::claim(&mut writing.tx, name, fingerprint, start).await;
        let claimed = claimed.map_err(|failure| CheckpointError::failed(action, failure))?;
        writing.tx.commit().await.map_err(|error| CheckpointError::failed(action, error.into()))?;
        Ok(claimed)
    }

    async fn begin(&self) -> Result<SqliteUnit, CheckpointError> {
        SqliteUnit::begin(&self.db).await.map_err(|error| CheckpointError::of(Action::Begin, error))
    }

    fn detached(&self) -> SqliteUnit {
        SqliteUnit::detached(&self.db)
    }

    fn is_durable(&self) -> bool {
        true
    }
}

impl CheckpointError {
    /// What the database answered, as a checkpoint store says it.
    pub(super) fn of(action: Action<'_>, error: StoreError) -> Self {
        let source = match error {
            StoreError::Failed { source, .. } => source,
            StoreError::Corrupt { what } => return Self::Corrupt { what },
            error => Box::new(error),
        };
        Self::Failed { action: action.to_string(), source }
    }
}
