//! `/api/v1/admin/domain_blocks`, since 4.0.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::{is_valid, normal};
use super::pages::page;
use super::routes::{Answer, allow};
use super::{AdminBlock, Request, Version, World, is_at_or_below};

const PATH: &str = "/api/v1/admin/domain_blocks";

pub fn answer(world: &mut World, request: &Request) -> Answer {
    let scopes: [&str; 2] = if request.method == "GET" {
        ["admin:read", "admin:read:domain_blocks"]
    } else {
        ["admin:write", "admin:write:domain_blocks"]
    };
    if let Err(refusal) = allow(world, request, &scopes) {
        return refusal;
    }
    if world.role & 0b10_0001 == 0 {
        return Answer::error(world, 403, "This action is not allowed");
    }
    let id = request.path.strip_prefix(PATH).unwrap_or_default().trim_start_matches('/');
    let at = world.admin_blocks.iter().position(|block| block.id.to_string() == id);
    match (request.method.as_str(), at) {
        ("GET", None) if id.is_empty() => {
            let mut rows: Vec<_> =
                world.admin_blocks.iter().map(|block| (block.id, entity(world, block))).collect();
            rows.reverse();
            let most = if world.version >= Version::V4_3 { 500 } else { 200 };
            page(world, request, &rows, 100, most)
        }
        ("POST", None) if id.is_empty() => create(world, request),
        ("GET", Some(at)) => Answer::json(200, &entity(world, &world.admin_blocks[at])),
        ("PUT" | "PATCH", Some(at)) => {
            let mut block = world.admin_blocks[at].clone();
            if let Err(refusal) = fill(world, request, &mut block) {
                return refusal;
            }
            cut(world, &block);
            world.admin_blocks[at] = block;
            Answer::json(200, &entity(world, &world.admin_blocks[at]))
        }
        ("DELETE", Some(at)) => {
            world.admin_blocks.remove(at);
            Answer::json(200, &json!({}))
        }
        _ => Answer::error(world, 404, "Record not found"),
    }
}

fn create(world: &mut World, request: &Request) -> Answer {
    let domain = normal(request.param("domain").unwrap_or_default());
    if !is_valid(world.version, &domain) {
        return Answer::error(world, 422, "Validation failed: Domain is not a valid domain name");
    }
    let mut block = AdminBlock::new(&domain, "silence");
    if let Err(refusal) = fill(world, request, &mut block) {
        return refusal;
    }
    if let Some(existing) = rule_for(world, &domain) {
        let own = existing.domain == domain;
        let taken = world.version >= Version::V4_3 && !own && stricter(&block, existing);
        if !taken {
            let text = format!("You have already imposed stricter limits on {domain}.");
            let text = if world.german { "Schon strenger".to_owned() } else { text };
            let existing = entity(world, existing);
            let body = json!({ "error": text, "existing_domain_block": existing });
            return Answer::json(422, &body);
        }
    }
    cut(world, &block);
    world.block_for_all(block);
    Answer::json(200, &entity(world, world.admin_blocks.last().unwrap()))
}

/// A suspension cuts what there is between here and there; nothing gentler does.
fn cut(world: &mut World, block: &AdminBlock) {
    if block.severity == "suspend" {
        world.cut(|host| is_at_or_below(host, &block.domain));
    }
}

/// The longest stored name that is the domain or above it.
fn rule_for<'w>(world: &'w World, domain: &str) -> Option<&'w AdminBlock> {
    let above = |block: &&AdminBlock| is_at_or_below(domain, &block.domain);
    world.admin_blocks.iter().filter(above).max_by_key(|block| block.domain.len())
}

/// `DomainBlock#stricter_than?`, equality included.
fn stricter(new: &AdminBlock, old: &AdminBlock) -> bool {
    if new.severity == "suspend" {
        return true;
    }
    if old.severity == "suspend" || (old.severity == "silence" && new.severity == "noop") {
        return false;
    }
    (new.reject_media || !old.reject_media) && (new.reject_reports || !old.reject_reports)
}

fn fill(world: &World, request: &Request, block: &mut AdminBlock) -> Result<(), Answer> {
    if let Some(severity) = request.param("severity") {
        if !["noop", "silence", "suspend"].contains(&severity) {
            let text = "Validation failed: Severity is not included in the list";
            let status = if world.version >= Version::V4_6 { 422 } else { 500 };
            return Err(Answer::error(world, status, text));
        }
        severity.clone_into(&mut block.severity);
    }
    // As Rails casts it: everything else is true.
    let flag = |name: &str, field: &mut bool| {
        if let Some(value) = request.param(name) {
            *field = !["", "false", "f", "0", "off"].contains(&value);
        }
    };
    flag("reject_media", &mut block.reject_media);
    flag("reject_reports", &mut block.reject_reports);
    flag("obfuscate", &mut block.obfuscate);
    let text = |name: &str, field: &mut String| {
        if let Some(value) = request.param(name) {
            value.clone_into(field);
        }
    };
    text("public_comment", &mut block.public_comment);
    text("private_comment", &mut block.private_comment);
    Ok(())
}

fn entity(world: &World, block: &AdminBlock) -> Value {
    let comment = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let mut entity = json!({
        "id": block.id.to_string(),
        "domain": block.domain,
        "created_at": "2026-11-01T08:15:34.238Z",
        "severity": block.severity,
        "reject_media": block.reject_media,
        "reject_reports": block.reject_reports,
        "obfuscate": block.obfuscate,
        "public_comment": comment(&block.public_comment),
        "private_comment": comment(&block.private_comment),
    });
    if world.version >= Version::V4_3 {
        let digest = Sha256::digest(block.domain.as_bytes());
        entity["digest"] = json!(hedgerow::block::hex(&digest));
    }
    entity
}
