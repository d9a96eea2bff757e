use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::batchable::Batchable;
use super::lines::{Line, Lines};
use super::response::BatchJob;
use super::result::BatchResult;
use super::results::{BatchOutcome, BatchResults, RESULTS, kind, read, state};
use super::spool::Spool;
use crate::error::{Error, ErrorKind, Result};

type Ids = Box<dyn Iterator<Item = String> + Send>;
type Item<R> = Result<BatchOutcome<<R as Batchable>::Response>>;
type Step<R> = Pin<Box<dyn Future<Output = (Box<Inner<R>>, Option<Item<R>>)> + Send>>;

/// The results of a batch in the order of its requests. Made by
/// [`BatchResults::in_order`](super::BatchResults::in_order).
///
/// Take them with [`next`](Self::next) or as a [`Stream`]. First all results are downloaded
/// into a temporary file. Each id then has an outcome, in its turn:
///
/// * A request that failed, or has no result, is an outcome with an error.
/// * Of results that come twice the first one counts; an error after it names the id.
/// * Results for other ids are counted by an error at the end.
/// * A line that is no result is an error that names the line. It comes before all outcomes.
/// * A download that breaks off is an error, and the end. Take the results once more.
pub struct OrderedResults<R: Batchable> {
    job_id: String,
    /// What there is to go on with. `None` once all is over.
    inner: Option<Box<Inner<R>>>,
    step: Option<Step<R>>,
}

struct Inner<R> {
    job: BatchJob,
    lines: Lines,
    spool: Spool,
    is_spooled: bool,
    ids: Ids,
    /// An error that comes next.
    aside: Option<Error>,
    is_over: bool,
    request: PhantomData<fn() -> R>,
}

impl<R: Batchable> BatchResults<R> {
    /// The results in the order of `ids`, which are the `custom_id`s of the requests.
    ///
    /// The server's order is any order, so all results are downloaded first, into a file in
    /// [`std::env::temp_dir`] that is removed with the stream. In memory there are 24 bytes
    /// for each.
    #[doc = example!(r#"
# use mistral_sdk::embeddings::EmbeddingRequest;
let texts = ["a cat", "a dog", "a cow"];
let requests = texts.map(|text| (text, EmbeddingRequest::new("mistral-embed", text)));
let batch = client.batch().run(requests).await?;
# batch.job().await?; // the emulator's job takes a step with each look
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
    fn new(lines: Lines, job: BatchJob, ids: Ids) -> Self {
        let expected = usize::try_from(job.total_requests).unwrap_or_default();
        Self {
            job_id: job.id.clone(),
            inner: Some(Box::new(Inner {
                job,
                lines,
                // What the server says is not to reserve more than a million places.
                spool: Spool::new(expected.min(1_000_000)),
                is_spooled: false,
                ids,
                aside: None,
                is_over: false,
                request: PhantomData,
            })),
            step: None,
        }
    }

    /// The next outcome, or `None` after the last one.
    ///
    /// It is cancel-safe: no outcome is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Item<R>> {
        poll_fn(|cx| self.poll_outcome(cx)).await
    }

    fn poll_outcome(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item<R>>> {
        if let Some(inner) = self.inner.take_if(|inner| !inner.is_over) {
            self.step = Some(Box::pin(inner.go_on()));
        }
        let Some(step) = &mut self.step else {
            return Poll::Ready(None);
        };
        let (inner, item) = ready!(step.as_mut().poll(cx));
        (self.inner, self.step) = (Some(inner), None);
        Poll::Ready(item)
    }

    #[cfg(feature = "blocking")]
    pub(crate) fn has_ended(&self) -> bool {
        self.step.is_none() && self.inner.as_ref().is_none_or(|inner| inner.is_over)
    }
}

impl<R: Batchable> Inner<R> {
    async fn go_on(mut self: Box<Self>) -> (Box<Self>, Option<Item<R>>) {
        let item = match self.aside.take() {
            Some(error) => Some(Err(error)),
            None => match self.spool_all().await {
                Err(error) => Some(Err(error)),
                Ok(()) => match self.ids.next() {
                    Some(id) => Some(self.outcome(id).await),
                    None => self.end().map(Err),
                },
            },
        };
        (self, item)
    }

    /// Downloads what is not here yet.
    async fn spool_all(&mut self) -> Result<()> {
        while !self.is_spooled {
            match poll_fn(|cx| self.lines.poll(cx)).await {
                Some(Ok(line)) => self.keep(&line).await?,
                Some(Err(error)) => {
                    self.is_over = self.lines.is_broken;
                    return Err(error);
                }
                None => {
                    let finished = self.spool.finish().await;
                    finished.inspect_err(|_| self.is_over = true)?;
                    self.is_spooled = true;
                }
            }
        }
        Ok(())
    }

    async fn keep(&mut self, line: &Line) -> Result<()> {
        let id = line.id(&mut BatchResult::read(&line.json, || line.place())?)?;
        let added = self.spool.add(&id, &line.json).await;
        added.inspect_err(|_| self.is_over = true)
    }

    async fn outcome(&mut self, custom_id: String) -> Item<R> {
        let lines = self.spool.find(&custom_id).await;
        let lines = lines.inspect_err(|_| self.is_over = true)?;
        // Ids that differ may have the same hash.
        let mut found = lines.into_iter().filter_map(|json| {
            let read: Item<R> = read(&Line::kept(json));
            read.ok().filter(|outcome| outcome.custom_id == custom_id)
        });
        let first = found.next();
        let more = found.count();
        if more > 0 {
            let message = format!(
                "`{custom_id}` has {} results: the first one counts",
                more + 1
            );
            self.aside = Some(Error::new(ErrorKind::Decode, message).at(RESULTS, 0));
        }
        first.map_or_else(|| Ok(self.missing(custom_id)), Ok)
    }

    fn missing(&self, custom_id: String) -> BatchOutcome<R::Response> {
        let message = format!("`{custom_id}` has no result: {}", state(&self.job));
        let error = Error::new(kind(&self.job), message).at(RESULTS, 0);
        BatchOutcome {
            custom_id,
            result: Err(error),
        }
    }

    fn end(&mut self) -> Option<Error> {
        self.is_over = true;
        let left = self.spool.left();
        let message = format!("{left} results are for none of the given ids");
        (left > 0).then(|| Error::new(ErrorKind::Decode, message).at(RESULTS, 0))
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
