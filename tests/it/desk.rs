//! Work between two requests: what becomes of it when many ask at once, and when it ends early.

use std::sync::Arc;

use chrono::TimeDelta;
use hedgerow::app::App;
use hedgerow::clock::TestClock;
use hedgerow::desk::{Agreed, Desk, DeskError, Ended, Proposal, Taken, Wish};
use hedgerow::domain::Domain;
use hedgerow::keep::{Intent, whose};
use hedgerow::mastodon::client::Silent;
use hedgerow::stop::Stop;
use hedgerow::store::{Ending, RunStatus, StoreError, TargetRow};
use hedgerow::verb::resume::{self, ResumeError};

use crate::fake::Fault;
use crate::keeping::ME;
use crate::web_proposals::{Room, on_both};

fn lists(names: &[&str]) -> Wish {
    let lists = names.iter().map(|&name| name.to_owned()).collect();
    Wish::Lists(Box::new(Intent { lists, ..Intent::default() }))
}

async fn planned(desk: &Arc<Desk>, app: &App, row: &TargetRow) -> Arc<Proposal> {
    let job = desk.plan(app, row, lists(&["garden"])).unwrap();
    let status = job.over().await;
    assert!(matches!(status.ended, Some(Ended::Proposed(_))), "{:?}", status.ended);
    desk.waiting(app, &row.name).await.unwrap().unwrap()
}

fn agreed(checksum: &str) -> Agreed<'_> {
    Agreed { checksum, cuts: (0, 0) }
}

fn fault<T>(answer: anyhow::Result<T>) -> DeskError {
    match answer {
        Ok(_) => panic!("it was done"),
        Err(error) => error.downcast().unwrap(),
    }
}

async fn scene(room: &Room) -> (App, TargetRow) {
    room.scene.follow("garden", &["a.example,suspend,", "b.example,suspend,"]);
    (room.site.site().app().clone(), room.row(ME).await)
}

#[test]
fn of_many_who_apply_at_once_one_does() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let desk = Arc::new(Desk::default());
        let proposal = planned(&desk, &app, &row).await;
        let checksum = proposal.plan.checksum.clone();
        let apply = || desk.apply(&app, &row, &proposal, agreed(&checksum));
        let answers = futures_util::future::join_all((0..8).map(|_| apply())).await;
        let jobs: Vec<_> = answers.into_iter().filter_map(Result::ok).collect();
        assert_eq!(jobs.len(), 1);
        let Some(Ended::Ran(report)) = jobs[0].over().await.ended else { panic!("no run") };
        assert!(report.is_verified());
        let taken = fault(apply().await);
        assert!(
            matches!(taken, DeskError::Taken(Taken::By(run)) if run == report.run),
            "{taken:?}"
        );
        assert!(desk.waiting(&app, &row.name).await.unwrap().is_none());
        let store = app.store().await.unwrap();
        assert_eq!(store.count_runs(Some(ME)).await.unwrap(), 1);
    });
}

#[test]
fn two_desks_over_one_store_do_it_once() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let (one, other) = (Arc::new(Desk::default()), Arc::new(Desk::default()));
        let proposal = planned(&one, &app, &row).await;
        let same = other.waiting(&app, ME).await.unwrap().unwrap();
        let checksum = proposal.plan.checksum.clone();
        let (first, second) = tokio::join!(
            one.apply(&app, &row, &proposal, agreed(&checksum)),
            other.apply(&app, &row, &same, agreed(&checksum)),
        );
        for job in [first, second].into_iter().flatten() {
            job.over().await;
        }
        let store = app.store().await.unwrap();
        assert_eq!(store.count_runs(Some(ME)).await.unwrap(), 1);
        let posts = room.scene.fake.writes().iter().filter(|it| it.method == "POST").count();
        assert_eq!(posts, 2);
    });
}

