use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;

use super::batchable::Batchable;
use super::input::{BatchInput, BatchItem, InlineRequests, check_ids, encode_line};
use super::jobs::BatchJobs;
use super::request::CreateBatchJobRequest;
use super::submitted::SubmittedBatch;
use super::upload::{InputFile, Upload, is_all_sent, is_file_complete};
use super::{Batch, MAX_INLINE_REQUESTS};
use crate::api::files::{FilePurpose, Files, UploadFileRequest};
use crate::call::input_stream::{InputStream, from_iterator, from_stream};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::mode::Mode;
use crate::transport::FileSource;

/// The operation that errors outside of an API call name.
pub(crate) const RUN: &str = "batch.run";
/// The maximum size of inline requests, in bytes.
const MAX_INLINE_BYTES: usize = 4 * 1024 * 1024;
/// The default maximum size of an input file, in bytes. The API accepts up to 512 MB.
const DEFAULT_FILE_LIMIT: u64 = 500_000_000;

impl Batch {
    /// Submits requests as a batch. Each has a `custom_id`, which its result repeats.
    ///
    /// Up to 10 000 requests or 4 MiB are sent inline, in the call that creates the job.
    /// Larger batches are uploaded as input files, which are encoded while they are sent: the
    /// iterator is advanced as the transport accepts more data, so that only a few requests
    /// are in memory at a time. The iterator must not block. For requests that are produced
    /// asynchronously, see [`run_stream`](Self::run_stream).
    ///
    /// All requests must have the same model. Each `custom_id` must be unique, which is
    /// checked for inline batches.
    #[doc = example!(r#"
use mistral_sdk::chat::{ChatCompletionRequest, Message};

let questions = ["Who painted Olympia?", "What is the best cheese?"];
let requests = questions.into_iter().enumerate().map(|(number, question)| {
    let question = [Message::user(question)];
    (number.to_string(), ChatCompletionRequest::new("mistral-small-latest", question))
});
let batch = client.batch().run(requests).await?;
println!("{}", batch.id()); // store it to `resume` the batch later

# batch.job().await?; // the emulator advances a job on every read
let job = batch.wait().await?;
println!("{} of {} requests succeeded", job.succeeded_requests, job.total_requests);
let mut results = batch.results().await?;
while let Some(outcome) = results.next().await {
    let outcome = outcome?;
    match outcome.result {
        Ok(response) => println!("{}: {}", outcome.custom_id, response.text()),
        Err(error) => println!("{}: {error}", outcome.custom_id),
    }
}
# assert_eq!(job.succeeded_requests, 2);
"#)]
    /// # Errors
    /// In addition to the errors of every call, fails with [`ErrorKind::Config`] if there are
    /// no requests, if they have different models, or if a `custom_id` is not unique.
    ///
    /// An upload is not retried, because an iterator can be consumed only once. If it fails,
    /// no job is created; submit the batch again.
    pub fn run<R, N>(
        &self,
        requests: impl IntoIterator<Item = (N, R), IntoIter: Send + 'static>,
    ) -> BatchRun<R>
    where
        R: Batchable,
        N: Into<String>,
    {
        let items = requests
            .into_iter()
            .map(|(id, request)| (id.into(), request));
        BatchRun::new(self.client.clone(), from_iterator(items))
    }

    /// Submits the requests of a fallible stream as a batch. Otherwise the same as
    /// [`run`](Self::run).
    ///
    /// If the stream yields an error, the run fails and no job is created.
    #[doc = example!(r#"
use futures::stream;
use mistral_sdk::embeddings::EmbeddingRequest;

let requests = stream::iter(["a cat", "a dog"]).map(|text| {
    Ok((text, EmbeddingRequest::new("mistral-embed", text)))
});
let batch = client.batch().run_stream(requests).await?;
# use futures::StreamExt;
# assert_eq!(batch.job().await?.total_requests, 2);
"#)]
    pub fn run_stream<R, N>(
        &self,
        requests: impl Stream<Item = std::io::Result<(N, R)>> + Send + 'static,
    ) -> BatchRun<R>
    where
        R: Batchable,
        N: Into<String> + 'static,
    {
        let items = from_stream(requests, |(id, request): (N, R)| (id.into(), request));
        BatchRun::new(self.client.clone(), items)
    }
}

impl<M: Mode> Batch<M> {
    /// Returns a handle to a batch by the id of its job, for example after a restart or in
    /// another process.
    ///
    /// `R` is the type of its requests. No request is sent.
    #[doc = example!(r#"
use mistral_sdk::embeddings::EmbeddingRequest;
# let requests = [("cat", EmbeddingRequest::new("mistral-embed", "a cat"))];
# let id = client.batch().run(requests).await?.id().to_owned();

let batch = client.batch().resume::<EmbeddingRequest>(id);
# batch.job().await?; // the emulator advances a job on every read
batch.wait().await?;
let mut results = batch.results().await?;
# assert!(results.next().await.unwrap()?.result.is_ok());
"#)]
    pub fn resume<R: Batchable>(&self, job_id: impl Into<String>) -> SubmittedBatch<R, M> {
        SubmittedBatch::new(self.client.clone(), job_id.into())
    }
}

