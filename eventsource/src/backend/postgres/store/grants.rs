//! Roles for the tables: what a reader, an operator and a service may do.

use super::schema::Schema;
use super::{PostgresOpenError, PostgresOptions};

/// What only a migration writes, and what only the program of a service writes.
const READ: &str = "{schema}.eventsource_schema, {schema}.eventsource_log, {schema}.eventsource_appending, \
     {schema}.eventsource_events, {schema}.eventsource_checkpoints, {schema}.eventsource_dead_letters, \
     {schema}.eventsource_snapshots, {schema}.eventsource_read_models, {schema}.eventsource_projection_states, \
     {schema}.eventsource_aggregate_snapshots, {schema}.eventsource_subscriptions, {schema}.eventsource_requests";

/// What a service changes. Events are only added.
const WRITE: &str = "{schema}.eventsource_checkpoints, {schema}.eventsource_dead_letters, \
     {schema}.eventsource_snapshots, {schema}.eventsource_batches, {schema}.eventsource_read_models, \
     {schema}.eventsource_projection_states, {schema}.eventsource_aggregate_snapshots, \
     {schema}.eventsource_subscriptions, {schema}.eventsource_requests";

/// The longest prefix of a role, in bytes: the longest name has 63.
const LONGEST: usize = 54;

/// Creates a role, unless it exists.
const CREATE: &str = "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \
     THEN CREATE ROLE \"{role}\" NOLOGIN; END IF; END $$;\n";

/// `{reader}`, `{operator}`, `{service}` and `{all}` stand for quoted names.
const GRANTS: &str = "\
-- Three roles for the tables of eventsource in the schema {schema}. Run it as the owner of the tables, with the right
-- to create roles. It can be run again. Then make each login a member: GRANT {reader} TO ada;

{create}
-- The reader sees everything, and changes nothing. The operator also asks for changes, and pauses. The service runs.
GRANT USAGE ON SCHEMA {schema} TO {all};
GRANT SELECT ON {read} TO {all};
GRANT SELECT ON SEQUENCE {schema}.eventsource_positions TO {all};
GRANT EXECUTE ON FUNCTION {schema}.eventsource_horizon() TO {all};

-- The operator stores and withdraws requests, which a service serves. It stores a pause next to a checkpoint by itself,
-- and answers that request by itself.
GRANT INSERT (id, subscription, action, arguments, asked_by, asked_at, expires_at, state, changed_at),
      UPDATE (state, taken_by, taken_epoch, changed_at, answer) ON {schema}.eventsource_requests TO {operator};
GRANT INSERT (name, position, epoch, fingerprint, updated_at, paused_at, paused_by, paused_reason),
      UPDATE (paused_at, paused_by, paused_reason) ON {schema}.eventsource_checkpoints TO {operator};

-- The service appends events, moves checkpoints, and creates the tables of its read models, which belong to the role
-- that creates them: all processes of one service need the same role.
GRANT CREATE ON SCHEMA {schema} TO {service};
GRANT INSERT ON {schema}.eventsource_events TO {service};
GRANT USAGE ON SEQUENCE {schema}.eventsource_positions TO {service};
GRANT SELECT, INSERT, UPDATE, DELETE ON {write} TO {service};

-- Only a superuser can grant this. With it, `status` and `doctor` also see transactions of other roles:
-- GRANT pg_read_all_stats TO {all};
";

impl PostgresOptions {
    /// Returns the SQL that creates three roles for the tables in the [schema](Self::schema), and grants them their
    /// rights. It needs no connection.
    ///
    /// The roles are `{prefix}_reader`, `{prefix}_operator` and `{prefix}_service`. They cannot log in: make the roles of
    /// people and programs members of them. Roles belong to a server: logs on one server that different people see need
    /// different prefixes. A prefix has letters, digits and `_`, and at most 54 characters.
    ///
    /// - The reader sees events, checkpoints, dead letters and requests.
    /// - The operator also stores requests of operators and pauses.
    /// - The service also appends events, runs subscriptions, and creates the tables of its read models. Only the owner of
    ///   the tables can migrate.
    ///
    /// # Errors
    /// [`PostgresOpenError::InvalidRole`] and [`PostgresOpenError::InvalidSchema`]: the prefix, or the name of the schema,
    /// is not valid.
    ///
    /// # Examples
    /// ```
    /// # use eventsource::postgres::{PostgresOpenError, PostgresOptions};
    /// let sql = PostgresOptions::new("postgres://localhost/shop")?.grants("shop")?;
    /// assert!(sql.contains("CREATE ROLE \"shop_reader\""));
    /// # Ok::<(), PostgresOpenError>(())
    /// ```
    pub fn grants(&self, prefix: &str) -> Result<String, PostgresOpenError> {
        let schema = self.parsed_schema()?;
        // A plain name needs no escaping in SQL.
        if prefix.len() > LONGEST || Schema::parse(prefix).is_err() {
            return Err(PostgresOpenError::InvalidRole { prefix: prefix.to_owned() });
        }
        let [reader, operator, service] = ["reader", "operator", "service"].map(|role| format!("{prefix}_{role}"));
        let create: String = [&reader, &operator, &service].map(|role| CREATE.replace("{role}", role)).concat();
        let all = format!("\"{reader}\", \"{operator}\", \"{service}\"");
        let sql = GRANTS.replace("{create}", &create).replace("{read}", READ).replace("{write}", WRITE);
        let sql = sql.replace("{all}", &all).replace("{reader}", &format!("\"{reader}\""));
        let sql = sql.replace("{operator}", &format!("\"{operator}\"")).replace("{service}", &format!("\"{service}\""));
        Ok(schema.sql(&sql))
    }
}
