//! How long a plan takes where much stands and many lists are followed: a target with 20,000
//! blocks and 10 lists of 20,000 rows, with everything but the network.
//!
//! `cargo bench --bench plan` prints the time of the steps and of the whole, from the store
//! on the disk to the finished plan, and the most memory that the process ever had. Beside
//! it stands the floor: reading the ten lists' bytes from the store, with a bare loop of the
//! `csv` crate over each. `-- once` plans once, for a profiler to look at.

use std::error::Error;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use hedgerow::app::App;
use hedgerow::block::{Block, Level, Rule, State};
use hedgerow::clock::{Clock, SystemClock};
use hedgerow::domain::Domain;
use hedgerow::fetch::Reach;
use hedgerow::follow::Settings;
use hedgerow::keep::{self, Intent, whose};
use hedgerow::ledger::{Done, settle};
use hedgerow::plan::Change;
use hedgerow::policy::{Mode, Retractions, Terms};
use hedgerow::source::Source;
use hedgerow::target::{
    Capabilities, Kind, Matching, Target, TargetError, TargetRef, Writes, Written,
};

const BLOCKS: usize = 20_000;
const LISTS: usize = 10;
const ROWS: usize = 20_000;
const ROUNDS: usize = 9;

/// An instance that costs no network.
struct Memory {
    identity: TargetRef,
    state: State,
}

#[async_trait]
impl Target for Memory {
    fn identity(&self) -> &TargetRef {
        &self.identity
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            level: Level::Instance,
            rules: true,
            matching: Matching::WithSubdomains,
            nested: true,
            writes: Writes::Single,
            page_size: 500,
            budget: None,
        }
    }

    async fn read(&self) -> Result<State, TargetError> {
        Ok(self.state.clone())
    }

    async fn write(&self, _: &[Change], _: &State) -> Result<Written, TargetError> {
        Ok(Written::AlreadySo)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let once = std::env::args().any(|arg| arg == "once");
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let mut target = prepare(&data, folder.path()).await?;
    let open = || App::new(Some(data.clone()), None, None, Reach::PublicOnly);
    let intent = Intent { offline: true, unattended: true, ..Intent::default() };
    // Something has to be decided: some blocks were lifted by hand, some never set.
    target.state.blocks.retain(|block| block.name.len() % 7 != 3 || !block.name.contains("77"));
    target.state = State::new(Level::Instance, target.state.taken_at, target.state.blocks);
    let (mut whole, mut opening) = (Vec::new(), Vec::new());
    let mut summary = String::new();
    for _ in 0..if once { 1 } else { ROUNDS } {
        let start = Instant::now();
        let app = open()?;
        app.store().await?;
        opening.push(start.elapsed());
        let plan = keep::plan(&app, &target, &intent).await?;
        whole.push(start.elapsed());
        summary = format!(
            "{} blocks there, {} unchanged, {} to add, {} held, {} skipped",
            plan.state.blocks.len(),
            plan.summary.unchanged,
            plan.summary.add,
            plan.summary.held,
            plan.summary.skipped
        );
    }
    println!("{LISTS} lists of {ROWS} rows: {summary}");
    println!("open the store        {}", times(&mut opening));
    let app = open()?;
    let store = app.store().await?;
    let (mut ledger, mut floor) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let kept = store.ledger("bench", &whose(&target.identity), SystemClock.now()).await?;
        ledger.push(start.elapsed());
        assert!(kept.holdings.len() > BLOCKS / 2);
        let start = Instant::now();
        let mut rows = 0;
        for list in store.lists().await? {
            let snapshot = store.snapshot(list.current).await?.ok_or("no version")?;
            let bytes = store.content(&snapshot.sha256).await?;
            let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..]);
            let mut record = csv::ByteRecord::new();
            while reader.read_byte_record(&mut record)? {
                rows += 1;
            }
        }
        floor.push(start.elapsed());
        assert_eq!(rows, LISTS * ROWS);
    }
    println!("read the ledger       {}", times(&mut ledger));
    println!("floor: lists, csv     {}", times(&mut floor));
    println!("plan, from the store  {}", times(&mut whole));
    println!("most memory           {} MiB (the preparation has its part in it)", peak()? / 1024);
    Ok(())
}

/// Ten lists that are followed, and a target on which all that they ask for was done.
async fn prepare(
    data: &std::path::Path,
    folder: &std::path::Path,
) -> Result<Memory, Box<dyn Error>> {
    let app = App::new(Some(data.to_owned()), None, None, Reach::PublicOnly)?;
    let store = app.store().await?;
    let lists = app.lists().await?;
    for list in 0..LISTS {
        let path = folder.join(format!("list-{list}.csv"));
        let mut text = "domain,severity,public_comment\n".to_owned();
        // Nine tenths of each list stand in every other, as with lists of one origin.
        for row in 0..ROWS {
            let number = if row < ROWS * 9 / 10 { row } else { row + list * ROWS / 10 };
            text += &format!(
                "host{number}.example,{},spam and harassment\n",
                ["suspend", "silence"][number % 2]
            );
        }
        std::fs::write(&path, text)?;
        let name = format!("list-{list}");
        let source = Source::parse(&path.to_string_lossy())?;
        lists.add(&name, &source, &Settings::default()).await?;
        let terms =
            Terms { mode: Mode::Auto, retractions: Retractions::Follow, ..Terms::default() };
        store.save_subscription("bench", &name, &terms, SystemClock.now()).await?;
    }
    let now = SystemClock.now();
    let identity = TargetRef {
        name: "bench".to_owned(),
        kind: Kind::Mastodon,
        level: Level::Instance,
        address: "https://home.example/".to_owned(),
        account: None,
        own: Domain::from_stored("home.example").into_iter().collect(),
    };
    let mut target = Memory { identity, state: State::new(Level::Instance, now, Vec::new()) };
    let intent = Intent {
        offline: true,
        overrides: vec![hedgerow::policy::Guard::MostAdds],
        ..Intent::default()
    };
    let plan = keep::plan(&app, &target, &intent).await?;
    let mut blocks = plan.expected(now).blocks;
    blocks.truncate(BLOCKS);
    let changes: Vec<Change> = plan.changes();
    let stands: std::collections::HashSet<&str> = blocks.iter().map(|b| b.name.as_str()).collect();
    let changes: Vec<Change> =
        changes.into_iter().filter(|change| stands.contains(change.name())).collect();
    let found = State::new(Level::Instance, now, blocks.clone());
    let done = Done { run: 1, plan: &plan, changes: &changes, found: Some(&found), now };
    let ledger = store.ledger("bench", &whose(&target.identity), now).await?;
    let delta = settle(&ledger, &done, |_| true);
    store.take("bench", &delta, &[]).await?;
    // A tenth of what stands there is a person's own.
    let own = (0..BLOCKS / 10).map(|number| Block {
        name: format!("own{number}.example").into(),
        rule: Some(Rule::new(hedgerow::block::Severity::Silence)),
        id: None,
        created_at: None,
    });
    let blocks: Vec<Block> = blocks.into_iter().take(BLOCKS - BLOCKS / 10).chain(own).collect();
    target.state = State::new(Level::Instance, now, blocks);
    store.close().await;
    Ok(target)
}

fn times(all: &mut [Duration]) -> String {
    all.sort_unstable();
    let ms = |time: Duration| format!("{:>6.1} ms", time.as_secs_f64() * 1e3);
    format!("{} at best, {} as a median", ms(all[0]), ms(all[all.len() / 2]))
}

/// In KiB.
fn peak() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    Ok(peak.trim().trim_end_matches(" kB").parse()?)
}
