use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::task::Poll;

use super::blocking_stream::{AsyncSource, BlockingStream};
use super::feeder::{Feeder, feeder};
use crate::api::batch;
use crate::api::batch::{
    Batch, BatchJob, BatchOutcome, BatchWait, Batchable, RESULTS, RUN, SubmittedBatch,
};
use crate::error::{Error, Result};
use crate::mode::{Async, Blocking};

/// The number of requests that are buffered. Low, because each may be large.
const FEED_CAPACITY: usize = 16;

#[cfg(feature = "blocking")]
impl Batch<Blocking> {
    /// Submits requests as a batch. Each has a `custom_id`, which its result repeats.
    ///
    /// Up to 10 000 requests or 4 MiB are sent inline, in the call that creates the job.
    /// Larger batches are uploaded as input files, which are encoded while they are sent, so
    /// that only a few requests are in memory at a time. The iterator is advanced by the
    /// waiting thread: it may block, and use the client itself.
    ///
    /// All requests must have the same model. Each `custom_id` must be unique, which is
    /// checked for inline batches.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::chat::{ChatCompletionRequest, Message};
    ///
    /// let questions = ["Who painted Olympia?", "What is the best cheese?"];
    /// let requests = questions.iter().enumerate().map(|(number, question)| {
    ///     let question = [Message::user(*question)];
    ///     (number.to_string(), ChatCompletionRequest::new("mistral-small-latest", question))
    /// });
    /// let batch = client.batch().run(requests).send()?;
    /// println!("{}", batch.id()); // store it to `resume` the batch later
    ///
    /// # batch.job().send()?; // the emulator advances a job on every read
    /// let job = batch.wait().send()?;
    /// println!("{} of {} requests succeeded", job.succeeded_requests, job.total_requests);
    /// for outcome in batch.results()? {
    ///     let outcome = outcome?;
    ///     match outcome.result {
    ///         Ok(response) => println!("{}: {}", outcome.custom_id, response.text()),
    ///         Err(error) => println!("{}: {error}", outcome.custom_id),
    ///     }
    /// }
    /// # assert_eq!(job.succeeded_requests, 2);
    /// # Ok(()) }
    /// ```
    pub fn run<'a, R, N>(
        &self,
        requests: impl IntoIterator<Item = (N, R), IntoIter: Send + 'a>,
    ) -> BatchRun<'a, R>
    where
        R: Batchable,
        N: Into<String>,
    {
        let requests = requests.into_iter();
        self.run_fallible(requests.map(|(id, request)| Ok((id.into(), request))))
    }

    /// Submits the requests of a fallible iterator as a batch. Otherwise the same as
    /// [`run`](Self::run).
    ///
    /// If the iterator yields an error, the run fails and no job is created.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use std::io::{BufRead, BufReader};
    /// use mistral_sdk::embeddings::EmbeddingRequest;
    ///
    /// let file = "a cat\na dog\n".as_bytes(); // or a file
    /// let requests = BufReader::new(file).lines().map(|line| {
    ///     let line = line?;
    ///     Ok((line.clone(), EmbeddingRequest::new("mistral-embed", line)))
    /// });
    /// let batch = client.batch().try_run(requests).send()?;
    /// # assert_eq!(batch.job().send()?.total_requests, 2);
    /// # Ok(()) }
    /// ```
    pub fn try_run<'a, R, N>(
        &self,
        requests: impl IntoIterator<Item = io::Result<(N, R)>, IntoIter: Send + 'a>,
    ) -> BatchRun<'a, R>
    where
        R: Batchable,
        N: Into<String>,
    {
        let into_item = |(id, request): (N, R)| (id.into(), request);
        let requests = requests.into_iter();
        self.run_fallible(requests.map(move |request| request.map(into_item)))
    }

    fn run_fallible<'a, R: Batchable>(
        &self,
        requests: impl Iterator<Item = io::Result<(String, R)>> + Send + 'a,
    ) -> BatchRun<'a, R> {
        let (requests, source) = feeder(requests, FEED_CAPACITY);
        BatchRun {
            run: batch::BatchRun::new(self.client.as_async(), source),
            requests,
            mode: self.client.mode().clone(),
        }
    }
}

/// A batch that is ready to be submitted: call `.send()` to create the job. Created by
/// [`Batch::run`].
#[must_use = "a batch is not sent until `send` is called"]
pub struct BatchRun<'a, R> {
    run: batch::BatchRun<R>,
    requests: Feeder<'a, (String, R)>,
    mode: Blocking,
}

