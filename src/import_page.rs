//! How a new CSV file gets from here onto a server: through its import page, by hand.

use crate::block::Level;
use crate::plan::Plan;
use crate::target::MOST_ROWS;
use crate::text::count;

/// Where the server's import page is, as far as the server is known.
pub fn address(plan: &Plan) -> String {
    let host = plan.target.own.first().map_or("YOUR-SERVER", |own| own.as_str());
    let page = match plan.target.level {
        Level::Account => "settings/imports",
        Level::Instance => "admin/export_domain_blocks/new",
    };
    format!("https://{host}/{page}")
}

/// The way through the server's import page, in words.
pub fn steps(plan: &Plan, files: &[String]) -> Vec<String> {
    let address = address(plan);
    let names = files.join(", then ");
    let mut steps = Vec::new();
    if plan.target.level == Level::Account {
        steps.push(format!("Open {address} (Preferences, Import and export, Import)."));
        let mode = if plan.summary.remove > 0 {
            if files.len() > 1 {
                steps.push(format!(
                    "The page takes {MOST_ROWS} rows at once and \u{201c}Overwrite\u{201d} needs them all: \
                     lift the {} by hand instead, and use \u{201c}Merge\u{201d}.",
                    count(plan.summary.remove, "block")
                ));
                "Merge"
            } else {
                "Overwrite"
            }
        } else {
            "Merge"
        };
        steps.push(format!(
            "Choose the type \u{201c}Domain blocking list\u{201d}, the file {names}, and \u{201c}{mode}\u{201d}."
        ));
        steps.push("Upload, look at the number that the page shows, and confirm.".to_owned());
        return steps;
    }
    steps.push(format!("Open {address} (Moderation, Federation, Import)."));
    steps.push(format!("Choose the file {names}, upload, look at the rows, and confirm."));
    if plan.summary.update + plan.summary.remove > 0 {
        steps.push(format!(
            "The page only adds. Change {} and lift {} by hand under Moderation, Federation; the \
             plan names them.",
            count(plan.summary.update, "block"),
            plan.summary.remove
        ));
    }
    steps
}
