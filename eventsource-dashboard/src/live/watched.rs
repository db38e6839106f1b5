//! Which page is open.

use eventsource::admin::AdminError;
use serde::Deserialize;
use uuid::Uuid;

use super::part::Part;
use super::sampler::Sample;
use crate::dashboard::Shared;
use crate::layout::Page;
use crate::pages;

/// Which page is open, as its address of live updates says.
#[derive(Debug, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub(crate) enum Watched {
    /// All subscriptions.
    Overview,
    /// One subscription.
    Subscription {
        /// Its name.
        name: String,
    },
    /// The numbers of dead letters.
    Letters,
    /// The end of the log.
    Events(pages::events::wanted::Wanted),
    /// One request.
    Operation {
        /// Its id.
        id: Uuid,
    },
}

impl Watched {
    /// Returns whether changes of the state of a subscription are told.
    pub(super) fn tells(&self, name: &str) -> bool {
        match self {
            Self::Overview => true,
            Self::Subscription { name: shown } => shown == name,
            Self::Letters | Self::Events(_) | Self::Operation { .. } => false,
        }
    }

    /// Returns the parts of the page. `has_grown`: the log has other events than at the last call. `None` ends the stream: the page is gone.
    pub(super) async fn parts(
        &self,
        shared: &Shared,
        page: &Page,
        sample: &Sample,
        has_grown: bool,
    ) -> Option<Vec<Part>> {
        match self {
            Self::Events(_) if !has_grown => Some(Vec::new()),
            Self::Events(wanted) => Some(pages::events::list::parts(wanted, shared, page).await.unwrap_or_default()),
            Self::Overview => Some(pages::overview::parts(page, shared, &sample.overview)),
            Self::Letters => Some(pages::letters::totals::parts(page, &sample.overview)),
            Self::Subscription { name } => {
                let found = sample.overview.subscriptions.iter().find(|view| view.name == *name);
                match found {
                    Some(view) => Some(pages::subscription::parts(page, shared, view, sample.trouble.is_some()).await),
                    None => Some(Vec::new()),
                }
            }
            Self::Operation { id } => match shared.admin.request(*id).await {
                Ok(stored) => Some(pages::operations::parts(shared, page, &stored).await),
                Err(AdminError::UnknownRequest { .. }) => None,
                // The page shows the trouble of the sample.
                Err(_) => Some(Vec::new()),
            },
        }
    }
}
