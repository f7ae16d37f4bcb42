//! How fast each format is read, and how badly each can be made to go.
//!
//! `cargo bench --bench readers` prints rows a second for every format that can be written
//! down here, beside a bare loop of the `csv` crate over the same bytes (one reused record,
//! nothing done with it) in the same run. `cargo bench --bench readers -- hostile` reads
//! 64 MiB of each kind of rubbish as every format, each in a process of its own, and prints
//! the slowest and the largest; it fails beyond 10 seconds or 256 MiB.

use std::error::Error;
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use hedgerow::list::{Format, read, read_as};

const ROWS: usize = 100_000;
const ROUNDS: usize = 7;
const HOSTILE: usize = 64 << 20;
const SLOWEST: Duration = Duration::from_secs(10);
const LARGEST_MIB: u64 = 256;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["only", word] => only(word),
        ["hostile"] => hostile(),
        ["hostile", rubbish, format] => one_hostile(rubbish, format),
        _ => speed(),
    }
}

fn speed() -> Result<(), Box<dyn Error>> {
    println!("{:<20} {:>8} {:>12} {:>12} {:>8}", "format", "MB", "rows/s", "csv rows/s", "times");
    for (format, text) in samples() {
        // YAML is slow to read, and has a limit of its own.
        let rows = if format == Format::Yaml { ROWS / 2 } else { ROWS };
        let text = if rows == ROWS { text } else { half(&text) };
        let bytes = text.as_bytes();
        let document = read(bytes)?;
        assert_eq!(document.format, format, "read as another format than it was written in");
        assert_eq!(document.entries.len(), rows, "{format}: {:?}", document.counts);
        let (mut ours, mut floor) = (Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            let document = std::hint::black_box(read(bytes)?);
            ours = ours.min(start.elapsed());
            drop(document);
            let start = Instant::now();
            std::hint::black_box(bare_loop(bytes)?);
            floor = floor.min(start.elapsed());
        }
        let number = |count: usize| u32::try_from(count).map_or(f64::NAN, f64::from);
        let rate = |time: Duration| number(rows) / time.as_secs_f64();
        println!(
            "{:<20} {:>8.1} {:>12.0} {:>12.0} {:>7.2}x",
            format.word(),
            number(bytes.len()) / 1e6,
            rate(ours),
            rate(floor),
            ours.as_secs_f64() / floor.as_secs_f64()
        );
    }
    Ok(())
}

/// Reads one format again and again, for a profiler to look at.
fn only(word: &str) -> Result<(), Box<dyn Error>> {
    let (_, text) = samples().into_iter().find(|(f, _)| f.word() == word).ok_or("no sample")?;
    for _ in 0..100 {
        std::hint::black_box(read(text.as_bytes())?);
    }
    Ok(())
}

/// The first half of a text that has no end of its own.
fn half(text: &str) -> String {
    let middle = text.match_indices("- hostname").nth(ROWS / 2).map_or(text.len(), |(at, _)| at);
    text[..middle].to_owned()
}

fn bare_loop(bytes: &[u8]) -> Result<usize, csv::Error> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut rows = 0;
    while reader.read_byte_record(&mut record)? {
        rows += 1;
    }
    Ok(rows)
}

/// Names as lists have them: two or three labels, few of them longer than 24 letters, and
/// in alphabetical order.
fn names() -> impl Iterator<Item = String> {
    const TOPS: [&str; 6] = ["social", "example", "club", "online", "xyz", "moe"];
    let name = |n: usize| {
        let sub = if n.is_multiple_of(4) { format!("m{}.", n % 97) } else { String::new() };
        format!("{sub}host{}-{n}.{}", n % 13, TOPS[n % TOPS.len()])
    };
    let mut names: Vec<String> = (0..ROWS).map(name).collect();
    names.sort_unstable();
    names.into_iter()
}

const REASONS: [&str; 5] =
    ["spam", "hate speech, harassment", "\"free\" speech", "csam", "underage; explicit"];