impl<R: Batchable> BatchRun<'_, R> {
    /// Sets the metadata to store with the job. Keys have 1 to 32 characters, values 1 to 512.
    pub fn metadata(mut self, metadata: BTreeMap<String, String>) -> Self {
        self.run = self.run.metadata(metadata);
        self
    }

    /// Sets the number of hours after which an unfinished job times out. Default: 24.
    pub fn timeout_hours(mut self, hours: u64) -> Self {
        self.run = self.run.timeout_hours(hours);
        self
    }

    /// Sets the maximum number of requests that are sent inline, in the call that creates the
    /// job. Larger batches are uploaded. Default, and the API's maximum: 10 000.
    pub fn inline_limit(mut self, requests: usize) -> Self {
        self.run = self.run.inline_limit(requests);
        self
    }

    /// Sets the maximum size of an input file, in bytes. A batch that exceeds it is split
    /// into several files. Default: 500 MB.
    pub fn file_limit(mut self, bytes: u64) -> Self {
        self.run = self.run.file_limit(bytes);
        self
    }

    /// Submits the batch and creates its job.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous [`BatchRun`](batch::BatchRun), and inside an
    /// async runtime.
    ///
    /// An upload is not retried, because an iterator can be consumed only once. If it fails,
    /// no job is created; submit the batch again.
    pub fn send(mut self) -> Result<SubmittedBatch<R, Blocking>> {
        let mut submitting = self.run.into_future();
        let batch = self
            .requests
            .block_on(&self.mode.runtime, |cx| submitting.as_mut().poll(cx))
            .map_err(|error| error.at(RUN, 0))??;
        Ok(batch.with_mode(&self.mode))
    }
}

impl<R> fmt::Debug for BatchRun<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt(f)
    }
}

#[cfg(feature = "blocking")]
impl BatchWait<Blocking> {
    /// Blocks until the job has finished.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous wait, and inside an async runtime.
    pub fn send(self) -> Result<BatchJob> {
        self.0.send()
    }
}

#[cfg(feature = "blocking")]
impl<R: Batchable> SubmittedBatch<R, Blocking> {
    /// Retrieves the results of a finished job.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the job has not finished,
    /// if its endpoint is not that of `R`, or inside an async runtime. Errors in the results
    /// themselves are reported while they are read.
    pub fn results(&self) -> Result<BatchResults<R>> {
        let mode = self.mode().clone();
        let batch = self.with_mode(&Async);
        let results = mode.run_call(RESULTS.into(), Box::pin(batch.results()))?;
        Ok(BatchResults(BlockingStream::new(results, mode)))
    }
}

/// The results of a batch, read while they are downloaded: a blocking iterator. Created by
/// [`SubmittedBatch::results`].
///
/// Yields the same items and errors as the asynchronous
/// [`BatchResults`](batch::BatchResults).
#[derive(Debug)]
pub struct BatchResults<R: Batchable>(BlockingStream<batch::BatchResults<R>>);

impl<R: Batchable> BatchResults<R> {
    /// Returns the results in the order of `ids`, the `custom_id`s of the requests.
    ///
    /// All results are first downloaded to a file in [`std::env::temp_dir`], which is removed
    /// when the iterator is dropped. Memory usage is 24 bytes per result.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// # use mistral_sdk::embeddings::EmbeddingRequest;
    /// let texts = ["a cat", "a dog", "a cow"];
    /// let requests = texts.map(|text| (text, EmbeddingRequest::new("mistral-embed", text)));
    /// let batch = client.batch().run(requests).send()?;
    /// # batch.job().send()?; // the emulator advances a job on every read
    /// batch.wait().send()?;
    /// for (text, outcome) in texts.iter().zip(batch.results()?.in_order(texts)) {
    ///     let response = outcome?.result?;
    ///     println!("{text}: {} numbers", response.to_f32()?[0].len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn in_order<N: Into<String> + 'static>(
        self,
        ids: impl IntoIterator<Item = N, IntoIter: Send + 'static>,
    ) -> OrderedResults<R> {
        let BlockingStream { inner, mode, .. } = self.0;
        OrderedResults(BlockingStream::new(inner.in_order(ids), mode))
    }
}

/// The results of a batch in the order of its requests: a blocking iterator. Created by
/// [`BatchResults::in_order`].
///
/// Yields the same items and errors as the asynchronous
/// [`OrderedResults`](batch::OrderedResults).
#[derive(Debug)]
pub struct OrderedResults<R: Batchable>(BlockingStream<batch::OrderedResults<R>>);

macro_rules! results {
    ($name:ident) => {
        impl<R: Batchable> Iterator for $name<R> {
            type Item = Result<BatchOutcome<R::Response>>;

            fn next(&mut self) -> Option<Self::Item> {
                self.0.next()
            }
        }

        impl<R: Batchable> AsyncSource for batch::$name<R> {
            type Element = BatchOutcome<R::Response>;
            const SENDS_REQUESTS: bool = true;

            fn next_buffered(&mut self) -> Poll<Option<Result<Self::Element>>> {
                if self.has_ended() {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }

            fn with_context(&self, error: Error) -> Error {
                error.at(RESULTS, 0)
            }
        }
    };
}

results!(BatchResults);
results!(OrderedResults);
