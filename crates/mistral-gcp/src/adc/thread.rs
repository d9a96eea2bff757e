//! Work that blocks now and then, kept away from the application's runtime.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot::{Sender, channel};
use tokio::time::timeout;

/// How long asking for a token may take in all.
const LIMIT: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, String>;

/// Does `work` on a thread of its own, which ends with it, or when nobody waits any more.
///
/// `gcp_auth` runs `gcloud`, and reads files and certificates, in the middle of its
/// futures. Tokens are asked for about once an hour, so that a thread is no loss.
pub(super) async fn apart<T, W>(work: W) -> Outcome<T>
where
    T: Send + 'static,
    W: AsyncFnOnce() -> Outcome<T> + Send + 'static,
{
    let (answer, outcome) = channel();
    std::thread::Builder::new()
        .name("gcp-token".to_owned())
        .spawn(move || run(work, answer))
        .map_err(|error| format!("there is no thread to ask for a token: {error}"))?;
    match outcome.await {
        Ok(outcome) => outcome,
        Err(_) => Err("asking for a token has broken off".to_owned()),
    }
}

fn run<T, W: AsyncFnOnce() -> Outcome<T>>(work: W, mut answer: Sender<Outcome<T>>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let why = format!("there is no runtime to ask for a token: {error}");
            let _gone = answer.send(Err(why));
            return;
        }
    };
    let outcome = runtime.block_on(async {
        let mut work = pin!(timeout(LIMIT, work()));
        let mut gone = pin!(answer.closed());
        poll_fn(|context| match gone.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(context).map(Some),
        })
        .await
    });
    runtime.shutdown_background(); // a name that is being looked up holds nobody up
    if let Some(outcome) = outcome {
        let late = |_| Err(format!("there was no token within {LIMIT:?}"));
        let _gone = answer.send(outcome.unwrap_or_else(late));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn work_that_blocks_holds_nobody_up() {
        let (sender, receiver) = mpsc::channel();
        let work = apart(async move || receiver.recv().map_err(|error| error.to_string()));
        let (outcome, ()) = tokio::join!(work, async { sender.send(7).unwrap() });
        assert_eq!(outcome, Ok(7));
    }

    #[tokio::test]
    async fn work_that_nobody_waits_for_ends() {
        let (sender, receiver) = mpsc::channel::<()>();
        let mut work = Box::pin(apart(async move || {
            let _held = sender;
            std::future::pending::<Outcome<()>>().await
        }));
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        let end = receiver.recv_timeout(Duration::from_secs(60));
        assert_eq!(end, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
