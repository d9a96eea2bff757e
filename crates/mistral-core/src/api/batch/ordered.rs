use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::batchable::Batchable;
use super::response::BatchJob;
use super::result::BatchResult;
use super::result_lines::{ResultLine, ResultLines};
use super::results::{
    BatchOutcome, BatchResults, RESULTS, decode_outcome, job_summary, missing_result_kind,
};
use super::spool::Spool;
use crate::error::{Error, ErrorKind, Result};

type IdIterator = Box<dyn Iterator<Item = String> + Send>;
type Item<R> = Result<BatchOutcome<<R as Batchable>::Response>>;
type AdvanceFuture<R> =
    Pin<Box<dyn Future<Output = (Box<OrderedState<R>>, Option<Item<R>>)> + Send>>;

/// The results of a batch in the order of its requests. Created by
/// [`BatchResults::in_order`](super::BatchResults::in_order).
///
/// Read them with [`next`](Self::next) or as a [`Stream`]. All results are first downloaded to
/// a temporary file. The stream then yields one outcome per id, in the order of the ids:
///
/// * A request that failed, or has no result, yields an outcome with an error.
/// * If an id has several results, the first one is used. The next item is an error that
///   names the id.
/// * Results for ids that were not given are counted in an error at the end of the stream.
/// * A line that is not a result yields an error that names the line, before all outcomes.
/// * An interrupted download yields an error and ends the stream. Fetch the results again to
///   retry.
pub struct OrderedResults<R: Batchable> {
    job_id: String,
    /// `None` while `in_flight` owns the state.
    state: Option<Box<OrderedState<R>>>,
    in_flight: Option<AdvanceFuture<R>>,
}

struct OrderedState<R> {
    job: BatchJob,
    lines: ResultLines,
    spool: Spool,
    is_spooled: bool,
    ids: IdIterator,
    /// The next item to yield, if set.
    pending_error: Option<Error>,
    is_finished: bool,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable> BatchResults<R> {
    /// Returns the results in the order of `ids`, the `custom_id`s of the requests.
    ///
    /// The server returns results in any order, so all of them are first downloaded to a file
    /// in [`std::env::temp_dir`], which is removed when the stream is dropped. Memory usage is
    /// 24 bytes per result.
    #[doc = example!(r#"
# use mistral_sdk::embeddings::EmbeddingRequest;
let texts = ["a cat", "a dog", "a cow"];
let requests = texts.map(|text| (text, EmbeddingRequest::new("mistral-embed", text)));
let batch = client.batch().run(requests).await?;
# batch.job().await?; // the emulator advances a job on every read
batch.wait().await?;
let mut results = batch.results().await?.in_order(texts);
for text in texts {
    let outcome = results.next().await.ok_or("there is an outcome for each id")??;
    println!("{}: {} tokens", outcome.custom_id, outcome.result?.usage.unwrap_or_default().total_tokens);
#   assert_eq!(outcome.custom_id, text);
}
"#)]
    pub fn in_order<N: Into<String> + 'static>(
        self,
        ids: impl IntoIterator<Item = N, IntoIter: Send + 'static>,
    ) -> OrderedResults<R> {
        let ids = ids.into_iter().map(Into::into);
        OrderedResults::new(self.lines, self.job, Box::new(ids))
    }
}

impl<R: Batchable> OrderedResults<R> {
    fn new(lines: ResultLines, job: BatchJob, ids: IdIterator) -> Self {
        let expected = usize::try_from(job.total_requests).unwrap_or_default();
        Self {
            job_id: job.id.clone(),
            state: Some(Box::new(OrderedState {
                job,
                lines,
                // The count comes from the server: cap what it can make the client allocate.
                spool: Spool::new(expected.min(1_000_000)),
                is_spooled: false,
                ids,
                pending_error: None,
                is_finished: false,
                request: PhantomData,
            })),
            in_flight: None,
        }
    }

