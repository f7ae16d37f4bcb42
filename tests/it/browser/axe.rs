//! What axe-core finds on a page: every rule it has, its advice on good practice included.

use std::path::PathBuf;

use serde_json::Value;

use super::Browser;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe/node_modules/axe-core/axe.min.js")
}

pub fn is_there() -> bool {
    path().is_file()
}

const RUN: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] })
        .then((found) => done(found.violations), (error) => done(String(error)));";

/// Each with the rule, and the elements that break it.
pub async fn violations(browser: &Browser) -> Vec<String> {
    if browser.run("return typeof axe").await == "undefined" {
        let source = std::fs::read_to_string(path()).unwrap();
        browser.run(&source).await;
    }
    let found = browser.client.execute_async(RUN, Vec::new()).await.unwrap();
    let Value::Array(found) = found else { panic!("axe-core gave up: {found}") };
    found.iter().map(told).collect()
}

fn told(violation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut told = format!(
        "  {} ({}): {}",
        text(&violation["id"]),
        text(&violation["impact"]),
        text(&violation["help"])
    );
    for node in violation["nodes"].as_array().into_iter().flatten() {
        let summary = text(&node["failureSummary"]).replace('\n', "\n      ");
        told += &format!("\n    {}\n      {summary}", text(&node["html"]));
    }
    told
}
