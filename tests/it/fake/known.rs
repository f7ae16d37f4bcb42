//! What the server knows of others: `/api/v1/instance/peers` and `/api/v1/admin/measures`.

use std::collections::BTreeSet;

use serde_json::json;

use super::routes::{Answer, allow};
use super::{Request, Version, World, is_at_or_below};

pub fn peers(world: &World) -> Answer {
    match &world.peers {
        Some(peers) => Answer::json(200, &json!(peers)),
        // Without a word, as `head 404` does it.
        None => Answer::html(404, String::new()),
    }
}

/// Only `admin:read` opens it, and a role that may see the dashboard.
pub fn measures(world: &World, request: &Request) -> Answer {
    if let Err(refusal) = allow(world, request, &["admin:read"]) {
        return refusal;
    }
    if world.role & 0b1001 == 0 {
        return Answer::error(world, 403, "This action is not allowed");
    }
    let keys = request.param("keys[]").unwrap_or_default();
    let mut measures = Vec::new();
    for key in keys.split(' ') {
        let Some(domain) = request.param(&format!("{key}[domain]")) else {
            return Answer::error(world, 400, "param is missing or the value is empty");
        };
        let below = world.version >= Version::V4_2
            && request.param(&format!("{key}[include_subdomains]")) == Some("true");
        let there = |handle: &str| {
            let host = handle.split_once('@').unwrap().1;
            host == domain || (below && is_at_or_below(host, domain))
        };
        let count = |pairs: &[(String, String)]| pairs.iter().filter(|(_, it)| there(it)).count();
        let total = match key {
            "instance_follows" => count(&world.local_follows),
            "instance_followers" => count(&world.local_followers),
            "instance_accounts" => {
                let all = world.local_follows.iter().chain(&world.local_followers);
                let all: BTreeSet<&String> = all.map(|(_, remote)| remote).collect();
                all.into_iter().filter(|remote| there(remote)).count()
            }
            _ => continue,
        };
        let total = total.to_string();
        measures.push(json!({ "key": key, "unit": null, "total": total, "data": [] }));
    }
    Answer::json(200, &json!(measures))
}
