//! What an operator does: looks at the dead letters of the mailer, and retries them. In another process than the service.

use std::sync::Arc;
use std::time::Duration;

use eventsource::admin::{Admin, Asked, DatabaseAdmin};
use eventsource::postgres::{PostgresDatabase, PostgresOptions};
use eventsource::projection::LetterQuery;
use eventsource::sqlite::SqliteDatabase;
use eventsource::subscription::{Action, LetterSelection};

pub struct Operator {
    runtime: tokio::runtime::Runtime,
    admin: Arc<dyn Admin>,
}

impl Operator {
    /// Opens the database that the environment variables of a service name.
    pub fn of(variables: &[(&str, &str)]) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let [url, schema] = ["DATABASE_URL", "DATABASE_SCHEMA"]
            .map(|name| variables.iter().find(|(variable, _)| *variable == name).map_or("", |(_, value)| value));
        let admin = runtime.block_on(async {
            let admin: Arc<dyn Admin> = if let Some(file) = url.strip_prefix("sqlite:") {
                let db = SqliteDatabase::open(file).await.unwrap();
                Arc::new(DatabaseAdmin::new(db.checkpoints(), db.event_store()))
            } else {
                let options = PostgresOptions::new(url).unwrap().schema(schema);
                let db = PostgresDatabase::open_with(options).await.unwrap();
                Arc::new(DatabaseAdmin::new(db.checkpoints(), db.event_store()))
            };
            admin
        });
        Self { runtime, admin }
    }

    /// The errors of the mailer's dead letters.
    pub fn errors(&self) -> Vec<String> {
        let letters = self.runtime.block_on(self.admin.letters("mailer", LetterQuery::all())).unwrap();
        letters.into_iter().map(|letter| letter.errors.join(": ")).collect()
    }

    /// Retries the mailer's dead letters.
    pub fn retry(&self) {
        let action = Action::RetryLetters { letters: LetterSelection::All };
        let asked = Asked::by("ada").within(Duration::from_secs(30));
        self.runtime.block_on(self.admin.carry_out("mailer", action, asked)).unwrap();
    }
}
