//! How far a job is, as server-sent events.
//!
//! Each event `status` says how far it is by now, and the last one is `over`.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};
use serde::Serialize;

use super::site::Site;
use crate::desk::{Job, Status};

/// Between two events: nobody needs more, and a fast server makes hundreds of steps.
const BETWEEN: Duration = Duration::from_millis(250);

/// What comes next in a stream of events.
enum Turn<T> {
    First,
    Later(T),
    Over,
}

/// Every change of a job until it has ended, or until the server is about to. `shown` is what an
/// event says of it, and `over` what the last one says.
pub fn of<T, O>(
    site: Site,
    job: Arc<Job>,
    shown: fn(&Status) -> T,
    over: fn(&Status) -> O,
) -> Response
where
    T: PartialEq + Serialize + Send + 'static,
    O: Serialize + 'static,
{
    let events = Sse::new(events(site, job, shown, over));
    events.keep_alive(KeepAlive::default()).into_response()
}

fn events<T: PartialEq + Serialize + Send, O: Serialize>(
    site: Site,
    job: Arc<Job>,
    shown: fn(&Status) -> T,
    over: fn(&Status) -> O,
) -> impl Stream<Item = Result<Event, Infallible>> + Send {
    let watch = job.watch();
    stream::unfold(
        (site, job, watch, Turn::First),
        move |(site, job, mut watch, turn)| async move {
            let mut last = match turn {
                Turn::First => None,
                Turn::Later(now) => Some(now),
                Turn::Over => return None,
            };
            loop {
                watch.borrow_and_update();
                let status = job.status();
                if status.ended.is_some() {
                    let event = event("over", &over(&status));
                    return Some((Ok(event), (site, job, watch, Turn::Over)));
                }
                let now = shown(&status);
                if last.as_ref() != Some(&now) {
                    let event = event("status", &now);
                    return Some((Ok(event), (site, job, watch, Turn::Later(now))));
                }
                last = Some(now);
                tokio::select! {
                    changed = watch.changed() => if changed.is_err() { return None },
                    () = site.desk().closing() => return None,
                }
                site.app().clock.sleep(BETWEEN).await;
            }
        },
    )
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Plain data has nothing that could fail.
    Event::default().event(name).json_data(data).unwrap_or_default()
}
