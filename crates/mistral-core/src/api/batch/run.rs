use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::Arc;

use futures_core::Stream;

use super::batchable::Batchable;
use super::jobs::BatchJobs;
use super::request::CreateBatchJobRequest;
use super::requests::{List, Named, Requests, check_ids, line};
use super::submitted::SubmittedBatch;
use super::upload::{Lines, Upload, is_over, is_whole};
use super::{Batch, MOST_INLINE};
use crate::api::files::{FilePurpose, Files, UploadFileRequest};
use crate::call::input_stream::{Source, of_iterator, of_stream};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::mode::Mode;
use crate::transport::FileSource;

/// The operation that errors of a run name, where no call of the API does.
pub(crate) const RUN: &str = "batch.run";
/// How many bytes may go along with the call that makes the job.
const MOST_INLINE_BYTES: usize = 4 * 1024 * 1024;
/// The API takes files of 512 MB.
const FILE_LIMIT: u64 = 500_000_000;

impl Batch {
    /// Makes a job of requests, each with the `custom_id` that its result is told by:
    /// `.await` it for the job.
    ///
    /// A few requests, 10 000 or 4 MiB at most, go along with the call that makes the job.
    /// More of them are uploaded as files of lines that are written while they are sent: the
    /// iterator is asked for the next request when there is room for it on the way, and
    /// however many there are, a few are in memory at a time. The iterator must not block;
    /// for requests that take time see [`run_stream`](Self::run_stream).
    ///
    /// All requests are for one model. No `custom_id` may come twice; that is checked where
    /// all requests are at hand, which is up to 10 000.
    #[doc = example!(r#"
use mistral_sdk::chat::ChatCompletionRequest;
use mistral_sdk::messages::Message;

let questions = ["Who painted Olympia?", "What is the best cheese?"];
let requests = questions.into_iter().enumerate().map(|(number, question)| {
    let question = [Message::user(question)];
    (number.to_string(), ChatCompletionRequest::new("mistral-small-latest", question))
});
let batch = client.batch().run(requests).await?;
println!("{}", batch.id()); // keep it, and `resume` can take the batch up again

# batch.job().await?; // the emulator's job takes a step with each look
let job = batch.wait().await?;
println!("{} of {} requests succeeded", job.succeeded_requests, job.total_requests);
let mut results = batch.results().await?;
while let Some(outcome) = results.next().await {
    let outcome = outcome?;
    match outcome.result {
        Ok(answer) => println!("{}: {}", outcome.custom_id, answer.text()),
        Err(error) => println!("{}: {error}", outcome.custom_id),
    }
}
# assert_eq!(job.succeeded_requests, 2);
"#)]
    /// # Errors
    /// Beside the errors of every call, [`ErrorKind::Config`]: for
    /// a batch without requests or with two models, and for a `custom_id` that comes twice.
    /// An upload is never repeated, since an iterator gives its requests only once: if it
    /// fails there is no job, and the batch is run anew.
    pub fn run<R, N>(
        &self,
        requests: impl IntoIterator<Item = (N, R), IntoIter: Send + 'static>,
    ) -> BatchRun<R>
    where
        R: Batchable,
        N: Into<String>,
    {
        let named = requests
            .into_iter()
            .map(|(id, request)| (id.into(), request));
        BatchRun::new(self.client.clone(), of_iterator(named))
    }

    /// Makes a job of requests that come over time, or may fail to come. In everything else
    /// it is [`run`](Self::run).
    ///
    /// An error in the stream ends the run, and no job is made.
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
        let named = of_stream(requests, |(id, request): (N, R)| (id.into(), request));
        BatchRun::new(self.client.clone(), named)
    }
}

impl<M: Mode> Batch<M> {
    /// Takes up a batch again, by the id of its job: after a restart, or in another program.
    ///
    /// `R` is the type of its requests. Nothing is sent.
    #[doc = example!(r#"
use mistral_sdk::embeddings::EmbeddingRequest;
# let requests = [("cat", EmbeddingRequest::new("mistral-embed", "a cat"))];
# let id = client.batch().run(requests).await?.id().to_owned();

let batch = client.batch().resume::<EmbeddingRequest>(id);
# batch.job().await?; // the emulator's job takes a step with each look
batch.wait().await?;
let mut results = batch.results().await?;
# assert!(results.next().await.unwrap()?.result.is_ok());
"#)]
    pub fn resume<R: Batchable>(&self, job_id: impl Into<String>) -> SubmittedBatch<R, M> {
        SubmittedBatch::new(self.client.clone(), job_id.into())
    }
}

