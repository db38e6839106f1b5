//! A read model as it is read.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use super::port::ReadTables;
use super::stored::{About, Row};
use super::{IntoColumnValue, InvalidField, Query, ReadModel, ReadModelError, Stored, Value};

/// What an operation answers, once it is awaited. It has a type of its own, so that a mistake in an id is one error.
pub type ReadFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ReadModelError>> + Send + 'a>>;

/// A read model as it is read. Outside of a projection it sees what is committed; a [`Repository`](super::Repository)
/// derefs to one that sees what the batch has changed.
pub struct ReadRepository<M> {
    tables: Arc<dyn ReadTables>,
    about: About<M>,
}

impl<M: ReadModel> ReadRepository<M> {
    pub(crate) fn new(tables: Arc<dyn ReadTables>) -> Self {
        Self { tables, about: PhantomData }
    }

    /// The row with this id, unless it is soft-deleted.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn get(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, Option<M>> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.row(id?).await?.filter(|row| row.deleted_at.is_none()).map(Row::model).transpose() })
    }

    /// The row with this id, with its version and times, soft-deleted or not.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn get_stored(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, Option<Stored<M>>> {
        let id = value_of::<M>(id);
        Box::pin(async move { self.row(id?).await?.map(Stored::new).transpose() })
    }

    /// The rows with these ids, in their order, without those that are missing or soft-deleted.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub async fn get_many<I: IntoColumnValue<M::Id>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<M>, ReadModelError> {
        let ids: Vec<Value> = ids.into_iter().map(value_of::<M>).collect::<Result<_, _>>()?;
        self.rows(ids).await
    }

    async fn rows(&self, ids: Vec<Value>) -> Result<Vec<M>, ReadModelError> {
        let mut distinct = ids.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let rows = self.tables.load(M::TABLE, &distinct).await?;
        let mut found = vec![None; distinct.len()];
        for row in rows.into_iter().filter(|row| row.deleted_at.is_none()) {
            if let Ok(at) = distinct.binary_search(&row.id(M::TABLE)) {
                found[at] = Some(row);
            }
        }
        let row = |id: &Value| distinct.binary_search(id).ok().and_then(|at| found.get(at)?.clone());
        ids.iter().filter_map(row).map(Row::model).collect()
    }

    /// Whether there is a row with this id that is not soft-deleted.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub fn exists(&self, id: impl IntoColumnValue<M::Id>) -> ReadFuture<'_, bool> {
        let id = value_of::<M>(id);
        Box::pin(async move { Ok(self.row(id?).await?.is_some_and(|row| row.deleted_at.is_none())) })
    }

    /// The rows that are wanted, in their order.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub async fn find(&self, query: impl Into<Query<M>>) -> Result<Vec<M>, ReadModelError> {
        let query = query.into();
        self.select(query).await?.into_iter().map(Row::model).collect()
    }

    /// The rows that are wanted, in their order, with their versions and times.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub async fn find_stored(&self, query: impl Into<Query<M>>) -> Result<Vec<Stored<M>>, ReadModelError> {
        let query = query.into();
        self.select(query).await?.into_iter().map(Stored::new).collect()
    }

    /// The first of the rows that are wanted.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub async fn find_one(&self, query: impl Into<Query<M>>) -> Result<Option<M>, ReadModelError> {
        let query = query.into().limit(1);
        self.select(query).await?.pop().map(Row::model).transpose()
    }

    /// How many rows are wanted, whatever the query's limit and offset.
    ///
    /// # Errors
    /// [`ReadModelError`]
    pub async fn count(&self, query: impl Into<Query<M>>) -> Result<u64, ReadModelError> {
        let query = query.into().lower()?;
        self.tables.count(M::TABLE, &query).await
    }

    async fn select(&self, query: Query<M>) -> Result<Vec<Row>, ReadModelError> {
        let query = query.lower()?;
        self.tables.select(M::TABLE, &query).await
    }

    async fn row(&self, id: Value) -> Result<Option<Row>, ReadModelError> {
        Ok(self.tables.load(M::TABLE, std::slice::from_ref(&id)).await?.pop())
    }
}

/// The value of an id.
pub(super) fn value_of<M: ReadModel>(id: impl IntoColumnValue<M::Id>) -> Result<Value, ReadModelError> {
    id.into_value().map_err(|reason| {
        let field = M::TABLE.column(M::TABLE.id).map_or("", |column| column.field);
        ReadModelError::InvalidValue { table: M::TABLE.name, id: None, field: InvalidField::new(field, reason) }
    })
}

impl<M> Clone for ReadRepository<M> {
    fn clone(&self) -> Self {
        Self { tables: Arc::clone(&self.tables), about: PhantomData }
    }
}

impl<M: ReadModel> fmt::Debug for ReadRepository<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRepository").field("table", &M::TABLE.name).finish_non_exhaustive()
    }
}
