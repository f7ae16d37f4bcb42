//! Pictures, as numbers that a template writes down as SVG.
//!
//! Each has a table beside it that says the same, for those who do not see it.

use chrono::{DateTime, Utc};

/// What a version was, which decides its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    InForce,
    Held,
    Rejected,
    /// Held, and replaced by its publisher.
    Replaced,
}

impl Kind {
    pub fn class(self) -> &'static str {
        match self {
            Kind::InForce => "in-force",
            Kind::Held => "held",
            Kind::Rejected => "rejected",
            Kind::Replaced => "replaced",
        }
    }

    /// Its mark around 0, 0. Each has a shape of its own, so that colour alone tells nothing.
    pub fn shape(self) -> &'static str {
        match self {
            Kind::InForce => "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0z",
            Kind::Held => "M0 -8L8 6H-8z",
            Kind::Rejected => "M-6 -6L6 6M-6 6L6 -6",
            Kind::Replaced => "M-5 -5H5V5H-5z",
        }
    }
}

/// How large something was at a time.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub size: u32,
    pub kind: Kind,
}

/// Sizes over time, as a line in steps.
#[derive(Debug, PartialEq, Eq)]
pub struct Sizes {
    pub width: u32,
    pub height: u32,
    pub left: u32,
    pub right: u32,
    pub bottom: u32,
    /// Of what was in force, from the first to now.
    pub line: String,
    /// The same with what lies below it.
    pub area: String,
    pub marks: Vec<Mark>,
    /// Heights with their numbers.
    pub levels: Vec<(u32, u32)>,
    /// Places on the axis with their days, and how the text stands to them.
    pub days: Vec<(u32, String, &'static str)>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Mark {
    pub x: u32,
    pub y: u32,
    pub kind: Kind,
}

const WIDTH: u32 = 720;
const HEIGHT: u32 = 240;
const LEFT: u32 = 64;
const RIGHT: u32 = 704;
const TOP: u32 = 16;
const BOTTOM: u32 = 206;
/// More dots than this make no line clearer.
const MOST_DOTS: usize = 60;

/// `points` are in the order of time. Nothing where there are none.
pub fn sizes(points: &[Point], now: DateTime<Utc>) -> Option<Sizes> {
    let first = points.first()?.at;
    let span = (now - first).num_seconds().max(1);
    let (step, top) = scale(points.iter().map(|point| point.size).max()?);
    let x = |at: DateTime<Utc>| {
        let share = (at - first).num_seconds().clamp(0, span);
        LEFT + part(share, span, RIGHT - LEFT)
    };
    let y = |size: u32| BOTTOM - part(size.into(), top.into(), BOTTOM - TOP);
    let mut line = String::new();
    let mut begins = LEFT;
    for point in points.iter().filter(|point| point.kind == Kind::InForce) {
        let (x, y) = (x(point.at), y(point.size));
        if line.is_empty() {
            begins = x;
            line = format!("M{x} {y}");
        } else {
            line += &format!("H{x}V{y}");
        }
    }
    if !line.is_empty() {
        line += &format!("H{RIGHT}");
    }
    let area = if line.is_empty() { String::new() } else { format!("{line}V{BOTTOM}H{begins}z") };
    let dots = points.iter().filter(|point| point.kind == Kind::InForce).count() <= MOST_DOTS;
    let shown = points.iter().filter(|point| dots || point.kind != Kind::InForce);
    let marks = shown.map(|point| Mark { x: x(point.at), y: y(point.size), kind: point.kind });
    let day = |at: DateTime<Utc>| at.format("%Y-%m-%d").to_string();
    let middle = first + (now - first) / 2;
    let days = match span {
        ..172_800 => vec![(RIGHT, day(now), "end")],
        172_800..1_036_800 => vec![(LEFT, day(first), "start"), (RIGHT, day(now), "end")],
        _ => vec![
            (LEFT, day(first), "start"),
            (x(middle), day(middle), "middle"),
            (RIGHT, day(now), "end"),
        ],
    };
    Some(Sizes {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        bottom: BOTTOM,
        area,
        line,
        marks: marks.collect(),
        levels: (0..=top / step).map(|n| (y(n * step), n * step)).collect(),
        days,
    })
}

/// So much of a whole as `length`.
fn part(share: i64, whole: i64, length: u32) -> u32 {
    let length = i64::from(length) * share / whole.max(1);
    u32::try_from(length).unwrap_or(0)
}

/// A round step, and a multiple of it at or above `largest`, four steps away at most.
fn scale(largest: u32) -> (u32, u32) {
    let mut step: u32 = 1;
    for factor in [2, 5, 10].into_iter().cycle() {
        if step.saturating_mul(4) >= largest {
            break;
        }
        let tens = 10_u32.saturating_pow(step.ilog10());
        step = tens.saturating_mul(factor);
    }
    (step, largest.div_ceil(step).max(1).saturating_mul(step))
}

/// Who shares what: a row for each combination of lists, a column for each list.
#[derive(Debug, PartialEq, Eq)]
pub struct Overlap {
    pub width: u32,
    pub height: u32,
    /// Where the columns stand, with their letters.
    pub columns: Vec<(u32, char)>,
    pub rows: Vec<OverlapRow>,
    /// Where the bars begin.
    pub bars: u32,
}

#[derive(Debug, PartialEq, Eq)]
pub struct OverlapRow {
    pub y: u32,
    /// Whether each list is in the combination, with the place of its column.
    pub dots: Vec<(u32, bool)>,
    /// From the first to the last list that is in it.
    pub from: u32,
    pub to: u32,
    pub length: u32,
    pub count: usize,
}

const COLUMN: u32 = 30;
const ROW: u32 = 28;
const HEAD: u32 = 30;
/// Room for a number behind the longest bar.
const NUMBER: u32 = 70;

/// `rows` are the sets, as bits, and how many stand in exactly them.
pub fn overlap(lists: usize, rows: &[(u32, usize)]) -> Overlap {
    let lists = u32::try_from(lists).unwrap_or(0);
    let bars = lists * COLUMN + 20;
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0);
    let whole = i64::try_from(most).unwrap_or(i64::MAX);
    let column = |list: u32| COLUMN / 2 + list * COLUMN;
    let drawn = (0_u32..).zip(rows).map(|(at, (set, count))| {
        let dots: Vec<(u32, bool)> =
            (0..lists).map(|list| (column(list), set & (1 << list) != 0)).collect();
        let within: Vec<u32> = dots.iter().filter(|(_, is)| *is).map(|(x, _)| *x).collect();
        let share = i64::try_from(*count).unwrap_or(i64::MAX);
        OverlapRow {
            y: HEAD + at * ROW + ROW / 2,
            from: within.first().copied().unwrap_or(0),
            to: within.last().copied().unwrap_or(0),
            dots,
            // Something is never drawn as nothing.
            length: part(share, whole, WIDTH - bars - NUMBER).max(2),
            count: *count,
        }
    });
    let rows: Vec<OverlapRow> = drawn.collect();
    let height = HEAD + u32::try_from(rows.len()).unwrap_or(0) * ROW + 8;
    let columns = (0..lists).zip('A'..).map(|(list, letter)| (column(list), letter)).collect();
    Overlap { width: WIDTH, height, columns, rows, bars }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(day: &str, size: u32, kind: Kind) -> Point {
        Point { at: format!("{day}T00:00:00Z").parse().unwrap(), size, kind }
    }