/// The same list in every format that is simple enough to be written here.
fn samples() -> Vec<(Format, String)> {
    use Format as F;
    let table = |header: &str, row: &dyn Fn(&str, &str) -> String| {
        let mut text = header.to_owned();
        for (n, name) in names().enumerate() {
            text += &row(&name, REASONS[n % REASONS.len()]);
        }
        text
    };
    // Where it has to be, as the programs that write these files do it.
    let quoted = |text: &str| {
        if text.contains(['"', ',', ';']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let json = |text: &str| format!("\"{}\"", text.replace('"', "\\\""));
    let array = |row: &dyn Fn(&str, &str) -> String| {
        let text = table("", &|name, why| row(name, why) + ",\n");
        format!("[{}]", text.trim_end_matches(",\n"))
    };
    vec![
        (
            F::MastodonAdminCsv,
            table(
                "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n",
                &|name, why| format!("{name},suspend,FALSE,FALSE,{},FALSE\n", quoted(why)),
            ),
        ),
        (
            F::FediblockholeCsv,
            table("domain,severity,public_comment,private_comment,obfuscate\r\n", &|name, why| {
                format!("{name},silence,{},added by hand,False\r\n", quoted(why))
            }),
        ),
        (F::UserCsv, table("", &|name, _| format!("{name}\n"))),
        (F::PlainText, table("# a list\n", &|name, _| format!("{name}\n"))),
        (F::FriendicaCsv, table("", &|name, why| format!("{name},{}\n", quoted(why)))),
        (
            F::InstanceBlocks,
            array(&|name, why| {
                let digest = "0".repeat(64);
                format!(
                    r#"{{"domain":"{name}","digest":"{digest}","severity":"suspend","comment":{}}}"#,
                    json(why)
                )
            }),
        ),
        (
            F::AdminBlocks,
            array(&|name, why| {
                format!(
                    r#"{{"id":"1","domain":"{name}","created_at":"2026-01-01T00:00:00.000Z","severity":"suspend","reject_media":false,"reject_reports":false,"private_comment":null,"public_comment":{},"obfuscate":false}}"#,
                    json(why)
                )
            }),
        ),
        (F::UserBlocks, array(&|name, _| format!("\"{name}\""))),
        (
            F::Gotosocial,
            array(&|name, why| {
                format!(
                    r#"{{"domain":"{name}","suspended_at":"2026-01-01T00:00:00.000Z","comment":{}}}"#,
                    json(why)
                )
            }),
        ),
        (
            F::Fires,
            format!(
                r#"{{"type":"Collection","orderedItems":{}}}"#,
                array(&|name, why| format!(
                    r#"{{"type":"Recommendation","entityKind":"domain","entityKey":"{name}","recommendedPolicy":"drop","comment":{},"labels":[]}}"#,
                    json(why)
                ))
            ),
        ),
        (F::Bookwyrm, array(&|name, _| format!(r#"{{"instance":"{name}","url":""}}"#))),
        (
            F::Markdown,
            table("| Instance | Status | Reason |\n| --- | --- | --- |\n", &|name, why| {
                format!("| {name} | suspended | {why} |\n")
            }),
        ),
        (
            F::Yaml,
            table("", &|name, why| {
                format!(
                    "- hostname: {name}\n  severity: suspend\n  public_comment: {}\n",
                    json(why)
                )
            }),
        ),
        (F::Hosts, table("", &|name, _| format!("0.0.0.0 {name}\n"))),
        (F::Adblock, table("! Title: a list\n", &|name, _| format!("||{name}^\n"))),
    ]
}

/// Kinds of rubbish, each repeated until the file is full.
const RUBBISH: [(&str, &str, &str); 27] = [
    ("letters", "", "a"),
    ("line breaks", "", "\n"),
    ("commas", "", ","),
    ("open quote", "domain,severity\n\"", "a.example,suspend\n"),
    ("quotes", "domain,severity\n", "\""),
    ("short rows", "", "x\n"),
    ("names", "", "%.example\n"),
    ("rows", "#domain,#severity,#public_comment\n", "%.example,suspend,%\n"),
    ("bad rows", "domain,severity\n", "%.example,susped\n"),
    ("masks", "domain,severity\n", "%******xyz.com,suspend\n"),
    ("handles", "", "@a@b.example\n"),
    ("brackets", "", "["),
    ("braces", "", "{\"a\":"),
    ("zeros", "[0", ",0"),
    ("strings", "[\"a.example\"", ",\"%.example\""),
    (
        "objects",
        "[{\"domain\":\"a.example\",\"severity\":\"suspend\"}",
        ",{\"domain\":\"%.example\",\"severity\":\"suspend\"}",
    ),
    ("keys", "{\"blocks\":{\"a.example\":{}", ",\"%.example\":{\"isBlocked\":true}"),
    ("cells", "| domain | severity |\n| --- | --- |\n", "| "),
    ("table", "| domain | severity |\n| --- | --- |\n", "| %.example | suspend |\n"),
    ("items", "", "- hostname: %.example\n"),
    ("flow", "- ", "["),
    ("hosts", "", "0.0.0.0 %.example\n"),
    ("filters", "", "||%.example^\n"),
    ("tuples", "reject: [", "{\"%.example\", \"x\"}, "),
    ("windows-1252", "domain\n", "\u{1}"),
    ("stars", "", "*."),
    ("patterns", "", "*.%.example,why\n"),
];

fn rubbish(name: &str) -> Option<Vec<u8>> {
    let (_, start, repeated) = RUBBISH.into_iter().find(|(own, ..)| *own == name)?;
    let mut text = String::with_capacity(HOSTILE + 64);
    text += start;
    let mut number = 0u64;
    while text.len() < HOSTILE {
        match repeated.split_once('%') {
            Some((head, tail)) => {
                number += 1;
                let _ = write!(text, "{head}h{number:x}{}", tail.replace('%', "why"));
            }
            None => text += repeated,
        }
    }
    let mut bytes = text.into_bytes();
    bytes.truncate(HOSTILE);
    if name == "windows-1252" {
        bytes.iter_mut().filter(|byte| **byte == 1).for_each(|byte| *byte = 0x80);
    }
    Some(bytes)
}

fn one_hostile(name: &str, format: &str) -> Result<(), Box<dyn Error>> {
    let bytes = rubbish(name).ok_or("no such rubbish")?;
    let start = Instant::now();
    let read = read_as(&bytes, Format::from_word(format));
    let time = start.elapsed();
    let what = match &read {
        Ok(document) => format!("{} entries", document.entries.len()),
        Err(error) => format!("{error:?}").chars().take(20).collect(),
    };
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{} {} {what}", time.as_millis(), peak / 1024);
    Ok(())
}

fn hostile() -> Result<(), Box<dyn Error>> {
    let me = std::env::current_exe()?;
    let mut failed = false;
    println!("{:<14} {:<20} {:>8} {:>8}  outcome", "64 MiB of", "read as", "ms", "MiB");
    for (name, ..) in RUBBISH {
        // As what it looks like, and as everything that it does not.
        let formats = Format::ALL.iter().map(|format| format.word());
        let mut worst: Option<(u64, u64, String, &str)> = None;
        for format in std::iter::once("detected").chain(formats) {
            let out = Command::new(&me).args(["hostile", name, format]).output()?;
            let line = String::from_utf8(out.stdout)?;
            let mut parts = line.trim().splitn(3, ' ');
            let mut number = || parts.next().and_then(|part| part.parse().ok()).unwrap_or(u64::MAX);
            let (time, peak) = (number(), number());
            let what = parts.next().unwrap_or("it died").to_owned();
            let bad = u128::from(time) > SLOWEST.as_millis() || peak > LARGEST_MIB;
            failed |= bad;
            if bad {
                println!("{name:<14} {format:<20} {time:>8} {peak:>8}  {what}  TOO MUCH");
            }
            if worst.as_ref().is_none_or(|(slowest, ..)| time > *slowest) {
                worst = Some((time, peak, what, format));
            }
        }
        if let Some((time, peak, what, format)) = worst {
            println!("{name:<14} {format:<20} {time:>8} {peak:>8}  {what}");
        }
    }
    if failed { Err("some rubbish takes too much".into()) } else { Ok(()) }
}
