//! Plans as JSON files.

use std::io::{self, Write};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{FORMAT, Mode, Plan, Summary};
use crate::block::State;
use crate::combine::{ListUse, in_parallel};
use crate::domain::Domain;
use crate::policy::Guard;
use crate::target::TargetRef;

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
        let mut json = Vec::new();
        // Plain structs into memory: this cannot fail.
        let _ = self.write_json(&mut json);
        String::from_utf8(json).unwrap_or_default()
    }

    /// Writes the plan as JSON, the same bytes that `Serialize` gives. Twenty long lists
    /// make 80 MB of it, so the rows are put into words on all threads, a few at a time.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        /// The fields in the order of [`Plan`].
        #[derive(Serialize)]
        struct Head<'a> {
            format: &'a str,
            checksum: &'a str,
            created_at: DateTime<Utc>,
            target: &'a TargetRef,
            mode: Mode,
            nested: bool,
            summary: Summary,
            lists: &'a [ListUse],
            notices: &'a [String],
            #[serde(skip_serializing_if = "<[Guard]>::is_empty")]
            overrides: &'a [Guard],
            #[serde(skip_serializing_if = "<[Domain]>::is_empty")]
            accepted: &'a [Domain],
        }
        let head = serde_json::to_string(&Head {
            format: &self.format,
            checksum: &self.checksum,
            created_at: self.created_at,
            target: &self.target,
            mode: self.mode,
            nested: self.nested,
            summary: self.summary,
            lists: &self.lists,
            notices: &self.notices,
            overrides: &self.overrides,
            accepted: &self.accepted,
        })?;
        out.write_all(head.trim_end_matches('}').as_bytes())?;
        write_rows(out, "add", &self.add)?;
        write_rows(out, "update", &self.update)?;
        write_rows(out, "remove", &self.remove)?;
        if !self.held.is_empty() {
            write_rows(out, "held", &self.held)?;
        }
        write_rows(out, "unchanged", &self.unchanged)?;
        write_rows(out, "skipped", &self.skipped)?;
        if !self.impact.is_empty() {
            write!(out, ",\"impact\":{}", serde_json::to_string(&self.impact)?)?;
        }
        out.write_all(b",\"state\":")?;
        out.write_all(&serde_json::to_vec(&self.state)?)?;
        out.write_all(b"}")
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

/// `,"name":[…]`, with the rows serialised side by side and written in their order.
fn write_rows<T: Serialize + Sync>(out: &mut dyn Write, name: &str, rows: &[T]) -> io::Result<()> {
    const AT_ONCE: usize = 1024;
    write!(out, ",\"{name}\":[")?;
    let chunks: Vec<&[T]> = rows.chunks(AT_ONCE).collect();
    let mut written = Ok(());
    in_parallel(
        &chunks,
        |rows| serde_json::to_vec(rows).map_err(io::Error::from),
        |at, json| {
            if written.is_ok() {
                // Without the brackets of its own.
                let rows = &json[1..json.len() - 1];
                let comma: &[u8] = if at > 0 { b"," } else { b"" };
                written = out.write_all(comma).and_then(|()| out.write_all(rows));
            }
        },
    )?;
    written?;
    out.write_all(b"]")
}