    #[test]
    fn a_scale_is_round_and_reaches_the_top() {
        for (largest, want) in [
            (0, (1, 1)),
            (3, (1, 3)),
            (5, (2, 6)),
            (34, (10, 40)),
            (412, (200, 600)),
            (23_560, (10_000, 30_000)),
            (u32::MAX, (2_000_000_000, u32::MAX)),
        ] {
            assert_eq!(scale(largest), want, "{largest}");
        }
    }

    #[test]
    fn the_line_goes_in_steps_and_what_was_not_in_force_stands_beside_it() {
        let points = [
            point("2026-01-01", 100, Kind::InForce),
            point("2026-01-06", 0, Kind::Held),
            point("2026-01-11", 200, Kind::InForce),
        ];
        let chart = sizes(&points, points[2].at + chrono::TimeDelta::days(10)).unwrap();
        assert_eq!(chart.line, "M64 111H384V16H704");
        assert_eq!(chart.area, "M64 111H384V16H704V206H64z");
        assert_eq!(chart.marks[1], Mark { x: 224, y: 206, kind: Kind::Held });
        assert_eq!(chart.levels, [(206, 0), (159, 50), (111, 100), (64, 150), (16, 200)]);
        assert_eq!(sizes(&[], points[0].at), None);
        let fresh = sizes(&points[..1], points[0].at).unwrap();
        assert_eq!((fresh.line.as_str(), fresh.days.len()), ("M64 16H704", 1));
    }

    #[test]
    fn bars_are_as_long_as_they_say() {
        let picture = overlap(2, &[(0b11, 200), (0b01, 100), (0b10, 0)]);
        let lengths: Vec<u32> = picture.rows.iter().map(|row| row.length).collect();
        assert_eq!(lengths, [570, 285, 2]);
        assert_eq!(picture.rows[1].dots, [(15, true), (45, false)]);
        assert_eq!(picture.columns, [(15, 'A'), (45, 'B')]);
    }
}
