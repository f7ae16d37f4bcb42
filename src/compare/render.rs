//! A comparison for eyes, within 80 columns.

use std::fmt;

use super::{Comparison, Differing, Pair};
use crate::plan::wrapped;
use crate::text::{count, fit, plain};

/// More lists than these do not fit side by side.
const MATRIX: usize = 6;
/// How many pairs are shown.
const PAIRS: usize = 50;
const NAME: usize = 46;

/// The printable form of a comparison.
pub struct Table<'a> {
    pub comparison: &'a Comparison,
    /// Also the domains that each list has alone.
    pub only: bool,
    /// Also the domains with different severities.
    pub differ: bool,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comparison = self.comparison;
        lists(f, comparison)?;
        if comparison.lists.len() <= MATRIX {
            matrix(f, comparison)?;
        } else {
            pairs(f, comparison)?;
        }
        writeln!(f, "\n{}", wrapped(&together(comparison), ""))?;
        if !self.differ && !comparison.differ.is_empty() {
            let domains = count(comparison.differ.len(), "domain");
            writeln!(f, "They disagree on the severity of {domains}; --differ shows where.")?;
        }
        for list in &comparison.lists {
            if list.rejected > 0 {
                let rows = count(list.rejected, "row");
                let name = plain(&list.name);
                let text = format!("! {rows} of {name} could not be used and are not compared.");
                writeln!(f, "{}", wrapped(&text, "  "))?;
            }
        }
        if self.only {
            only(f, comparison)?;
        }
        if self.differ {
            differ(f, &comparison.differ)?;
        }
        Ok(())
    }
}

/// Each list with its number, by which the tables below call it.
fn lists(f: &mut fmt::Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    writeln!(f, "{:>3}  {:<NAME$} {:>10} {:>12}", "", "LIST", "DOMAINS", "ONLY HERE")?;
    for (number, list) in (1..).zip(&comparison.lists) {
        let name = fit(&plain(&list.name), NAME);
        writeln!(f, "{number:>3}  {name:<NAME$} {:>10} {:>12}", list.domains, list.only.len())?;
    }
    Ok(())
}

