//! How long pages take while many people look at theirs: a thousand people in the store, 50,000
//! rows behind each page, 64 connections at once.
//!
//! `cargo bench --bench pages` prints, page by page, the time of a half and of all but one in a
//! hundred, and beside it those of a bare page of axum and askama that is as large, asked for
//! in the same way in the same run. All of it goes over TCP on this machine, and whoever asks
//! takes part of the same cores. `-- N` has N servers behind the 64 connections instead of 8, and
//! `-- WORDS` only the pages whose names have these words in them.

mod bare;
mod load;
mod people;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hedgerow::app::App;
use hedgerow::fetch::Reach;
use hedgerow::stop::stop;
use hedgerow::web::{Server, Settings, Site};

use crate::load::{Connection, Failure, Visit, load};
use crate::people::{Kept, Person, keep, sign_in};

const PEOPLE: usize = 1_000;
const ROWS: usize = 50_000;
const CONNECTIONS: usize = 64;
/// Of each connection, for each page.
const TIMES: usize = 100;
/// The plan whose first byte is waited for.
const PLAN: usize = 20_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args = || std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let active = args().find_map(|arg| arg.parse().ok()).unwrap_or(8);
    let only = args().find(|arg| arg.parse::<usize>().is_err()).unwrap_or_default();
    let folder = tempfile::tempdir()?;
    let (large, long) = (folder.path().join("large"), folder.path().join("long"));
    std::fs::create_dir_all(&large)?;
    std::fs::create_dir_all(&long)?;
    let many = keep(&large, ROWS, ROWS).await?;
    let one = keep(&long, PLAN, PLAN).await?;
    let (server, site) = serve(&folder.path().join("data")).await?;
    let people = sign_in(&site, 0..PEOPLE).await?;
    fill(&site, &many, active).await?;
    one.give(&site.app().store().await?, active).await?;
    let bare = bare::serve().await?;
    println!(
        "{PEOPLE} people, {active} servers of {ROWS} rows, {CONNECTIONS} connections, {TIMES} times \
         each\n"
    );
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>10} {:>10} {:>6}",
        "page", "KiB", "p50", "p99", "bare p50", "bare p99", "p99 ×"
    );
    for (name, path) in [
        ("blocks, first page", "/targets/{target}/blocks"),
        ("blocks, in the middle", "/targets/{target}/blocks?page=250"),
        ("blocks, last page", "/targets/{target}/blocks?page=500"),
        ("blocks, searched", "/targets/{target}/blocks?q=77"),
        ("blocks, searched, last page", "/targets/{target}/blocks?q=77&page=999"),
        ("plan, first page", "/targets/{target}/plan"),
        ("plan, in the middle", "/targets/{target}/plan?group=adds&page=250"),
        ("plan, last page", "/targets/{target}/plan?group=adds&page=99999"),
        ("plan, searched", "/targets/{target}/plan?q=77"),
        ("settings", "/settings"),
    ] {
        if !name.contains(&only) {
            continue;
        }
        let visits: Vec<Visit> =
            (0..CONNECTIONS).map(|at| visit(&people[at % active], path)).collect();
        let pages = match load(server, &visits, TIMES).await {
            Ok(pages) => pages,
            Err(error) => {
                println!("{name:<34} {}", error.to_string().lines().next().unwrap_or_default());
                continue;
            }
        };
        let same = Visit { path: format!("/?size={}", pages.size()), cookie: String::new() };
        let floor = load(bare, &vec![same; CONNECTIONS], TIMES).await?;
        println!(
            "{name:<34} {:>8.1} {} {} {:>10} {:>10} {:>5.1}×",
            f64::from(u32::try_from(pages.size())?) / 1024.0,
            ms(pages.whole(50)),
            ms(pages.whole(99)),
            ms(floor.whole(50)),
            ms(floor.whole(99)),
            pages.whole(99).as_secs_f64() / floor.whole(99).as_secs_f64()
        );
        let off = floor.size().abs_diff(pages.size()) * 100 / pages.size();
        assert!(off < 10, "the bare page is {off} % larger or smaller");
    }
    first_byte(server, &people[active]).await
}

fn visit(person: &Person, path: &str) -> Visit {
    let path = path.replace("{target}", &person.target.to_string());
    Visit { path, cookie: person.cookie.clone() }
}

fn ms(time: Duration) -> String {
    format!("{:>6.1} ms", time.as_secs_f64() * 1e3)
}

async fn serve(data: &std::path::Path) -> Result<(SocketAddr, Site), Failure> {
    let app = App::new(Some(data.to_owned()), None, None, Reach::PublicOnly)?;
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0)), true).await?;
    let address = server.address();
    let public = Some(format!("http://{address}").parse()?);
    app.store().await?;
    let site = Site::new(Arc::new(app), Settings { listen: address, public })?;
    let running = site.clone();
    tokio::spawn(async move {
        // Asked for by nobody: it ends with the process.
        let (_stopper, stop) = stop();
        server.run(running, stop).await
    });
    Ok((address, site))
}

async fn fill(site: &Site, kept: &Kept, active: usize) -> Result<(), Failure> {
    let store = site.app().store().await?;
    for number in 0..active {
        kept.give(&store, number).await?;
    }
    Ok(())
}

/// Of a long plan, asked for by one person: from the disk, and again.
async fn first_byte(server: SocketAddr, person: &Person) -> Result<(), Failure> {
    let visit = visit(person, "/targets/{target}/plan");
    let mut connection = Connection::open(server).await?;
    let cold = match connection.ask(&visit).await {
        Ok(cold) => cold,
        Err(error) => {
            println!("\nplan of {PLAN} rows: {}", error.to_string().lines().next().unwrap_or(""));
            return Ok(());
        }
    };
    let mut again = Vec::new();
    for _ in 0..50 {
        again.push(connection.ask(&visit).await?.first);
    }
    again.sort_unstable();
    println!(
        "\nfirst byte of a plan of {PLAN} rows, nobody else asking: {} from the disk, then {} as a \
         median, {} at worst",
        ms(cold.first),
        ms(again[again.len() / 2]),
        ms(again[again.len() - 1])
    );
    Ok(())
}
