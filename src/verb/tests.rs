//! The web hands these to threads of its own, so they have to be `Send`. That is proved by
//! compiling; nothing here is ever run.

use std::sync::Arc;

use reqwest::Client;
use secrecy::SecretString;

use super::sign_in::{self, Asking};
use super::{announce, refollow, restore, resume, undo};
use crate::app::App;
use crate::apply::{Engine, Progress};
use crate::backup::Backup;
use crate::keep::{self, Intent};
use crate::mastodon::discovery::ServerInfo;
use crate::mastodon::oauth::{Granted, Pending};
use crate::plan::Plan;
use crate::round;
use crate::stop::Stop;
use crate::store::{Run, Store, TargetRow};
use crate::target::Target;
use crate::verb::refollow::Right;

fn is_send<T: Send>(_: T) {}

#[expect(dead_code, reason = "that it compiles is the proof")]
fn runs(
    app: &App,
    store: &Store,
    (engine, target): (&Engine<'_>, &dyn Target),
    (run, plan, backup): (&Run, &Plan, &Backup),
    stop: &Stop,
    progress: &Arc<dyn Progress>,
) {
    is_send(engine.apply(plan));
    is_send(engine.resume(run, plan));
    is_send(keep::plan(app, target, &Intent::default()));
    is_send(keep::adoptable(app, target, true));
    is_send(round::turn(app, "", stop, progress.clone()));
    is_send(round::update_lists(app, &[], true));
    is_send(undo::plan(app, 1, &[], stop, progress.clone()));
    is_send(restore::plan(app, target, backup, &std::collections::BTreeSet::new()));
    is_send(restore::backup(store, 1));
    is_send(resume::resume(app, run, stop, progress.clone()));
    is_send(resume::abandon(app, run, stop, progress.clone()));
    is_send(announce::write(app, run, None));
}

#[expect(dead_code, reason = "that it compiles is the proof")]
fn sign_ins(
    app: &App,
    client: &Client,
    (server, asking, pending): (&ServerInfo, &Asking, &Pending),
    (code, granted, row): (&SecretString, &Granted, &TargetRow),
    stop: &Stop,
    progress: &Arc<dyn Progress>,
) {
    is_send(sign_in::begin(client, server, asking, "", [[0; 32]; 2]));
    is_send(sign_in::finish(app, client, pending, code, None));
    is_send(sign_in::identify(client, pending, code));
    is_send(sign_in::sign_out(app, client, row));
    let (client, base, granted) = (client.clone(), server.base.clone(), granted.clone());
    let right = Right { client, base, granted };
    is_send(refollow::follow_again(app, &right, row, &[], stop, progress.clone()));
}
