//! What is kept of a target's blocks besides the ledger: dates, and exceptions that speak of
//! them. There is little of it.

use std::collections::HashMap;

use crate::app::App;
use crate::block::Block;
use crate::exception::Exceptions;
use crate::store::BlockDate;

#[derive(Default)]
pub struct Beside {
    dates: HashMap<String, BlockDate>,
    exceptions: Exceptions,
}

impl Beside {
    pub async fn read(app: &App, target: &str) -> anyhow::Result<Beside> {
        let store = app.store().await?;
        let (dates, exceptions) =
            (store.dates(target).await?, store.exceptions(Some(target)).await?);
        Ok(Beside::of(dates, Exceptions::new(exceptions, app.clock.now())))
    }

    pub fn of(dates: Vec<BlockDate>, exceptions: Exceptions) -> Beside {
        let dates = dates.into_iter().map(|date| (date.domain.to_string(), date)).collect();
        Beside { dates, exceptions }
    }

    /// The dates of the block that is stored under this name.
    pub fn date(&self, name: &str) -> Option<&BlockDate> {
        self.dates.get(name)
    }

    pub fn excepts(&self, block: &Block) -> bool {
        let speaks = |domain| self.exceptions.of(&domain).is_some();
        !self.exceptions.is_empty() && block.domain().is_some_and(speaks)
    }
}
