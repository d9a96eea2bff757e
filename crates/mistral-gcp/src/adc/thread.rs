//! Runs futures that block now and then outside the application's runtime.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::oneshot::{Sender, channel};
use tokio::time::timeout;

use super::Failure;

/// The timeout of a whole token or project lookup.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(60);

type Outcome<T> = Result<T, Failure>;

/// Runs `work` on a thread of its own and returns its outcome. Dropping the future cancels
/// `work`.
///
/// Files and certificates are read in between. Tokens are fetched about once an hour, so the cost of
/// a thread does not matter.
pub(super) async fn run_on_thread<T, W>(work: W) -> Outcome<T>
where
    T: Send + 'static,
    W: AsyncFnOnce() -> Outcome<T> + Send + 'static,
{
    let (sender, outcome) = channel();
    std::thread::Builder::new()
        .name("gcp-token".to_owned())
        .spawn(move || run(work, sender))
        .map_err(|error| format!("the thread for the credentials did not start: {error}"))
        .map_err(Failure::from)?;
    match outcome.await {
        Ok(outcome) => outcome,
        Err(_) => Err("the thread for the credentials panicked".to_owned().into()),
    }
}

fn run<T, W: AsyncFnOnce() -> Outcome<T>>(work: W, mut sender: Sender<Outcome<T>>) {
    let runtime = match Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("the runtime for the credentials did not start: {error}");
            let _receiver_dropped = sender.send(Err(message.into()));
            return;
        }
    };
    let outcome = runtime.block_on(async {
        let mut work = pin!(timeout(LOOKUP_TIMEOUT, work()));
        let mut cancelled = pin!(sender.closed());
        poll_fn(|context| match cancelled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => work.as_mut().poll(context).map(Some),
        })
        .await
    });
    runtime.shutdown_background(); // does not wait for a DNS lookup that is still blocking
    if let Some(outcome) = outcome {
        let timed_out =
            |_| Err(format!("the credentials did not respond within {LOOKUP_TIMEOUT:?}").into());
        let _receiver_dropped = sender.send(outcome.unwrap_or_else(timed_out));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn run_on_thread_blocking_work_does_not_block_the_runtime() {
        let (sender, receiver) = mpsc::channel();
        let work =
            run_on_thread(async move || receiver.recv().map_err(|error| error.to_string().into()));
        let (outcome, ()) = tokio::join!(work, async { sender.send(7).unwrap() });
        assert_eq!(outcome, Ok(7));
    }

    #[tokio::test]
    async fn run_on_thread_dropped_future_cancels_work() {
        let (sender, receiver) = mpsc::channel::<()>();
        let mut work = Box::pin(run_on_thread(async move || {
            let _held = sender;
            std::future::pending::<Outcome<()>>().await
        }));
        assert!(futures::poll!(&mut work).is_pending());
        drop(work);
        let end = receiver.recv_timeout(Duration::from_secs(60));
        assert_eq!(end, Err(mpsc::RecvTimeoutError::Disconnected));
    }
}
