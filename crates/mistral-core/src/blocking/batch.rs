use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::io;
use std::task::Poll;

use super::supply::{Supply, supply};
use super::waiting::{Source, Waiting};
use crate::api::batch;
use crate::api::batch::{
    Batch, BatchJob, BatchOutcome, BatchWait, Batchable, RESULTS, RUN, SubmittedBatch, WAIT,
};
use crate::error::{Error, Result};
use crate::mode::{Async, Blocking};

/// How many requests are taken ahead. Each may be large.
const ROOM: usize = 16;

impl Batch<Blocking> {
    /// Makes a job of requests, each with the `custom_id` that its result is told by.
    ///
    /// A few requests, 10 000 or 4 MiB at most, go along with the call that makes the job.
    /// More of them are uploaded as files of lines that are written while they are sent:
    /// however many there are, a few are in memory at a time. They are taken by the thread
    /// that waits: the iterator may block, and use the client itself.
    ///
    /// All requests are for one model. No `custom_id` may come twice; that is checked where
    /// all requests are at hand, which is up to 10 000.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::chat::ChatCompletionRequest;
    /// use mistral_sdk::chat::Message;
    ///
    /// let questions = ["Who painted Olympia?", "What is the best cheese?"];
    /// let requests = questions.iter().enumerate().map(|(number, question)| {
    ///     let question = [Message::user(*question)];
    ///     (number.to_string(), ChatCompletionRequest::new("mistral-small-latest", question))
    /// });
    /// let batch = client.batch().run(requests).send()?;
    /// println!("{}", batch.id()); // keep it, and `resume` can take the batch up again
    ///
    /// # batch.job().send()?; // the emulator's job takes a step with each look
    /// let job = batch.wait().send()?;
    /// println!("{} of {} requests succeeded", job.succeeded_requests, job.total_requests);
    /// for outcome in batch.results()? {
    ///     let outcome = outcome?;
    ///     match outcome.result {
    ///         Ok(answer) => println!("{}: {}", outcome.custom_id, answer.text()),
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
        self.run_all_of(requests.map(|(id, request)| Ok((id.into(), request))))
    }

    /// Makes a job of requests that may fail to come. In everything else it is
    /// [`run`](Self::run).
    ///
    /// An error of the iterator ends the run, and no job is made.
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
        let named = |(id, request): (N, R)| (id.into(), request);
        let requests = requests.into_iter();
        self.run_all_of(requests.map(move |request| request.map(named)))
    }

    fn run_all_of<'a, R: Batchable>(
        &self,
        requests: impl Iterator<Item = io::Result<(String, R)>> + Send + 'a,
    ) -> BatchRun<'a, R> {
        let (requests, source) = supply(requests, ROOM);
        BatchRun {
            run: batch::BatchRun::new(self.client.as_async(), source),
            requests,
            mode: self.client.mode().clone(),
        }
    }
}

/// A batch that is ready to be sent: `.send()` it for the job. Made by [`Batch::run`].
#[must_use = "a batch is not sent until `send` is called"]
pub struct BatchRun<'a, R> {
    run: batch::BatchRun<R>,
    requests: Supply<'a, (String, R)>,
    mode: Blocking,
}