/// What every list shares with every other, and how much of the first that is.
fn matrix(f: &mut fmt::Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    let count = comparison.lists.len();
    writeln!(
        f,
        "\nHow many domains of the list on the left stand in the list above, and how much"
    )?;
    writeln!(f, "of it that is:")?;
    numbers(f, count)?;
    for row in 0..count {
        write!(f, "{:>3}  ", row + 1)?;
        for column in 0..count {
            let cell = match between(comparison, row, column) {
                None => "–".to_owned(),
                Some((pair, true)) => cell(pair.shared, pair.one_in_other),
                Some((pair, false)) => cell(pair.shared, pair.other_in_one),
            };
            write!(f, "{cell:>12}")?;
        }
        writeln!(f)?;
    }
    writeln!(f, "\nHow alike they are (shared domains, of all that stand in either; Jaccard):")?;
    numbers(f, count)?;
    for row in 0..count {
        write!(f, "{:>3}  ", row + 1)?;
        for column in 0..count {
            let cell = between(comparison, row, column)
                .map_or_else(|| "–".to_owned(), |(pair, _)| format!("{:.2}", pair.jaccard));
            write!(f, "{cell:>12}")?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn numbers(f: &mut fmt::Formatter<'_>, count: usize) -> fmt::Result {
    write!(f, "     ")?;
    for number in 1..=count {
        write!(f, "{number:>12}")?;
    }
    writeln!(f)
}

fn cell(shared: usize, share: f64) -> String {
    format!("{shared} {:>5}", percent(share))
}

/// The pair of two lists, and whether the row's list is its first.
fn between(comparison: &Comparison, row: usize, column: usize) -> Option<(&Pair, bool)> {
    if row == column {
        return None;
    }
    let (one, other) = (row.min(column), row.max(column));
    // Before the pairs of `one` stand those of the lists before it, each with one fewer.
    let before = one * (2 * comparison.lists.len() - one - 1) / 2;
    Some((&comparison.pairs[before + other - one - 1], row < column))
}

/// One pair a line, the most alike first.
fn pairs(f: &mut fmt::Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    let count = comparison.lists.len();
    let mut rows: Vec<(usize, usize, &Pair)> = Vec::with_capacity(comparison.pairs.len());
    for one in 0..count {
        for other in one + 1..count {
            rows.extend(
                between(comparison, one, other).map(|(pair, _)| (one + 1, other + 1, pair)),
            );
        }
    }
    rows.sort_by(|(.., a), (.., b)| b.jaccard.total_cmp(&a.jaccard));
    writeln!(f, "\nEvery two lists by their numbers (A, B), the most alike first:")?;
    writeln!(
        f,
        "{:>5} {:>5} {:>10} {:>8} {:>8} {:>8} {:>10}",
        "A", "B", "SHARED", "A IN B", "B IN A", "JACCARD", "DISAGREE"
    )?;
    for (one, other, pair) in rows.iter().take(PAIRS) {
        writeln!(
            f,
            "{one:>5} {other:>5} {:>10} {:>8} {:>8} {:>8.2} {:>10}",
            pair.shared,
            percent(pair.one_in_other),
            percent(pair.other_in_one),
            pair.jaccard,
            pair.differ
        )?;
    }
    if rows.len() > PAIRS {
        writeln!(
            f,
            "… and {}; --json has all.",
            crate::text::count(rows.len() - PAIRS, "more pair")
        )?;
    }
    Ok(())
}

/// How many domains there are, and in how many lists they stand.
fn together(comparison: &Comparison) -> String {
    let mut text = format!("Together they name {}", count(comparison.union, "domain"));
    let mut separator = ":";
    for at_least in comparison.in_at_least.iter().take_while(|at_least| at_least.domains > 0) {
        let what = match (at_least.lists, comparison.lists.len()) {
            (lists, all) if lists == all && all == 2 => "in both".to_owned(),
            (lists, all) if lists == all => format!("in all {all}"),
            (2, _) => "in 2 lists or more".to_owned(),
            (lists, _) => format!("in {lists} or more"),
        };
        text.push_str(&format!("{separator} {} {what}", at_least.domains));
        separator = ",";
    }
    if separator == ":" {
        text.push_str(", and share none of them");
    }
    text.push('.');
    text
}

fn only(f: &mut fmt::Formatter<'_>, comparison: &Comparison) -> fmt::Result {
    for list in &comparison.lists {
        let domains = count(list.only.len(), "domain");
        writeln!(f, "\nOnly in {} ({domains}):", fit(&plain(&list.name), NAME))?;
        for domain in &list.only {
            writeln!(f, "  {domain}")?;
        }
    }
    Ok(())
}

fn differ(f: &mut fmt::Formatter<'_>, differing: &[Differing]) -> fmt::Result {
    if differing.is_empty() {
        return writeln!(f, "\nNowhere do they ask for different severities.");
    }
    writeln!(f, "\nDifferent severities:")?;
    for Differing { domain, severities } in differing {
        let asked: Vec<String> = severities
            .iter()
            .map(|asked| format!("{} in {}", asked.severity, plain(&asked.list)))
            .collect();
        // A bullet, because the line breaker would take blanks at the beginning away.
        writeln!(f, "{}", wrapped(&format!("- {domain}: {}", asked.join(", ")), "    "))?;
    }
    Ok(())
}

fn percent(share: f64) -> String {
    // Only what is whole says so, and only what is nothing says that.
    let shown = match share {
        share if share > 0.0 && share < 0.01 => 1.0,
        share if share < 1.0 => (share * 100.0).round().min(99.0),
        _ => 100.0,
    };
    format!("{shown:.0} %")
}
