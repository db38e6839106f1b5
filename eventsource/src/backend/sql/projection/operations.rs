//! Stored requests, pauses and reports, for every database. Each operation is one statement.

use std::collections::BTreeMap;
use std::future::Future;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::request_rows::{self, PAUSES, REPORTS, paused, report, request};
use crate::backend::sql::database::SqlDatabase;
use crate::backend::sql::store::{Action, Failure};
use crate::backend::sql::values::Value;
use crate::event::now;
use crate::projection::CheckpointError;
use crate::projection::operations::{
    Answer, NewRequest, Operations, Pause, RequestQuery, StoredReport, StoredRequest, SubscriptionReport,
};
use crate::store::WakeUpReceiver;

/// Runs single statements on the database of a store of checkpoints.
pub(in crate::backend) trait SqlStatements: Send + Sync {
    type Database: SqlDatabase;

    /// Returns the rows that `sql` finds, each converted by `convert`.
    fn read<T: Send>(
        &self,
        action: Action<'_>,
        sql: &'static str,
        values: &[Value<'_>],
        convert: fn(&<Self::Database as SqlDatabase>::Row) -> Result<T, Failure>,
    ) -> impl Future<Output = Result<Vec<T>, CheckpointError>> + Send;

    /// Tells those that wait for a change of the requests and the pauses that there is one.
    fn announce(&self) -> impl Future<Output = ()> + Send;

    /// Returns a receiver of what is announced.
    fn announced(&self) -> WakeUpReceiver;

    /// Runs `sql`, and announces the change. Returns the number of rows that it changed.
    fn change(
        &self,
        action: Action<'_>,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, CheckpointError>> + Send {
        async move {
            let changed = self.write(action, sql, values).await?;
            if changed > 0 {
                self.announce().await;
            }
            Ok(changed)
        }
    }

    /// Runs `sql`. Returns the number of rows that it changed.
    fn write(
        &self,
        action: Action<'_>,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> impl Future<Output = Result<u64, CheckpointError>> + Send;
}

/// Returns the number of an epoch. A larger one than a database has is no epoch of an owner.
fn stored(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(i64::MAX)
}

#[async_trait]
impl<S: SqlStatements> Operations for S {
    fn wake_ups(&self) -> Option<WakeUpReceiver> {
        Some(self.announced())
    }

    async fn ask(&self, asked: &NewRequest) -> Result<(), CheckpointError> {
        let values = [
            Value::Id(asked.id),
            Value::Text(&asked.subscription),
            Value::Text(&asked.action),
            Value::Text(&asked.arguments),
            Value::Text(&asked.by),
            Value::Time(asked.at),
            Value::Time(asked.expires_at),
        ];
        let action = Action::On("store a request about", &asked.subscription);
        self.change(action, request_rows::ASK, &values).await.map(drop)
    }

    async fn request(&self, id: Uuid) -> Result<Option<StoredRequest>, CheckpointError> {
        let action = Action::List;
        Ok(self.read(action, request_rows::LOAD, &[Value::Id(id)], request::<S::Database>).await?.pop())
    }

    async fn requests(&self, query: &RequestQuery) -> Result<Vec<StoredRequest>, CheckpointError> {
        let before = query.before.unwrap_or(Uuid::max());
        let limit = Value::Number(i64::try_from(query.limit).unwrap_or(i64::MAX));
        let convert = request::<S::Database>;
        match &query.subscription {
            Some(name) => {
                let action = Action::On("list the requests about", name);
                let mut values = vec![Value::Id(before), limit, Value::Text(name)];
                let Some(of) = &query.action else {
                    return self.read(action, request_rows::LATEST_OF, &values, convert).await;
                };
                values.push(Value::Text(of));
                self.read(action, request_rows::LATEST_FOR, &values, convert).await
            }
            None => self.read(Action::List, request_rows::LATEST, &[Value::Id(before), limit], convert).await,
        }
    }

    async fn open_requests(&self, subscriptions: &[&str]) -> Result<Vec<StoredRequest>, CheckpointError> {
        let mut open = self.read(Action::List, request_rows::OPEN, &[], request::<S::Database>).await?;
        open.retain(|open| subscriptions.contains(&&*open.request.subscription));
        Ok(open)
    }

    async fn take(&self, id: Uuid, by: &str, epoch: u64, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        let values = [Value::Id(id), Value::Text(by), Value::Number(stored(epoch)), Value::Time(now)];
        Ok(self.write(Action::On("take a request as", by), request_rows::TAKE, &values).await? > 0)
    }

    async fn answer(
        &self,
        id: Uuid,
        by: &str,
        epoch: u64,
        answer: &Answer,
        now: DateTime<Utc>,
    ) -> Result<bool, CheckpointError> {
        let state = answer.clone().state(by, now).name();
        let values = [
            Value::Id(id),
            Value::Text(by),
            Value::Number(stored(epoch)),
            Value::Time(now),
            Value::Text(state),
            Value::Text(answer.text()),
        ];
        Ok(self.change(Action::On("answer a request as", by), request_rows::ANSWER, &values).await? > 0)
    }

    async fn withdraw(&self, id: Uuid, now: DateTime<Utc>) -> Result<bool, CheckpointError> {
        Ok(self.change(Action::List, request_rows::WITHDRAW, &[Value::Id(id), Value::Time(now)]).await? > 0)
    }

    async fn expire(&self, now: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.write(Action::List, request_rows::EXPIRE, &[Value::Time(now)]).await
    }

    async fn forget_requests(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.write(Action::List, request_rows::FORGET, &[Value::Time(before)]).await
    }

    async fn pause(&self, subscription: &str, pause: &Pause) -> Result<(), CheckpointError> {
        let values = [
            Value::Text(subscription),
            Value::Time(now()),
            Value::Time(pause.at),
            Value::Text(&pause.by),
            Value::Text(&pause.reason),
        ];
        self.change(Action::On("store a pause of", subscription), request_rows::PAUSE, &values).await.map(drop)
    }

    async fn resume(&self, subscription: &str) -> Result<bool, CheckpointError> {
        let action = Action::On("remove the pause of", subscription);
        Ok(self.change(action, request_rows::RESUME, &[Value::Text(subscription)]).await? > 0)
    }

    async fn pauses(&self) -> Result<BTreeMap<String, Pause>, CheckpointError> {
        Ok(self.read(Action::List, PAUSES, &[], paused::<S::Database>).await?.into_iter().flatten().collect())
    }

    async fn report(
        &self,
        manager: &str,
        reports: &[SubscriptionReport],
        now: DateTime<Utc>,
    ) -> Result<(), CheckpointError> {
        for report in reports {
            let action = Action::On("store a report about", &report.subscription);
            let text = serde_json::to_string(report)
                .map_err(|error| CheckpointError::Failed { action: action.to_string(), source: Box::new(error) })?;
            let values = [
                Value::Text(&report.subscription),
                Value::Text(manager),
                Value::Text(&report.state),
                Value::Text(&text),
                Value::Time(now),
            ];
            self.write(action, request_rows::REPORT, &values).await?;
        }
        Ok(())
    }

    async fn reports(&self) -> Result<Vec<StoredReport>, CheckpointError> {
        self.read(Action::List, REPORTS, &[], report::<S::Database>).await
    }

    async fn reports_of(&self, subscription: &str) -> Result<Vec<StoredReport>, CheckpointError> {
        let action = Action::On("read the reports about", subscription);
        self.read(action, request_rows::REPORTS_OF, &[Value::Text(subscription)], report::<S::Database>).await
    }

    async fn forget_reports_of(&self, subscription: &str) -> Result<u64, CheckpointError> {
        let action = Action::On("forget the reports about", subscription);
        self.write(action, request_rows::FORGET_REPORTS_OF, &[Value::Text(subscription)]).await
    }

    async fn forget_reports(&self, before: DateTime<Utc>) -> Result<u64, CheckpointError> {
        self.write(Action::List, request_rows::FORGET_REPORTS, &[Value::Time(before)]).await
    }
}