impl<R: Batchable> BatchRun<'_, R> {
    /// Facts that are kept with the job: names of 1 to 32 characters, values of 1 to 512.
    pub fn metadata(mut self, metadata: BTreeMap<String, String>) -> Self {
        self.run = self.run.metadata(metadata);
        self
    }

    /// After how many hours the job ends, finished or not. Default: 24.
    pub fn timeout_hours(mut self, hours: u64) -> Self {
        self.run = self.run.timeout_hours(hours);
        self
    }

    /// With how many requests the batch still goes along with the call that makes its job.
    /// With more it is uploaded. Default, and most that the API takes: 10 000.
    pub fn inline_limit(mut self, requests: usize) -> Self {
        self.run = self.run.inline_limit(requests);
        self
    }

    /// How many bytes an uploaded file may have; what does not fit goes into another.
    /// Default: 500 MB.
    pub fn file_limit(mut self, bytes: u64) -> Self {
        self.run = self.run.file_limit(bytes);
        self
    }

    /// Sends the batch, and waits for its job to be made.
    ///
    /// # Errors
    /// Fails as the asynchronous [`BatchRun`](batch::BatchRun) does, and inside an async
    /// runtime. An upload is never repeated, since an iterator gives its requests only once:
    /// if it fails there is no job, and the batch is run anew.
    pub fn send(mut self) -> Result<SubmittedBatch<R, Blocking>> {
        let mut submitting = self.run.into_future();
        let batch = self
            .requests
            .wait(&self.mode.driver, |cx| submitting.as_mut().poll(cx))
            .map_err(|error| error.at(RUN, 0))??;
        Ok(batch.with_mode(&self.mode))
    }
}

impl<R> fmt::Debug for BatchRun<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.run.fmt(f)
    }
}

impl BatchWait<Blocking> {
    /// Waits until the job has ended.
    ///
    /// # Errors
    /// Fails as the asynchronous wait does, and inside an async runtime.
    pub fn send(self) -> Result<BatchJob> {
        let (wait, mode) = self.split();
        mode.perform(WAIT.into(), wait)
    }
}

impl<R: Batchable> SubmittedBatch<R, Blocking> {
    /// Gives the results of a job that has ended.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) while the job has not
    /// ended, when its requests are for another endpoint than those of type `R`, and inside an
    /// async runtime. Whatever is wrong with the results themselves is told when they are read.
    pub fn results(&self) -> Result<BatchResults<R>> {
        let mode = self.mode().clone();
        let batch = self.with_mode(&Async);
        let results = mode.perform(RESULTS.into(), Box::pin(batch.results()))?;
        Ok(BatchResults(Waiting::new(results, mode)))
    }
}

/// The results of a batch, read while they are downloaded: an iterator that waits for each.
/// Made by [`SubmittedBatch::results`].
///
/// What comes, in which order, and what is an error is as with the asynchronous
/// [`BatchResults`](batch::BatchResults).
#[derive(Debug)]
pub struct BatchResults<R: Batchable>(Waiting<batch::BatchResults<R>>);

impl<R: Batchable> BatchResults<R> {
    /// The results in the order of `ids`, which are the `custom_id`s of the requests.
    ///
    /// All results are downloaded first, into a file in [`std::env::temp_dir`] that is removed
    /// with the iterator. In memory there are 24 bytes for each.
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
    /// # batch.job().send()?; // the emulator's job takes a step with each look
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
        let Waiting { source, mode, .. } = self.0;
        OrderedResults(Waiting::new(source.in_order(ids), mode))
    }
}

/// The results of a batch in the order of its requests: an iterator that waits for each. Made
/// by [`BatchResults::in_order`].
///
/// What comes, and what is an error is as with the asynchronous
/// [`OrderedResults`](batch::OrderedResults).
#[derive(Debug)]
pub struct OrderedResults<R: Batchable>(Waiting<batch::OrderedResults<R>>);

macro_rules! results {
    ($name:ident) => {
        impl<R: Batchable> Iterator for $name<R> {
            type Item = Result<BatchOutcome<R::Response>>;

            fn next(&mut self) -> Option<Self::Item> {
                self.0.next()
            }
        }

        impl<R: Batchable> Source for batch::$name<R> {
            type Piece = BatchOutcome<R::Response>;
            const SENDS: bool = true;

            fn arrived(&mut self) -> Poll<Option<Result<Self::Piece>>> {
                if self.has_ended() {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }

            fn error(&self, error: Error) -> Error {
                error.at(RESULTS, 0)
            }
        }
    };
}

results!(BatchResults);
results!(OrderedResults);