#[test]
fn a_plan_whose_process_ended_is_open_again_or_its_runs() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let proposal = planned(&Arc::default(), &app, &row).await;
        let store = app.store().await.unwrap();
        // Taken, and then the process was killed before a run began.
        assert!(store.take_proposal(proposal.id, 1, app.clock.now()).await.unwrap());
        let desk = Arc::new(Desk::default());
        let again = desk.waiting(&app, ME).await.unwrap().expect("it is open again");
        assert_eq!((again.id, again.taken), (proposal.id, None));
        // Taken, and killed after a run began that nobody could write down.
        assert!(store.take_proposal(proposal.id, 1, app.clock.now()).await.unwrap());
        let target = app.server(&row, &Stop::never(), Arc::new(Silent)).unwrap();
        let never = Stop::never();
        let report =
            app.engine(&store, target.as_ref(), &never, &Silent).apply(&again.plan).await.unwrap();
        let desk = Arc::new(Desk::default());
        assert!(desk.waiting(&app, ME).await.unwrap().is_none());
        let taken = fault(desk.proposal_now(&app, ME, proposal.id).await);
        assert!(
            matches!(taken, DeskError::Taken(Taken::By(run)) if run == report.run),
            "{taken:?}"
        );
    });
}

#[test]
fn a_newer_plan_takes_the_place_of_one_that_was_stranded() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let desk = Arc::new(Desk::default());
        let old = planned(&desk, &app, &row).await;
        let store = app.store().await.unwrap();
        assert!(store.take_proposal(old.id, 1, app.clock.now()).await.unwrap());
        let new = planned(&desk, &app, &row).await;
        assert_ne!(new.id, old.id);
        assert!(store.proposal(old.id).await.unwrap().is_none());
        assert!(matches!(fault(desk.proposal(&app, old.id).await), DeskError::Gone));
    });
}

#[test]
fn planning_again_asks_the_server_nothing() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        room.scene.fake.world().follows = vec!["friend@a.example".to_owned()];
        let desk = Arc::new(Desk::default());
        let proposal = planned(&desk, &app, &row).await;
        assert_eq!(proposal.plan.summary.held, 1);
        room.scene.fake.forget_requests();
        let accept = vec![Domain::from_stored("a.example").unwrap()];
        let wish =
            Wish::Lists(Box::new(Intent { accept, ..proposal.wish.intent().unwrap().clone() }));
        let revised = desk.revise(&app, &row, &proposal, wish).await.unwrap();
        assert_eq!((revised.revision, revised.plan.summary.following), (2, 1));
        assert!(room.scene.fake.requests().is_empty());
        // From the older one nothing is planned any more.
        let late = desk.revise(&app, &row, &proposal, lists(&["garden"])).await;
        assert!(matches!(fault(late), DeskError::Changed));
        // What lies in the store is the same as what is at hand.
        let read = Arc::new(Desk::default()).waiting(&app, ME).await.unwrap().unwrap();
        assert_eq!((&read.plan, &read.wish), (&revised.plan, &revised.wish));
    });
}

#[test]
fn a_desk_that_is_closed_takes_nothing_more_and_leaves_nothing_running() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let desk = Arc::new(Desk::default());
        let job = desk.plan(&app, &row, lists(&["garden"])).unwrap();
        assert!(matches!(desk.plan(&app, &row, lists(&["garden"])), Err(DeskError::Busy)));
        desk.close().await;
        assert!(job.is_over());
        desk.closing().await;
        assert!(matches!(desk.read(&app, &row), Err(DeskError::Closing)));
    });
}

#[test]
fn a_plan_with_nothing_to_do_is_not_carried_out() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        for name in ["a.example", "b.example"] {
            room.scene.fake.world().block_for_account(name);
        }
        let desk = Arc::new(Desk::default());
        let proposal = planned(&desk, &app, &row).await;
        let checksum = proposal.plan.checksum.clone();
        assert!(matches!(
            fault(desk.apply(&app, &row, &proposal, agreed(&checksum)).await),
            DeskError::Nothing
        ));
        assert!(matches!(
            fault(desk.apply(&app, &row, &proposal, agreed("x")).await),
            DeskError::Changed
        ));
    });
}

