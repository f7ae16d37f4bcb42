//! Sequences in which keeping a target in step could go wrong.

use crate::command::Machine;
use crate::keeping::{HOME, Scene};
use crate::store::place::on_both;

#[test]
fn another_admin_of_the_same_server_goes_on_with_the_same_ledger() {
    on_both(async |place| {
        let scene = Scene::on(Machine::with_database(&place.url));
        scene.follow("ours", &["a.example,suspend,", "b.example,silence,"]);
        scene.auto(HOME, "ours");
        scene.sync().exits(0).says("blocked 2");
        place.sql("UPDATE target SET account = 'bob@home.example' WHERE level = 'instance'").await;
        scene.publish("ours", &["b.example,silence,"]);
        scene.sync().exits(0).says("lifted 1");
    });
}
