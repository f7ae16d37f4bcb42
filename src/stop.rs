//! A polite request to stop, as Ctrl-C makes it.

use tokio::sync::watch;

/// Something that can be asked whether to stop, and waited on.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

/// The other end: whoever holds it can ask.
pub struct Stopper(watch::Sender<bool>);

/// A pair of both ends.
pub fn stop() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    pub fn ask(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// One that is never asked.
    pub fn never() -> Self {
        stop().1
    }

    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Returns once stopping is asked for, and never if nobody is left to ask.
    pub async fn asked(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
