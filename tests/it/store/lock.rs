//! One run per target, however many machines share the database.

use std::time::Duration;

use super::place::on_both;

#[test]
fn a_locked_target_is_locked_for_everybody_until_the_lock_ends() {
    on_both(async |place| {
        let (one, two) = (place.open().await, place.open().await);
        let lock = one.lock_target("me").await.unwrap().unwrap();
        assert!(two.lock_target("other").await.unwrap().is_some());
        if place.is_postgres() {
            assert!(two.lock_target("me").await.unwrap().is_none());
            // Not even the same pool, which has other connections.
            assert!(one.lock_target("me").await.unwrap().is_none());
        }
        // More locks than a pool has connections.
        let mut more = Vec::new();
        for n in 0..10 {
            more.push(one.lock_target(&format!("t{n}")).await.unwrap().unwrap());
            one.targets().await.unwrap();
        }
        drop(lock);
        // The server takes a moment to notice that a connection is gone.
        for _ in 0..2000 {
            if two.lock_target("me").await.unwrap().is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the lock did not end");
    });
}
