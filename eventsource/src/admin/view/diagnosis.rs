//! The problems of a database and its subscriptions.

use serde::{Deserialize, Serialize};

use crate::projection::{Finding, FindingLevel};

/// The problems of a database and its subscriptions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The version of this view as JSON: 1. Keys are added without a new version.
    pub format: u32,
    /// The problems, the worst first.
    pub findings: Vec<Finding>,
}

impl Diagnosis {
    /// Returns the problems that need a hand: the errors and the warnings.
    pub fn problems(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.level > FindingLevel::Note)
    }
}
