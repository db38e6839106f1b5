//! Lets a client read its own writes: the answer to a write has a token, and a read with that token waits for it.

use std::time::Duration;

use axum::http::HeaderMap;
use eventsource::admin::AdminError;
use eventsource::store::AppendToken;

use super::Service;
use super::errors::Problem;

/// The header of the token, in answers and in requests.
pub const TOKEN: &str = "position-token";

/// How long a read waits. Then it answers 202, and the client asks again.
const WAIT: Duration = Duration::from_secs(2);

/// Whether the rows contain the write of the client.
pub enum Waited {
    Current,
    Behind,
}

impl Service {
    /// Waits until the rows contain the write whose token is in the headers. Without a token it does not wait.
    pub async fn wait_for_rows(&self, headers: &HeaderMap) -> Result<Waited, Problem> {
        let Some(token) = headers.get(TOKEN) else { return Ok(Waited::Current) };
        let token: AppendToken = token.to_str().map_err(Problem::bad_token)?.parse().map_err(Problem::bad_token)?;
        match self.admin.wait_for(&self.rows_name, token.into(), WAIT).await {
            Ok(_) => Ok(Waited::Current),
            Err(error) if is_behind(&error) => Ok(Waited::Behind),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether the rows can still get there.
fn is_behind(error: &AdminError) -> bool {
    use eventsource::WaitError;
    matches!(error, AdminError::Behind { .. } | AdminError::Wait(WaitError::Deadline { .. }))
}
