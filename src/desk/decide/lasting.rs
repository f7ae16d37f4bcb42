//! What stays so whatever becomes of the plan.

use crate::app::App;
use crate::domain::Domain;
use crate::exception::ExceptionId;
use crate::store::TargetRow;
use crate::verb::exceptions::{self, Excepting};
use crate::verb::ownership::{self, Which};

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lasting {
    /// No list blocks these on the target from now on.
    pub except: Vec<Domain>,
    /// These exceptions end.
    pub end: Vec<ExceptionId>,
    pub dismiss: Vec<Domain>,
    pub undismiss: Vec<Domain>,
    /// These blocks are the person's own.
    pub keep: Vec<Domain>,
}

impl Lasting {
    pub fn is_any(&self) -> bool {
        *self != Lasting::default()
    }

    /// What can have become impossible since the plan was made comes first, so that nothing is
    /// done of a whole of which a part cannot be.
    pub async fn do_it(self, app: &App, row: &TargetRow) -> anyhow::Result<()> {
        let Lasting { except, end, dismiss, mut undismiss, keep } = self;
        if !keep.is_empty() {
            ownership::release(app, row, Which::These(&keep)).await?;
        }
        if !undismiss.is_empty() {
            // Somebody may have let them be suggested again meanwhile, which is what is wished.
            let known = exceptions::dismissed(app, row).await?;
            let is_known = |domain: &Domain| {
                known.binary_search_by(|(name, _)| name.as_str().cmp(domain.as_str())).is_ok()
            };
            undismiss.retain(is_known);
            exceptions::undismiss(app, row, &undismiss).await?;
        }
        if !dismiss.is_empty() {
            exceptions::dismiss(app, row, &dismiss).await?;
        }
        if !end.is_empty() {
            exceptions::remove_all(app, &end).await?;
        }
        if !except.is_empty() {
            let new = |domain| Excepting::of(domain, Some(row.name.clone()));
            exceptions::except_all(app, except.into_iter().map(new).collect()).await?;
        }
        Ok(())
    }
}