/// A batch that is ready to be submitted: `.await` it to create the job. Created by
/// [`Batch::run`].
#[must_use = "a batch is not sent until it is awaited"]
pub struct BatchRun<R> {
    client: Client,
    source: InputStream<'static, BatchItem<R>>,
    job: CreateBatchJobRequest,
    inline_limit: usize,
    file_limit: u64,
}

impl<R: Batchable> BatchRun<R> {
    pub(crate) fn new(client: Client, source: InputStream<'static, BatchItem<R>>) -> Self {
        Self {
            client,
            source,
            job: CreateBatchJobRequest::new(R::endpoint()),
            inline_limit: MAX_INLINE_REQUESTS,
            file_limit: DEFAULT_FILE_LIMIT,
        }
    }

    /// Sets the metadata to store with the job. Keys have 1 to 32 characters, values 1 to 512.
    pub fn metadata(mut self, metadata: BTreeMap<String, String>) -> Self {
        self.job.metadata = Some(metadata);
        self
    }

    /// Sets the number of hours after which an unfinished job times out. Default: 24.
    pub fn timeout_hours(mut self, hours: u64) -> Self {
        self.job.timeout_hours = Some(hours);
        self
    }

    /// Sets the maximum number of requests that are sent inline, in the call that creates the
    /// job. Larger batches are uploaded. Default, and the API's maximum: 10 000.
    pub fn inline_limit(mut self, requests: usize) -> Self {
        self.inline_limit = requests;
        self
    }

    /// Sets the maximum size of an input file, in bytes. A batch that exceeds it is split
    /// into several files. Default: 500 MB.
    pub fn file_limit(mut self, bytes: u64) -> Self {
        self.file_limit = bytes;
        self
    }

    async fn submit(self) -> Result<SubmittedBatch<R>> {
        let mut requests = BatchInput::new(self.source);
        let first = take_inline(&mut requests, self.inline_limit)
            .await
            .map_err(|error| error.at(RUN, 0))?;
        let mut request = self.job;
        if let Some(target) = requests.target.clone() {
            (request.model, request.agent_id) = (target.model, target.agent_id);
        }
        let jobs = BatchJobs {
            client: self.client.clone(),
        };
        let job = match first {
            Intake::Complete(items) => {
                let call = jobs.create_inline(&request, &InlineRequests(&items));
                drop(items); // `call` has them serialized
                call.await?
            }
            Intake::Partial(items) => {
                let upload = Upload::new(items, requests);
                let files = Files {
                    client: self.client.clone(),
                };
                let mut ids = Vec::new();
                while !is_all_sent(&upload)? {
                    let sent = send_file(&files, &upload, self.file_limit).await;
                    ids.push(sent.map_err(|error| with_orphaned_files(error, &ids))?);
                }
                request.input_files = Some(ids.clone());
                let created = jobs.create(&request).await;
                created.map_err(|error| with_orphaned_files(error, &ids))?
            }
        };
        Ok(SubmittedBatch::new(self.client, job.id))
    }
}

/// The requests that were read to decide between inline and upload.
enum Intake<R> {
    Complete(Vec<BatchItem<R>>),
    Partial(Vec<BatchItem<R>>),
}

/// Reads requests until they end or exceed the limits of an inline batch.
async fn take_inline<R: Batchable>(
    requests: &mut BatchInput<R>,
    limit: usize,
) -> Result<Intake<R>> {
    let (mut first, mut bytes) = (Vec::new(), 0);
    loop {
        match poll_fn(|cx| requests.poll(cx)).await.transpose()? {
            Some(request) => {
                bytes += encode_line(&request)?.len();
                first.push(request);
            }
            None if first.is_empty() => {
                return Err(Error::config("the batch has no requests"));
            }
            None => {
                check_ids(&first)?;
                return Ok(Intake::Complete(first));
            }
        }
        if first.len() > limit.min(MAX_INLINE_REQUESTS) || bytes > MAX_INLINE_BYTES {
            return Ok(Intake::Partial(first));
        }
    }
}

/// Uploads the next input file and returns its id.
async fn send_file<R: Batchable>(
    files: &Files,
    upload: &Arc<std::sync::Mutex<Upload<R>>>,
    limit: u64,
) -> Result<String> {
    let lines = FileSource::from_stream("batch.jsonl", InputFile::new(upload, limit), None);
    let request = UploadFileRequest::new(FilePurpose::Batch, lines);
    match files.upload(&request).await {
        Ok(file) if is_file_complete(upload) => Ok(file.id),
        Ok(file) => Err(Error::new(
            ErrorKind::Decode,
            format!(
                "the server accepted the file `{}` before its upload was complete",
                file.id
            ),
        )
        .at(RUN, 1)),
        Err(error) => match is_all_sent(upload) {
            Err(cause) => Err(cause.at(RUN, error.attempts())),
            Ok(_) => Err(error),
        },
    }
}

/// Adds the ids of files that belong to no job, so that the caller can delete them.
fn with_orphaned_files(error: Error, files: &[String]) -> Error {
    if files.is_empty() {
        return error;
    }
    let files = files.join(", ");
    error.with_context(format_args!(
        "no job was created for the uploaded files {files}"
    ))
}

impl<R: Batchable> IntoFuture for BatchRun<R> {
    type Output = Result<SubmittedBatch<R>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.submit())
    }
}

impl<R> fmt::Debug for BatchRun<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchRun")
            .field("job", &self.job)
            .finish_non_exhaustive()
    }
}