/// A batch that is ready to be sent: `.await` it for the job. Made by [`Batch::run`].
#[must_use = "a batch is not sent until it is awaited"]
pub struct BatchRun<R> {
    client: Client,
    source: Source<'static, Named<R>>,
    job: CreateBatchJobRequest,
    inline_limit: usize,
    file_limit: u64,
}

impl<R: Batchable> BatchRun<R> {
    pub(crate) fn new(client: Client, source: Source<'static, Named<R>>) -> Self {
        Self {
            client,
            source,
            job: CreateBatchJobRequest::new(R::endpoint()),
            inline_limit: MOST_INLINE,
            file_limit: FILE_LIMIT,
        }
    }

    /// Facts that are kept with the job: names of 1 to 32 characters, values of 1 to 512.
    pub fn metadata(mut self, metadata: BTreeMap<String, String>) -> Self {
        self.job.metadata = Some(metadata);
        self
    }

    /// After how many hours the job ends, finished or not. Default: 24.
    pub fn timeout_hours(mut self, hours: u64) -> Self {
        self.job.timeout_hours = Some(hours);
        self
    }

    /// With how many requests the batch still goes along with the call that makes its job.
    /// With more it is uploaded. Default, and most that the API takes: 10 000.
    pub fn inline_limit(mut self, requests: usize) -> Self {
        self.inline_limit = requests;
        self
    }

    /// How many bytes an uploaded file may have; what does not fit goes into another.
    /// Default: 500 MB.
    pub fn file_limit(mut self, bytes: u64) -> Self {
        self.file_limit = bytes;
        self
    }

    async fn submit(self) -> Result<SubmittedBatch<R>> {
        let mut requests = Requests::new(self.source);
        let first = gather(&mut requests, self.inline_limit)
            .await
            .map_err(|error| error.at(RUN, 0))?;
        let mut request = self.job;
        if let Some(answers) = requests.answers.clone() {
            (request.model, request.agent_id) = (answers.model, answers.agent_id);
        }
        let jobs = BatchJobs {
            client: self.client.clone(),
        };
        let job = match first {
            First::All(all) => {
                let call = jobs.create_inline(&request, &List(&all));
                drop(all); // it is written
                call.await?
            }
            First::Some(some) => {
                let upload = Upload::new(some, requests);
                let files = Files {
                    client: self.client.clone(),
                };
                let mut ids = Vec::new();
                while !is_over(&upload)? {
                    let sent = send_file(&files, &upload, self.file_limit).await;
                    ids.push(sent.map_err(|error| without_job(error, &ids))?);
                }
                request.input_files = Some(ids.clone());
                let created = jobs.create(&request).await;
                created.map_err(|error| without_job(error, &ids))?
            }
        };
        Ok(SubmittedBatch::new(self.client, job.id))
    }
}

/// The requests that were taken before it is known how they are sent.
enum First<R> {
    All(Vec<Named<R>>),
    Some(Vec<Named<R>>),
}

/// Takes requests until they are too many to go along with the call.
async fn gather<R: Batchable>(requests: &mut Requests<R>, limit: usize) -> Result<First<R>> {
    let (mut first, mut bytes) = (Vec::new(), 0);
    loop {
        match poll_fn(|cx| requests.poll(cx)).await.transpose()? {
            Some(request) => {
                bytes += line(&request)?.len();
                first.push(request);
            }
            None if first.is_empty() => {
                return Err(Error::config("the batch has no requests"));
            }
            None => {
                check_ids(&first)?;
                return Ok(First::All(first));
            }
        }
        if first.len() > limit.min(MOST_INLINE) || bytes > MOST_INLINE_BYTES {
            return Ok(First::Some(first));
        }
    }
}

/// Sends the next file, and gives its id.
async fn send_file<R: Batchable>(
    files: &Files,
    upload: &Arc<std::sync::Mutex<Upload<R>>>,
    limit: u64,
) -> Result<String> {
    let lines = FileSource::from_stream("batch.jsonl", Lines::new(upload, limit), None);
    let request = UploadFileRequest::new(FilePurpose::Batch, lines);
    match files.upload(&request).await {
        Ok(file) if is_whole(upload) => Ok(file.id),
        Ok(file) => Err(Error::new(
            ErrorKind::Decode,
            format!(
                "the server took the file `{}` before it was sent to its end",
                file.id
            ),
        )
        .at(RUN, 1)),
        Err(error) => match is_over(upload) {
            Err(cause) => Err(cause.at(RUN, error.attempts())),
            Ok(_) => Err(error),
        },
    }
}

/// Names the files that were uploaded for nothing, so that they can be deleted.
fn without_job(error: Error, files: &[String]) -> Error {
    if files.is_empty() {
        return error;
    }
    let files = files.join(", ");
    error.with_context(format_args!("no job was made of the uploaded {files}"))
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