    /// Returns the next outcome, or `None` after the last one.
    ///
    /// Cancel-safe: dropping the future before it is ready loses no outcome.
    pub async fn next(&mut self) -> Option<Item<R>> {
        poll_fn(|cx| self.poll_outcome(cx)).await
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item<R>>> {
        if let Some(state) = self.state.take_if(|state| !state.is_finished) {
            self.in_flight = Some(Box::pin(state.advance()));
        }
        let Some(in_flight) = &mut self.in_flight else {
            return Poll::Ready(None);
        };
        let (state, item) = ready!(in_flight.as_mut().poll(cx));
        (self.state, self.in_flight) = (Some(state), None);
        Poll::Ready(item)
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        self.in_flight.is_none() && self.state.as_ref().is_none_or(|state| state.is_finished)
    }
}

impl<R: Batchable> OrderedState<R> {
    async fn advance(mut self: Box<Self>) -> (Box<Self>, Option<Item<R>>) {
        let item = match self.pending_error.take() {
            Some(error) => Some(Err(error)),
            None => match self.spool_all().await {
                Err(error) => Some(Err(error)),
                Ok(()) => match self.ids.next() {
                    Some(id) => Some(self.outcome(id).await),
                    None => self.finish().map(Err),
                },
            },
        };
        (self, item)
    }

    /// Downloads all results that are not spooled yet.
    async fn spool_all(&mut self) -> Result<()> {
        while !self.is_spooled {
            match poll_fn(|cx| self.lines.poll(cx)).await {
                Some(Ok(line)) => self.spool_line(&line).await?,
                Some(Err(error)) => {
                    self.is_finished = self.lines.has_failed;
                    return Err(error);
                }
                None => {
                    let finished = self.spool.finish().await;
                    finished.inspect_err(|_| self.is_finished = true)?;
                    self.is_spooled = true;
                }
            }
        }
        Ok(())
    }

    async fn spool_line(&mut self, line: &ResultLine) -> Result<()> {
        let id = line.take_id(&mut BatchResult::read(&line.json, || line.location())?)?;
        let added = self.spool.add(&id, &line.json).await;
        added.inspect_err(|_| self.is_finished = true)
    }

    async fn outcome(&mut self, custom_id: String) -> Item<R> {
        let lines = self.spool.find(&custom_id).await;
        let lines = lines.inspect_err(|_| self.is_finished = true)?;
        // Different ids may share a hash.
        let mut found = lines.into_iter().filter_map(|json| {
            let read: Item<R> = decode_outcome(&ResultLine::spooled(json));
            read.ok().filter(|outcome| outcome.custom_id == custom_id)
        });
        let first = found.next();
        let more = found.count();
        if more > 0 {
            let message = format!(
                "`{custom_id}` has {} results: the first one counts",
                more + 1
            );
            self.pending_error = Some(Error::new(ErrorKind::Decode, message).at(RESULTS, 0));
        }
        first.map_or_else(|| Ok(self.missing(custom_id)), Ok)
    }

    fn missing(&self, custom_id: String) -> BatchOutcome<R::Response> {
        let message = format!("`{custom_id}` has no result: {}", job_summary(&self.job));
        let error = Error::new(missing_result_kind(&self.job), message).at(RESULTS, 0);
        BatchOutcome {
            custom_id,
            result: Err(error),
        }
    }

    fn finish(&mut self) -> Option<Error> {
        self.is_finished = true;
        let unmatched = self.spool.unmatched();
        let message = format!("{unmatched} results are for none of the given ids");
        (unmatched > 0).then(|| Error::new(ErrorKind::Decode, message).at(RESULTS, 0))
    }
}

impl<R: Batchable> Stream for OrderedResults<R> {
    type Item = Item<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_outcome(cx)
    }
}

impl<R: Batchable> fmt::Debug for OrderedResults<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OrderedResults")
            .field("job", &self.job_id)
            .finish_non_exhaustive()
    }
}
