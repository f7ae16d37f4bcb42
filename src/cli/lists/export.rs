use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::app::App;
use crate::block::Severity;
use crate::cli::check::format_named;
use crate::cli::options::SeverityArg;
use crate::cli::{Body, Reply};
use crate::gather::Chosen;
use crate::list::Format;
use crate::list::write::{WRITTEN, Written, write};
use crate::text::count;
use crate::whole_file::{self, Readable};

/// Write a list in another format, such as for a server that Hedgerow cannot sign in to
///
/// Nothing becomes stricter on the way: a format without severities gets only what asks
/// for a full block, unless --min-severity says otherwise.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  hedgerow lists export garden-fence --to user-csv
  hedgerow lists export shared-list.csv --to mastodon-admin-csv -o for-import.csv
  hedgerow lists export instance:example.social --to pixelfed

Formats: mastodon-admin-csv, fediblockhole-csv, user-csv (one name a line, as Misskey's
and Lemmy's pages take it), instance-blocks, friendica-csv, bookwyrm, peertube-log,
pixelfed.")]
pub struct Args {
    /// A list you follow, a bundled name, a file, an address, instance:HOST or fires:URL
    #[arg(value_name = "LIST")]
    list: String,

    /// The format to write
    #[arg(long, value_name = "FORMAT", value_parser = format_named)]
    to: Format,

    /// In a format without severities, write what asks for this or more
    #[arg(long, value_enum, default_value = "suspend")]
    min_severity: SeverityArg,

    /// Write to this file instead of the terminal
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// The list in its new format, or where it lies.
struct Exported {
    format: Format,
    written: Written,
    output: Option<PathBuf>,
}

impl Body for Exported {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.output {
            None => out.write_all(&self.written.bytes),
            Some(path) => {
                let domains = count(self.written.entries, "domain");
                writeln!(out, "{domains} written to {}.", path.display())
            }
        }
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let Written { bytes, entries, left_out } = &self.written;
        let content = self.output.is_none().then(|| String::from_utf8_lossy(bytes));
        let body = json!({
            "format": self.format,
            "entries": entries,
            "left_out": left_out,
            "output": self.output,
            "content": content,
        });
        writeln!(out, "{body}")
    }
}

impl Args {
    pub(super) async fn run(self, app: &App) -> Result<Reply> {
        let ready = Chosen::parse(app, &self.list).await?.ready(app, false).await?;
        let (_, document) = ready.document()?;
        let document = document.for_blocking()?;
        let Some(written) = write(&document.entries, self.to, self.min_severity.into()) else {
            let words: Vec<&str> = WRITTEN.iter().map(|format| format.word()).collect();
            bail!("{} can be read and not written; write {}", self.to.word(), words.join(", "));
        };
        if written.left_out > 0 {
            let least = Severity::from(self.min_severity);
            eprintln!(
                "{} left out: the list asks for less than {least}, and this format knows full \
                 blocks only. Take them in with --min-severity.",
                count(written.left_out, "domain")
            );
        }
        if let Some(path) = &self.output {
            whole_file::write(path, &written.bytes, Readable::AsUsual)
                .with_context(|| path.display().to_string())?;
        }
        Reply::ok(Exported { format: self.to, written, output: self.output })
    }
}
