//! The versions of a projection: which one made a checkpoint, and why this program does not use it.

use super::SubscriptionShared;
use crate::projection::stored_version;
use crate::subscription::config::SubscriptionConfig;

impl SubscriptionShared {
    /// Returns the version in the fingerprint `stored`, if it is higher than this program's and the configuration does
    /// not allow an older version.
    pub(in crate::subscription) fn newer_version(&self, stored: &str) -> Option<u32> {
        newer_version(stored, &self.projection, &self.config)
    }

    /// The reason for which this program does not use a checkpoint of the higher version `newer`.
    pub(in crate::subscription) fn older_than(&self, newer: u32, stored: &str) -> String {
        format!(
            "version {newer} of the projection made the checkpoint (`{stored}`), and this program has version {} (`{}`): \
             deploy version {newer} or a newer one, or go back on purpose (`SubscriptionConfig::allow_older_version`)",
            self.projection.1, self.fingerprint
        )
    }

    /// The reason for which the projection does not run after another process has replaced its checkpoint.
    pub(in crate::subscription) fn replaced(&self, stored: &str) -> String {
        format!(
            "another process has replaced the read model since this one started: its checkpoint is that of `{stored}`, and \
             this program has `{}`; stop one of the two programs, and start the manager again",
            self.fingerprint
        )
    }

    /// The reason for which the projection does not run on a checkpoint of another version.
    pub(in crate::subscription) fn changed(&self, stored: &str) -> String {
        format!(
            "the projection has changed: its checkpoint was made by `{stored}`, and it is `{}` now; go back to the \
             projection as it was, or say what is to happen (`SubscriptionConfig::on_change`)",
            self.fingerprint
        )
    }
}

/// Returns the version in the fingerprint `stored`, if it is higher than that of `projection` and `config` does not
/// allow an older version.
pub(in crate::subscription) fn newer_version(
    stored: &str,
    projection: &(String, u32),
    config: &SubscriptionConfig,
) -> Option<u32> {
    let (name, version) = projection;
    stored_version(stored, name).filter(|stored| stored > version && !config.allow_older_version)
}
