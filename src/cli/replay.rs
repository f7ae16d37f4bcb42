use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::{Exit, Reply};
use crate::block::Level;
use crate::replay::{Chance, Outcome, histories, invent};

/// Replay histories of lists on a target in memory, with people acting by hand in between,
/// and count the harm
///
/// Files are named NAME-YYYY-MM-DD….csv, as a list was on that day. Without a folder, stories
/// are invented.
#[derive(clap::Args)]
pub struct Args {
    /// A folder with dated versions of lists
    folder: Option<PathBuf>,
    /// The same seed tells the same story
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many stories
    #[arg(long, default_value_t = 20)]
    stories: u64,
    /// How many steps an invented story has
    #[arg(long, default_value_t = 200)]
    steps: usize,
}

#[derive(Serialize)]
struct Replayed {
    replays: Vec<Row>,
    harm: usize,
}

#[derive(Serialize)]
struct Row {
    story: String,
    level: Level,
    seed: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

impl fmt::Display for Replayed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<24} {:<8} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6} {:>5}",
            "STORY",
            "LEVEL",
            "SEED",
            "STEPS",
            "HAND",
            "CUT",
            "ADDED",
            "MOVED",
            "LIFTED",
            "HELD",
            "HARM"
        )?;
        for Row { story, level, seed, outcome } in &self.replays {
            let Outcome { steps, by_hand, cut_off, added, changed, lifted, held_rows, .. } =
                outcome;
            let harm = outcome.harm.total();
            writeln!(
                f,
                "{story:<24} {level:<8} {seed:>6} {steps:>6} {by_hand:>6} {cut_off:>6} {added:>6} \
                 {changed:>6} {lifted:>6} {held_rows:>6} {harm:>5}"
            )?;
        }
        let steps: usize = self.replays.iter().map(|row| row.outcome.steps).sum();
        writeln!(f, "{steps} steps, harm: {}", self.harm)
    }
}

impl Args {
    pub(super) fn run(self) -> Result<Reply> {
        let stories = match &self.folder {
            Some(folder) => histories(folder)?,
            None => Vec::new(),
        };
        let mut replays = Vec::new();
        for seed in self.seed..self.seed.saturating_add(self.stories) {
            for level in [Level::Account, Level::Instance] {
                let told = stories
                    .iter()
                    .map(|story| (story.name.clone(), story.replay(level, &mut Chance::new(seed))));
                let mut told: Vec<_> = told.collect();
                if self.folder.is_none() {
                    told.push(("invented".to_owned(), invent(level, seed, self.steps)));
                }
                let row = |(story, outcome)| Row { story, level, seed, outcome };
                replays.extend(told.into_iter().map(row));
            }
        }
        let harm = replays.iter().map(|row| row.outcome.harm.total()).sum();
        let exit = if harm == 0 { Exit::Ok } else { Exit::Error };
        Reply::with(exit, Replayed { replays, harm })
    }
}
