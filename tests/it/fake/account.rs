//! `/api/v1/domain_blocks`, the same from 3.5 to 4.7.

use serde_json::json;

use super::pages::page;
use super::routes::{Answer, allow};
use super::{Request, Version, World};

pub fn answer(world: &mut World, request: &Request) -> Answer {
    let scope = if request.method == "GET" { "read:blocks" } else { "write:blocks" };
    let wide = if request.method == "GET" { "read" } else { "write" };
    if let Err(refusal) = allow(world, request, &["follow", wide, scope]) {
        return refusal;
    }
    match request.method.as_str() {
        "GET" => {
            let mut rows: Vec<_> =
                world.account_blocks.iter().map(|(id, domain)| (*id, json!(domain))).collect();
            rows.reverse();
            page(world, request, &rows, 100, 200)
        }
        "POST" => block(world, request.param("domain").unwrap_or_default()),
        "DELETE" => {
            let raw = request.param("domain").unwrap_or_default();
            // Only since 4.2.9 is the given name normalised.
            let domain = if world.version >= Version::V4_3 { normal(raw) } else { raw.to_owned() };
            world.account_blocks.retain(|(_, stored)| *stored != domain);
            Answer::json(200, &json!({}))
        }
        _ => Answer::error(world, 404, "Not found"),
    }
}

fn block(world: &mut World, raw: &str) -> Answer {
    if raw.is_empty() {
        return Answer::error(world, 422, "Validation failed: Domain can't be blank");
    }
    let domain = normal(raw);
    if !is_valid(world.version, &domain) {
        return Answer::error(world, 422, "Validation failed: Domain is not a valid domain name");
    }
    // The existing row is looked up by the raw name, and the new one stored by the normal.
    if !world.account_blocks.iter().any(|(_, stored)| stored == raw) {
        if world.account_blocks.iter().any(|(_, stored)| *stored == domain) {
            let text = "Validation failed: Domain has already been taken";
            return Answer::error(world, 422, text);
        }
        world.block_for_account(&domain);
    }
    // Follows are cut by the raw name too, and the account's alone.
    let stays = |handle: &String| !handle.ends_with(&format!("@{raw}"));
    world.follows.retain(stays);
    world.followers.retain(stays);
    Answer::json(200, &json!({}))
}

pub fn normal(raw: &str) -> String {
    let bare = raw.trim().trim_end_matches('/').trim_end_matches('.');
    idna::domain_to_ascii(bare).unwrap_or_else(|_| bare.to_lowercase())
}

/// Before 4.3 nearly anything was.
pub fn is_valid(version: Version, domain: &str) -> bool {
    if domain.is_empty() || domain.contains(['@', ' ', '/', '?']) {
        return false;
    }
    let label = |label: &str| {
        (1..64).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    version < Version::V4_3 || (domain.len() < 256 && domain.split('.').all(label))
}
