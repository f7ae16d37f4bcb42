//! Plans as JSON files.

use super::{FORMAT, Plan};
use crate::block::State;

/// Why a saved plan is not applied.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    #[error("this is not a plan of Hedgerow: {0}")]
    NotAPlan(#[from] serde_json::Error),
    #[error(
        "the plan says it is of the form {0:?}, and this version reads {FORMAT:?}; make it again \
         with `hedgerow plan`"
    )]
    OtherVersion(String),
    #[error(
        "the plan does not match its checksum: it was edited or damaged after it was made; make \
         it again with `hedgerow plan … -o FILE`"
    )]
    Changed,
}

impl Plan {
    /// The plan as JSON, one line.
    pub fn to_json(&self) -> String {
        // Plain structs into memory: this cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a plan and makes sure that it is what was reviewed.
    pub fn from_json(bytes: &[u8]) -> Result<Plan, PlanFileError> {
        let plan: Plan = serde_json::from_slice(bytes)?;
        if plan.format != FORMAT {
            return Err(PlanFileError::OtherVersion(plan.format));
        }
        let sealed = plan.digest() == plan.checksum
            && plan.count() == plan.summary
            && State::digest(&plan.state.blocks) == plan.state.sha256;
        if sealed { Ok(plan) } else { Err(PlanFileError::Changed) }
    }

    /// Whether a file looks like a plan rather than a list or a CSV export.
    pub fn is_plan(bytes: &[u8]) -> bool {
        let head = &bytes[..bytes.len().min(200)];
        head.trim_ascii_start().starts_with(b"{")
            && String::from_utf8_lossy(head).contains("hedgerow-plan/")
    }
}
