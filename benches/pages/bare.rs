//! The floor: one page of axum and askama with a table of the same size, and nothing around it
//! or behind it.

use std::net::SocketAddr;

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use serde::Deserialize;

use crate::load::Failure;

#[derive(Template)]
#[template(
    ext = "html",
    source = "<!doctype html>
<html lang=\"en\">
<head><meta charset=\"utf-8\"><title>{{ title }}</title></head>
<body><main><h1>{{ title }}</h1>
<table><thead><tr><th scope=\"col\">Domain</th><th scope=\"col\">What changes</th><th scope=\"col\">Asked for by</th></tr></thead>
<tbody>
{% for row in rows %}<tr><th scope=\"row\"><bdi>{{ row.domain }}</bdi></th><td>{{ row.change }}</td><td>{{ row.lists }}</td></tr>
{% endfor %}</tbody></table></main></body></html>"
)]
struct Page {
    title: &'static str,
    rows: Vec<Row>,
}

struct Row {
    domain: String,
    change: &'static str,
    lists: &'static str,
}

#[derive(Deserialize)]
struct Asked {
    size: usize,
}

/// A row of the table, in bytes.
const ROW: usize = 117;
const FRAME: usize = 300;

/// A page of about so many bytes.
async fn page(Query(Asked { size }): Query<Asked>) -> Result<Html<String>, String> {
    let rows = (0..size.saturating_sub(FRAME) / ROW)
        .map(|number| Row {
            domain: format!("host{number:06}.example"),
            change: "block, suspended",
            lists: "garden, orchard",
        })
        .collect();
    Page { title: "A page", rows }.render().map(Html).map_err(|error| error.to_string())
}

/// Serves it on a port of its own.
pub async fn serve() -> Result<SocketAddr, Failure> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(page))).await });
    Ok(address)
}
