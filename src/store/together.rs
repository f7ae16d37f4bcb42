//! Questions of many as one.
//!
//! What a small question to a database costs is mostly the way there and back. Whoever asks
//! while others are being answered waits until they are, and is then asked for together with
//! all who have come by that time. So no answer is older than its question, and who comes alone
//! waits for nobody.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot::{Sender, channel};

/// So many are asked for at once.
pub(super) const MOST: usize = 8;

/// What was found, for each that was asked for and is there.
pub(super) type Answers<K, V> = HashMap<K, V>;

pub(super) struct Together<K, V>(Mutex<Queue<K, V>>);

struct Queue<K, V> {
    waiting: Vec<(K, Sender<Option<V>>)>,
    /// Somebody is at it, and looks here once they have an answer.
    asking: bool,
}

impl<K, V> Default for Together<K, V> {
    fn default() -> Self {
        Together(Mutex::new(Queue { waiting: Vec::new(), asking: false }))
    }
}

impl<K, V> Together<K, V> {
    fn queue(&self) -> MutexGuard<'_, Queue<K, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K, V> Together<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// What `all` finds for a key, which it is asked together with those of others. `Err` if it
    /// failed for some of them: whose fault that is each finds out by asking alone.
    pub(super) async fn ask<F, A>(self: &Arc<Self>, key: K, all: F) -> Result<Option<V>, ()>
    where
        F: Fn(Vec<K>) -> A + Send + 'static,
        A: Future<Output = Result<Answers<K, V>, ()>> + Send + 'static,
    {
        let (answer, answered) = channel();
        let begins = {
            let mut queue = self.queue();
            queue.waiting.push((key, answer));
            !std::mem::replace(&mut queue.asking, true)
        };
        if begins {
            // By itself: whoever comes first may go away before the others have their answers.
            tokio::spawn(Asking { of: self.clone(), ended: false }.go_on(all));
        }
        answered.await.map_err(|_| ())
    }
}

/// Whoever is at it.
struct Asking<K, V> {
    of: Arc<Together<K, V>>,
    ended: bool,
}

impl<K, V> Asking<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    async fn go_on<F, A>(mut self, all: F)
    where
        F: Fn(Vec<K>) -> A + Send + 'static,
        A: Future<Output = Result<Answers<K, V>, ()>> + Send + 'static,
    {
        while let Some(asked) = self.next() {
            let keys: HashSet<K> = asked.iter().map(|(key, _)| key.clone()).collect();
            // Where there is no answer, whoever waits for one sees that it is not sent.
            let Ok(answers) = all(keys.into_iter().collect()).await else { continue };
            for (key, answer) in asked {
                let _ = answer.send(answers.get(&key).cloned());
            }
        }
    }

    /// Those who wait now. From when there are none, whoever comes begins anew.
    fn next(&mut self) -> Option<Vec<(K, Sender<Option<V>>)>> {
        let mut queue = self.of.queue();
        let number = queue.waiting.len().min(MOST);
        queue.asking = number > 0;
        self.ended = number == 0;
        (number > 0).then(|| queue.waiting.drain(..number).collect())
    }
}

impl<K, V> Drop for Asking<K, V> {
    /// Given up half-way, by a panic or at the end of the process: nobody may go on waiting.
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self.of.queue();
            queue.asking = false;
            queue.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Asked = Arc<Mutex<Vec<Vec<u32>>>>;

    /// Answers with ten times the number, after a while. There is no 4, and 13 fails.
    fn ten_times(asked: &Asked) -> impl Fn(Vec<u32>) -> Answer + Send + use<> {
        let asked = asked.clone();
        move |mut keys: Vec<u32>| {
            keys.sort_unstable();
            asked.lock().unwrap().push(keys.clone());
            Box::pin(async move {
                tokio::task::yield_now().await;
                assert!(!keys.contains(&99), "a panic on purpose");
                if keys.contains(&13) {
                    return Err(());
                }
                Ok(keys.into_iter().filter(|key| *key != 4).map(|key| (key, key * 10)).collect())
            })
        }
    }

    type Answer = std::pin::Pin<Box<dyn Future<Output = Result<Answers<u32, u32>, ()>> + Send>>;

    async fn all(keys: &[u32]) -> (Vec<Result<Option<u32>, ()>>, Vec<Vec<u32>>) {
        let (together, asked) = (Arc::new(Together::default()), Asked::default());
        let each = keys.iter().map(|key| together.ask(*key, ten_times(&asked)));
        let answers = futures_util::future::join_all(each).await;
        let asked = asked.lock().unwrap().clone();
        (answers, asked)
    }

    #[tokio::test]
    async fn who_comes_while_others_are_answered_is_asked_for_together() {
        let (answers, asked) = all(&[1, 2, 4, 2]).await;
        assert_eq!(answers, [Ok(Some(10)), Ok(Some(20)), Ok(None), Ok(Some(20))]);
        // All four had come before the one who asks began.
        assert_eq!(asked, [vec![1, 2, 4]]);
        let many: Vec<u32> = (100..120).collect();
        let (answers, asked) = all(&many).await;
        assert!(answers.iter().zip(many).all(|(answer, key)| *answer == Ok(Some(key * 10))));
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [MOST, MOST, 4]);
    }

    #[tokio::test]
    async fn who_asked_with_one_that_fails_is_told_and_the_next_is_answered() {
        let (together, asked) = (Arc::new(Together::default()), Asked::default());
        for failing in [13, 99] {
            let ask = |key| together.ask(key, ten_times(&asked));
            assert_eq!(tokio::join!(ask(1), ask(failing)), (Err(()), Err(())));
            assert_eq!(ask(1).await, Ok(Some(10)));
        }
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_others_their_answers() {
        let (together, asked) = (Arc::new(Together::default()), Asked::default());
        let mut first = Box::pin(together.ask(1, ten_times(&asked)));
        tokio::select! {
            biased;
            _ = &mut first => panic!("it takes a while"),
            () = std::future::ready(()) => {}
        }
        let second = together.ask(2, ten_times(&asked));
        drop(first);
        assert_eq!(second.await, Ok(Some(20)));
    }
}
