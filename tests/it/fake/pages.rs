//! Pages by row id, newest first, with `Link` headers as `api/pagination` makes them.

use super::routes::Answer;
use super::{Request, World};
use serde_json::Value;

/// Cuts a page out of rows that are ordered by id, highest first.
pub fn page(
    world: &World,
    request: &Request,
    rows: &[(u64, Value)],
    default: usize,
    most: usize,
) -> Answer {
    let number = |name: &str| request.query.get(name).and_then(|text| text.parse::<u64>().ok());
    let limit = number("limit").map_or(default, |limit| usize::try_from(limit).unwrap()).min(most);
    let above = number("max_id").unwrap_or(u64::MAX);
    let below = number("since_id").unwrap_or(0);
    let page: Vec<&(u64, Value)> =
        rows.iter().filter(|(id, _)| *id < above && *id > below).take(limit).collect();
    let body = Value::Array(page.iter().map(|(_, row)| row.clone()).collect());
    let answer = Answer::json(200, &body);
    let (Some(first), Some(last)) = (page.first(), page.last()) else { return answer };
    let base = world.links_to.clone().unwrap_or_default() + &request.path;
    let mut links = Vec::new();
    if world.endless {
        links.push(format!("<{base}?limit={limit}&max_id={}>; rel=\"next\"", first.0 + 1));
    } else if page.len() == limit {
        links.push(format!("<{base}?limit={limit}&max_id={}>; rel=\"next\"", last.0));
    }
    links.push(format!("<{base}?limit={limit}&since_id={}>; rel=\"prev\"", first.0));
    answer.header("Link", links.join(", "))
}
