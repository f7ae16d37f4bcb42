//! Whom the account follows, who follows it, and following again.

use serde_json::{Value, json};

use super::account::normal;
use super::pages::page;
use super::routes::{Answer, allow};
use super::{Request, Version, World};

pub fn who_am_i(world: &World, request: &Request) -> Answer {
    if let Err(refusal) = allow(world, request, &["read", "read:accounts", "profile"]) {
        return refusal;
    }
    let me = json!({
        "id": "1", "username": "me", "acct": "me",
        "url": format!("https://{}/@me", world.domain),
        "following_count": world.follows.len(),
        "followers_count": world.followers.len(),
        "role": { "id": "3", "name": "", "permissions": world.role.to_string() },
    });
    Answer::json(200, &me)
}

/// `/api/v1/accounts/:id` and what is below it; `rest` is what follows `accounts/`.
pub fn answer(world: &mut World, request: &Request, rest: &str) -> Answer {
    let scopes: &[&str] = if request.method == "GET" {
        &["read", "read:accounts"]
    } else {
        &["follow", "write", "write:follows"]
    };
    if let Err(refusal) = allow(world, request, scopes) {
        return refusal;
    }
    match (request.method.as_str(), rest.split_once('/').unwrap_or((rest, ""))) {
        ("GET", ("1", "following")) => list(world, request, &world.follows.clone()),
        ("GET", ("1", "followers")) => list(world, request, &world.followers.clone()),
        (method, (id, action)) => match (method, world.handle(id), action) {
            ("GET", Some(handle), "") => Answer::json(200, &entity(world, &handle)),
            ("POST", Some(handle), "follow") => follow(world, id, handle),
            _ => Answer::error(world, 404, "Record not found"),
        },
    }
}

/// Newest first, by the row of the follow and not by the account.
fn list(world: &mut World, request: &Request, handles: &[String]) -> Answer {
    let mut rows: Vec<(u64, Value)> = Vec::new();
    for (at, handle) in handles.iter().enumerate().rev() {
        rows.push((u64::try_from(at).unwrap() + 1, entity(world, handle)));
    }
    page(world, request, &rows, 40, 80)
}

fn entity(world: &mut World, handle: &str) -> Value {
    // The domain is stored in ASCII and shown in Unicode (`Account#pretty_acct`).
    let (user, host) = handle.split_once('@').unwrap();
    let acct = format!("{user}@{}", idna::domain_to_unicode(host).0);
    json!({ "id": world.account_id(handle), "username": user, "acct": acct })
}

fn follow(world: &mut World, id: &str, handle: String) -> Answer {
    let host = handle.split_once('@').unwrap().1;
    if world.account_blocks.iter().any(|(_, domain)| domain == host) {
        return Answer::error(world, 403, "This action is not allowed");
    }
    let requested = world.locked.contains(&handle);
    if !requested && !world.follows.contains(&handle) {
        world.follows.push(handle);
    }
    Answer::json(200, &json!({ "id": id, "following": !requested, "requested": requested }))
}

/// `/api/v1/domain_blocks/preview`, since 4.3.
pub fn preview(world: &World, request: &Request) -> Answer {
    if world.version < Version::V4_3 {
        return Answer::error(world, 404, "Record not found");
    }
    if let Err(refusal) = allow(world, request, &["follow", "write", "write:blocks"]) {
        return refusal;
    }
    let ending = format!("@{}", normal(request.param("domain").unwrap_or_default()));
    let count = |handles: &[String]| handles.iter().filter(|it| it.ends_with(&ending)).count();
    Answer::json(
        200,
        &json!({
            "following_count": count(&world.follows),
            "followers_count": count(&world.followers),
        }),
    )
}
