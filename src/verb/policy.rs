//! What a target makes of all its lists together.

use anyhow::Result;
use serde_json::json;

use crate::app::App;
use crate::policy::Policy;
use crate::store::{EventKind, NewEvent};

/// Changes the policy of a target, and gives what holds from now on.
pub async fn change(app: &App, target: &str, set: impl FnOnce(&mut Policy)) -> Result<Policy> {
    let store = app.store().await?;
    let before = store.policy(target).await?;
    let mut policy = before.clone();
    set(&mut policy);
    if policy != before {
        store.save_policy(target, &policy).await?;
        let event = NewEvent::new(app.clock.now(), app.actor(), EventKind::Policy);
        store.log(&[event.target(target).detail(json!({ "policy": policy }))]).await?;
    }
    Ok(policy)
}