#[test]
fn whom_a_plan_cuts_is_asked_again_before_an_old_plan_is_carried_out() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let desk = Arc::new(Desk::default());
        let proposal = planned(&desk, &app, &row).await;
        assert_eq!(proposal.plan.add.len(), 2);
        // Days later the person follows somebody there.
        room.scene.fake.world().follows = vec!["friend@a.example".to_owned()];
        let mut later = app.clone();
        later.clock = Arc::new(TestClock::at(app.clock.now() + TimeDelta::days(3)));
        let checksum = &proposal.plan.checksum;
        let job = desk.apply(&later, &row, &proposal, agreed(checksum)).await.unwrap();
        let Some(Ended::Failed(error)) = job.over().await.ended else { panic!("it was done") };
        assert!(matches!(error.downcast_ref(), Some(DeskError::Changed)), "{error:#}");
        assert!(room.scene.mine().is_empty(), "nothing is cut that nobody has seen");
        let now = desk.waiting(&app, ME).await.unwrap().expect("it waits on");
        let held: Vec<&str> = now.plan.held.iter().map(|held| held.row.name()).collect();
        assert_eq!(held, ["a.example"]);
        let job = desk.apply(&later, &row, &now, agreed(&now.plan.checksum)).await.unwrap();
        assert!(matches!(job.over().await.ended, Some(Ended::Ran(_))));
        assert_eq!(room.scene.mine(), ["b.example"]);
    });
}

#[test]
fn follows_end_only_where_exactly_their_number_was_agreed_to() {
    on_both(async |room| {
        room.scene.fake.world().follows = vec!["friend@a.example".to_owned()];
        let (app, row) = scene(&room).await;
        let desk = Arc::new(Desk::default());
        let accept = vec![Domain::from_stored("a.example").unwrap()];
        let wish = Wish::Lists(Box::new(Intent {
            lists: vec!["garden".into()],
            accept,
            ..Intent::default()
        }));
        desk.plan(&app, &row, wish).unwrap().over().await;
        let proposal = desk.waiting(&app, ME).await.unwrap().unwrap();
        for cuts in [(0, 0), (2, 0), (0, 1)] {
            let agreed = Agreed { checksum: &proposal.plan.checksum, cuts };
            let refused = fault(desk.apply(&app, &row, &proposal, agreed).await);
            assert!(matches!(refused, DeskError::Cuts(1, 0)), "{refused:?}");
        }
        assert!(room.scene.mine().is_empty());
        let agreed = Agreed { checksum: &proposal.plan.checksum, cuts: (1, 0) };
        desk.apply(&app, &row, &proposal, agreed).await.unwrap().over().await;
        assert_eq!(room.scene.mine(), ["a.example", "b.example"]);
    });
}

#[test]
fn a_run_that_ended_meanwhile_is_not_given_up() {
    on_both(async |room| {
        let (app, row) = scene(&room).await;
        let (fake, store) = (&room.scene.fake, app.store().await.unwrap());
        let desk = Arc::new(Desk::default());
        let proposal = planned(&desk, &app, &row).await;
        let gone = "{\"error\":\"gone\"}".to_owned();
        let gone = Fault::Answer(401, "application/json", gone, Vec::new());
        fake.fail("POST", "/api/v1/domain_blocks", gone);
        let job = desk.apply(&app, &row, &proposal, agreed(&proposal.plan.checksum)).await.unwrap();
        job.over().await;
        // Somebody wants to give it up; before they can, somebody else brings it to its end.
        let seen = store.latest_unfinished().await.unwrap().unwrap();
        let (never, silent) = (Stop::never(), Arc::new(Silent));
        resume::resume(&app, &seen, &never, silent.clone()).await.unwrap();
        let ledger = async || {
            let target = app.identity(&row).unwrap();
            store.ledger(ME, &whose(&target), app.clock.now()).await.unwrap().holdings
        };
        let (entered, before) = (ledger().await, store.run(seen.id).await.unwrap().unwrap());
        assert_eq!((before.status, before.verified), (RunStatus::Done, Some(true)));
        let late = resume::abandon(&app, &seen, &never, silent).await;
        assert!(
            matches!(late, Err(ResumeError::Store(StoreError::Finished(id))) if id == seen.id),
            "{late:?}"
        );
        let now = app.clock.now();
        let again = store.finish_run(seen.id, Ending::Failed, None, Some("abandoned"), now).await;
        assert!(matches!(again, Err(StoreError::Finished(id)) if id == seen.id), "{again:?}");
        assert_eq!(store.run(seen.id).await.unwrap().unwrap(), before);
        assert_eq!(ledger().await, entered);
    });
}
