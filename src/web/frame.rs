//! What stands around the content of every page: who is signed in, and where they are.
//!
//! It belongs to the request and not to the page, and error pages need it too, so it is not
//! handed from function to function but set once around the whole answer.

use std::future::Future;

use axum::http::Method;

tokio::task_local! {
    static FRAME: Frame;
    static LOOKS: bool;
}

#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// How to call who is signed in.
    pub name: Option<String>,
    /// Which part of the site this is: the first part of the path.
    pub place: String,
}

/// The frame of the page that is being written.
pub fn current() -> Frame {
    FRAME.try_with(Clone::clone).unwrap_or_default()
}

/// Whether whoever asks only looks, so that nothing can have been changed for them.
pub fn only_looks() -> bool {
    LOOKS.try_with(|looks| *looks).unwrap_or_default()
}

/// Remembers by which method was asked, for pages about what went wrong.
pub async fn asked_by<F: Future>(method: &Method, answer: F) -> F::Output {
    LOOKS.scope(method.is_safe(), answer).await
}

pub async fn around<F: Future>(frame: Frame, answer: F) -> F::Output {
    FRAME.scope(frame, answer).await
}

impl Frame {
    /// The parts of the site for who is signed in: address, name, whether they are there.
    pub fn parts(&self) -> Vec<(&'static str, &'static str, bool)> {
        let here = match self.place.as_str() {
            // What was done on targets, and can be taken back.
            "runs" | "backups" | "log" => "targets",
            place => place,
        };
        [
            ("/targets", "Blocks", "targets"),
            ("/lists", "Lists", "lists"),
            ("/why", "Why?", "why"),
            ("/exceptions", "Exceptions", "exceptions"),
            ("/published", "Published", "published"),
            ("/settings", "Settings", "settings"),
        ]
        .into_iter()
        .map(|(address, name, place)| (address, name, here == place))
        .collect()
    }
}
