//! What a person types must not become a file, a secret or a neighbour of this machine.
//!
//! Whoever runs Hedgerow has files, variables and a network of their own. Everybody else who
//! signs in gets what the internet has, and what the house follows as it is in force.

use std::path::Path;
use std::sync::Arc;

use hedgerow::app::{App, FileHints, OpenError};
use hedgerow::block::Level;
use hedgerow::fetch::Reach;
use hedgerow::follow::{FollowError, Outcome, Settings, Signed};
use hedgerow::gather::{Chosen, Gathered, Ready};
use hedgerow::mastodon::client::Silent;
use hedgerow::secret::SecretError;
use hedgerow::source::{Source, SourceError};
use hedgerow::stop::Stop;
use hedgerow::store::{HOUSE, TargetRow};
use hedgerow::target::{Kind, TargetRef};

use crate::command::Machine;
use crate::publisher::Publisher;

fn house(machine: &Machine, reach: Reach) -> App {
    App::new(Some(machine.data_dir()), None, None, reach).unwrap()
}

/// Somebody who has signed in on a machine that may ask its neighbours, for these tests' sake.
fn person(machine: &Machine) -> App {
    house(machine, Reach::Anywhere).of(7, "ann@home.example")
}

fn source_error(error: &anyhow::Error) -> &SourceError {
    error.downcast_ref().unwrap_or_else(|| panic!("{error:#}"))
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_names_no_file_and_learns_of_none() {
    let machine = Machine::new();
    let file = text(&machine.write("secret.txt", "bad.example\n"));
    let app = person(&machine);
    let missing = file.replace("secret.txt", "missing.txt");
    // What there is and what there is not are told in the same words.
    let mut told = Vec::new();
    for name in [&file, &missing] {
        for arg in [name.clone(), format!("file://{name}"), format!("FILE://{name}")] {
            let error = Chosen::parse(&app, &arg).await.unwrap_err();
            assert!(matches!(source_error(&error), SourceError::NotYourFiles), "{arg}: {error}");
            told.push(error.to_string());
        }
        for arg in [format!("fires:{name}"), format!("fires:file://{name}")] {
            let error = Chosen::parse(&app, &arg).await.unwrap_err();
            assert!(matches!(source_error(&error), SourceError::BadAddress(_)), "{arg}: {error}");
        }
        // A plan is where names of lists come back from the store.
        let error = Gathered::read(&app, std::slice::from_ref(name), Vec::new(), false)
            .await
            .err()
            .unwrap();
        assert!(matches!(source_error(&error), SourceError::NotYourFiles), "{error}");
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    // A word that is a file where the program runs: the tests run beside this one.
    assert!(Path::new("Cargo.toml").exists() && Path::new("src").exists());
    for arg in ["Cargo.toml", "src", "no-such-thing.toml"] {
        let error = Chosen::parse(&app, arg).await.unwrap_err();
        let unknown = matches!(source_error(&error), SourceError::UnknownElsewhere { .. });
        assert!(unknown, "{arg}: {error}");
    }
    // The house may, and so the file is really there to be read.
    let chosen = Chosen::parse(&app.of(HOUSE, "me"), &file).await.unwrap();
    assert_eq!(chosen, Chosen::Source(Source::File(file.into())));
}

#[tokio::test]
async fn a_person_opens_no_export_of_this_machine() {
    let machine = Machine::new();
    let file = text(&machine.write("export.csv", "#domain\nbad.example\n"));
    let app = person(&machine);
    let (hints, never) = (FileHints { level: Some(Level::Account), server: None }, Stop::never());
    let error = app.open(&file, &hints, &never, Arc::new(Silent)).await.err().unwrap();
    assert!(matches!(error.downcast_ref(), Some(OpenError::Unknown(_))), "{error:#}");
    let known = TargetRef {
        name: file.clone(),
        kind: Kind::Csv,
        level: Level::Account,
        address: file.clone(),
        account: None,
        own: Vec::new(),
    };
    let error = app.reopen(&known, &never, Arc::new(Silent)).await.err().unwrap();
    assert!(matches!(error.downcast_ref(), Some(OpenError::File)), "{error:#}");
    let house = app.of(HOUSE, "me");
    assert!(house.open(&file, &hints, &never, Arc::new(Silent)).await.is_ok());
    assert!(house.reopen(&known, &never, Arc::new(Silent)).await.is_ok());
}

#[tokio::test]
async fn a_person_follows_no_file_and_has_no_secret_read() {
    let (machine, publisher) = (Machine::new(), Publisher::start());
    publisher.publish("/list.csv", "bad.example\n");
    let file = machine.write("secret.txt", "bad.example\n");
    let lists = person(&machine).lists().await.unwrap();
    let public = Source::parse(&publisher.url("/list.csv")).unwrap();
    let local = Source::File(file.clone());
    let none = Settings::default();

    let refused = lists.add("a", &local, &none).await.unwrap_err();
    assert!(matches!(refused, FollowError::Source(SourceError::NotYourFiles)), "{refused}");
    for auth in
        ["bearer:env:CARGO_PKG_NAME", "basic:me:env:PATH", &format!("bearer:file:{}", text(&file))]
    {
        let settings = Settings { auth: Some(auth.parse().unwrap()), ..none.clone() };
        let refused = lists.add("a", &public, &settings).await.unwrap_err();
        assert!(matches!(refused, FollowError::Secret(SecretError::NotYours)), "{refused}");
    }
    assert_eq!(publisher.asked(), [], "nothing was sent anywhere");
    // The words about a signature that cannot be had would hold the file's.
    let key = "A".repeat(43) + "=";
    let signed = Signed { signature: text(&file), key, key_address: Some(text(&file)) };
    let settings = Settings { signed: Some(signed), ..none.clone() };
    let refused = lists.add("a", &public, &settings).await.unwrap_err();
    assert!(refused.to_string().contains("only whoever runs this Hedgerow"), "{refused}");
    assert!(lists.small(&text(&file)).await.is_err());

    // A list that is followed already gets neither.
    lists.add("a", &public, &none).await.unwrap();
    let list = lists.store.list("a").await.unwrap().unwrap();
    let refused = lists.save(&list, &local, &none).await.unwrap_err();
    assert!(matches!(refused, FollowError::Source(SourceError::NotYourFiles)), "{refused}");
    let auth = Some("bearer:env:PATH".parse().unwrap());
    let asking = Settings { auth, ..none.clone() };
    let refused = lists.save(&list, &public, &asking).await.unwrap_err();
    assert!(matches!(refused, FollowError::Secret(SecretError::NotYours)), "{refused}");
    // And what is in the database all the same is not read.
    let (file, asking) = (local.kept(), asking.to_json());
    lists.store.save_list_settings(list.id, &file, "{}").await.unwrap();
    let list = lists.store.list("a").await.unwrap().unwrap();
    let refused = lists.update(&list).await.unwrap_err();
    assert!(matches!(refused, FollowError::Source(SourceError::NotYourFiles)), "{refused}");
    lists.store.save_list_settings(list.id, &public.kept(), &asking).await.unwrap();
    publisher.asked();
    let list = lists.store.list("a").await.unwrap().unwrap();
    let outcome = lists.update(&list).await.unwrap();
    assert!(matches!(&outcome, Outcome::Failed { says, .. } if says.contains("only whoever runs")));
    assert_eq!(publisher.asked(), []);
}

#[tokio::test]
async fn a_person_reaches_no_neighbour_of_this_machine() {
    let (machine, publisher) = (Machine::new(), Publisher::start());
    publisher.publish("/list.csv", "bad.example\n");
    let app = house(&machine, Reach::PublicOnly).of(7, "ann@home.example");
    let (address, port) = (publisher.url("/list.csv"), publisher.url(""));
    let port = port.rsplit(':').next().unwrap().to_owned();
    let addresses = [
        address.clone(),
        format!("fires:{address}"),
        format!("instance:127.0.0.1:{port}"),
        format!("instance:localhost:{port}"),
        format!("http://[::1]:{port}/list.csv"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
    ];
    for address in &addresses {
        let chosen = Chosen::parse(&app, address).await.unwrap();
        let refused = chosen.ready(&app, false).await.err().unwrap();
        assert!(format!("{refused:#}").contains("private network"), "{address}: {refused:#}");
        let lists = app.lists().await.unwrap();
        let source = Source::parse_for(7, address).unwrap();
        lists.add("a", &source, &Settings::default()).await.unwrap_err();
    }
    let row = TargetRow {
        id: 1,
        name: "me".to_owned(),
        level: Level::Account,
        base_url: publisher.url("/"),
        domain: "home.example".to_owned(),
        account: None,
        software: "mastodon".to_owned(),
        version: "4.6.5".to_owned(),
        scopes: String::new(),
        client_id: String::new(),
        client_secret: String::new(),
        token: app.vault().unwrap().seal(&app.secret_name("me", "token"), &"token".into()).unwrap(),
        created_at: app.clock.now(),
    };
    let refused = app.server(&row, &Stop::never(), Arc::new(Silent)).err().unwrap();
    assert!(matches!(refused.downcast_ref(), Some(OpenError::Private(_))), "{refused:#}");
    // A name may resolve to anything, which is looked at once it has.
    let url = format!("http://localhost:{port}/list.csv");
    app.client().unwrap().get(url).send().await.unwrap_err();
    assert_eq!(publisher.asked(), []);
}

#[tokio::test]
async fn what_the_house_follows_is_used_as_it_is_and_left_alone() {
    let (machine, publisher) = (Machine::new(), Publisher::start());
    publisher.publish("/list.csv", "bad.example\nworse.example\n");
    let app = person(&machine);
    let house = app.of(HOUSE, "me").lists().await.unwrap();
    let source = Source::parse(&publisher.url("/list.csv")).unwrap();
    house.add("shared", &source, &Settings::default()).await.unwrap();
    let file = machine.write("private.csv", "bad.example\n");
    house.add("local", &Source::File(file.clone()), &Settings::default()).await.unwrap();
    publisher.publish("/list.csv", "");
    let list = house.store.list("shared").await.unwrap().unwrap();
    let held = house.update(&list).await.unwrap();
    assert!(matches!(held, Outcome::Held { .. }), "{held:?}");
    publisher.asked();

    let lists = app.lists().await.unwrap();
    let list = lists.store.list("shared").await.unwrap().unwrap();
    let before = format!("{:?}", house.store.lists().await.unwrap());
    let outcome = lists.update(&list).await.unwrap();
    assert!(matches!(outcome, Outcome::Held { .. }), "{outcome:?}");
    for refused in [lists.accept(&list).await, lists.reject(&list).await] {
        assert!(matches!(refused, Err(FollowError::NotYours(_))), "{refused:?}");
    }
    let refused = lists.save(&list, &source, &Settings::default()).await;
    assert!(matches!(refused, Err(FollowError::NotYours(_))), "{refused:?}");
    let ready = Chosen::parse(&app, "shared").await.unwrap().ready(&app, false).await.unwrap();
    let Ready::InForce(shared) = ready else { panic!("it is followed") };
    assert_eq!(shared.document().unwrap().entries.len(), 2);
    let note = shared.note.unwrap();
    assert!(note.contains("until whoever runs this Hedgerow has decided"), "{note}");
    assert!(!note.contains('`'), "{note}");
    let ready = Chosen::parse(&app, "local").await.unwrap().ready(&app, false).await.unwrap();
    let loaded = ready.loaded().unwrap();
    assert_eq!(
        (loaded.bytes.as_slice(), loaded.address.as_str()),
        (&b"bad.example\n"[..], "local")
    );
    assert_eq!(publisher.asked(), [], "it is the house that asks");
    assert_eq!(format!("{:?}", house.store.lists().await.unwrap()), before);
}
