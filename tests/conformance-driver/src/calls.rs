//! Calls of each operation, with arguments by their wire names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest, TimestampGranularity};
use mistral_sdk::call::{DownloadCall, StreamCall, StreamEvent};
use mistral_sdk::files::{FilePurpose, FileSource, UploadFileRequest};
use mistral_sdk::fine_tuning::CreateFineTuningJobRequest;
use mistral_sdk::{Call, Client};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{CallError, Job, Outcome};

pub(crate) type CallResult = Result<Outcome, CallError>;

pub(crate) async fn completed<T: DeserializeOwned + Serialize + Send + 'static>(
    call: Call<T>,
) -> CallResult {
    Ok(Outcome {
        result: Some(serde_json::to_value(call.await?)?),
        ..Outcome::default()
    })
}

pub(crate) async fn streamed<T: StreamEvent + Serialize>(call: StreamCall<T>) -> CallResult {
    let mut stream = call.await?;
    let (mut events, mut failure) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(serde_json::to_value(event)?),
            Err(error) => failure = Some(error.into()),
        }
    }
    Ok(Outcome {
        events: Some(events),
        failure,
        ..Outcome::default()
    })
}

pub(crate) async fn downloaded(call: DownloadCall) -> CallResult {
    call.await?.bytes().await?;
    Ok(Outcome::default())
}

/// The arguments of a call.
pub(crate) struct Args<'a> {
    parts: &'a Map<String, Value>,
    is_stream: bool,
}

impl Args<'_> {
    /// Whether the response is to be a stream, where a call has both.
    pub(crate) fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Returns a parameter of the path.
    pub(crate) fn path(&self, name: &str) -> Result<&str, CallError> {
        let value = self.path_value(name);
        let text = value.and_then(Value::as_str);
        text.ok_or_else(|| CallError::Arguments(format!("`{name}` is missing")))
    }

    /// Returns a parameter of the path that is an integer.
    pub(crate) fn path_number(&self, name: &str) -> Result<i64, CallError> {
        let value = self.path_value(name);
        let number = value.and_then(|value| match value {
            Value::String(text) => text.parse().ok(),
            value => value.as_i64(),
        });
        number.ok_or_else(|| CallError::Arguments(format!("`{name}` is missing")))
    }

    fn path_value(&self, name: &str) -> Option<&Value> {
        self.parts.get("path")?.get(name)
    }

    /// Returns the file of a form that has nothing else.
    pub(crate) fn file(&self) -> Result<FileSource, CallError> {
        let file = self.form().file()?;
        file.ok_or_else(|| CallError::Arguments("the file is missing".to_owned()))
    }

    fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let headers = self.parts.get("header").and_then(Value::as_object);
        let headers = headers.into_iter().flatten();
        headers.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
    }

    /// Adds the parameters that are headers.
    pub(crate) fn options<T>(&self, call: Call<T>) -> Call<T> {
        let add = |call: Call<T>, (name, value): (&str, &str)| match name {
            "x-api-key" => call.credential(name, value),
            _ => call.header(name, value),
        };
        self.headers().fold(call, add)
    }

    /// Adds the parameters that are headers.
    pub(crate) fn stream_options<T: StreamEvent>(&self, call: StreamCall<T>) -> StreamCall<T> {
        let add = |call: StreamCall<T>, (name, value): (&str, &str)| match name {
            "last-event-id" => call.last_event_id(value),
            _ => call.header(name, value),
        };
        self.headers().fold(call, add)
    }

    fn typed<T: DeserializeOwned>(&self, part: &str) -> Result<T, CallError> {
        let part = self.parts.get(part).cloned();
        Ok(serde_json::from_value(
            part.unwrap_or_else(|| Map::new().into()),
        )?)
    }

    /// Returns the body. A `stream` that is true selects the method, which sets it.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        let body = self.parts.get("body").and_then(Value::as_object);
        let Some(body) = body else {
            return self.typed("body");
        };
        let mut body = body.clone();
        if body.get("stream") == Some(&Value::Bool(true)) {
            body.remove("stream");
        }
        Ok(serde_json::from_value(body.into())?)
    }

    /// Returns the body, unless there is none.
    pub(crate) fn optional_body<T: DeserializeOwned>(&self) -> Result<Option<T>, CallError> {
        let has_body = self.parts.contains_key("body");
        has_body.then(|| self.body()).transpose()
    }

    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        self.typed("query")
    }

    /// Returns the path parameter, of which there is one.
    fn id(&self) -> Result<&str, CallError> {
        let path = self.parts.get("path").and_then(Value::as_object);
        path.and_then(|path| path.values().next())
            .and_then(Value::as_str)
            .ok_or_else(|| CallError::Arguments("the path parameter is missing".to_owned()))
    }

    fn form(&self) -> Form {
        let part = |name: &str| {
            let part = self.parts.get("multipart").and_then(|form| form.get(name));
            part.and_then(Value::as_object).cloned().unwrap_or_default()
        };
        Form {
            fields: part("fields"),
            files: part("files"),
        }
    }
}

/// The fields of a form that have not been taken yet.
struct Form {
    fields: Map<String, Value>,
    files: Map<String, Value>,
}

impl Form {
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, CallError> {
        let value = self.fields.remove(name);
        Ok(value.map(serde_json::from_value).transpose()?)
    }

    fn file(&self) -> Result<Option<FileSource>, CallError> {
        let Some(file) = self.files.get("file") else {
            return Ok(None);
        };
        let text = |name: &str| file.get(name).and_then(Value::as_str);
        let bytes = STANDARD.decode(text("base64").unwrap_or_default());
        let bytes = bytes.map_err(|error| CallError::Arguments(error.to_string()))?;
        let source = FileSource::from_bytes(text("filename").unwrap_or("file"), bytes);
        Ok(Some(match text("content_type") {
            Some(media_type) => source.content_type(media_type),
            None => source,
        }))
    }

    /// Returns the fields that the SDK's type does not have.
    fn rest(self) -> impl Iterator<Item = (String, String)> {
        self.fields.into_iter().map(|(name, value)| match value {
            Value::String(text) => (name, text),
            value => (name, value.to_string()),
        })
    }
}

fn upload(args: &Args<'_>) -> Result<UploadFileRequest, CallError> {
    let mut form = args.form();
    let file = form.file()?;
    let file = file.ok_or_else(|| CallError::Arguments("the file is missing".to_owned()))?;
    let purpose: Option<FilePurpose> = form.take("purpose")?;
    let mut request = UploadFileRequest::without_purpose(file);
    request.purpose = purpose;
    request.visibility = form.take("visibility")?;
    request.expiry = form.take("expiry")?;
    request.extra.extend(form.rest());
    Ok(request)
}

fn transcription(args: &Args<'_>) -> Result<AudioTranscriptionRequest, CallError> {
    let mut form = args.form();
    let model: Option<String> = form.take("model")?;
    // Further sources are sent as unknown fields.
    let source = if let Some(file) = form.file()? {
        AudioSource::File(file)
    } else if let Some(url) = form.take("file_url")? {
        AudioSource::Url(url)
    } else {
        AudioSource::FileId(form.take("file_id")?.unwrap_or_default())
    };
    let mut request = AudioTranscriptionRequest::new(model.unwrap_or_default(), source);
    request.language = form.take("language")?;
    request.temperature = form.take("temperature")?;
    request.diarize = form.take("diarize")?;
    request.context_bias = form.take("context_bias")?.unwrap_or_default();
    let granularities: Option<Vec<TimestampGranularity>> = form.take("timestamp_granularities")?;
    request.timestamp_granularities = granularities.unwrap_or_default();
    request.extra.extend(form.rest());
    Ok(request)
}

pub(crate) async fn perform(client: &Client, job: &Job) -> CallResult {
    let body = job.args.get("body");
    let stream = body.and_then(|body| body.get("stream"));
    let args = &Args {
        parts: &job.args,
        is_stream: job.stream || stream == Some(&Value::Bool(true)),
    };
    let outcome = match job.call.split_once('.') {
        Some(("audio", call)) => audio(client, call, args).await,
        Some(("batch", call)) => batch(client, call, args).await,
        Some(("files", call)) => files(client, call, args).await,
        Some(("fine_tuning", call)) => fine_tuning(client, call, args).await,
        Some(("models", call)) => models(client, call, args).await,
        _ => texts(client, &job.call, args).await,
    };
    match outcome {
        Err(CallError::Unsupported) => crate::beta::perform(client, &job.call, args).await,
        outcome => outcome,
    }
}

async fn texts(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    match call {
        "chat.complete" => completed(client.chat().complete(&args.body()?)).await,
        "chat.stream" => streamed(client.chat().stream(&args.body()?)).await,
        "fim.complete" => completed(client.fim().complete(&args.body()?)).await,
        "fim.stream" => streamed(client.fim().stream(&args.body()?)).await,
        "agents.complete" => completed(client.agents().complete(&args.body()?)).await,
        "agents.stream" => streamed(client.agents().stream(&args.body()?)).await,
        "embeddings.create" => completed(client.embeddings().create(&args.body()?)).await,
        "classifiers.moderate" => completed(client.classifiers().moderate(&args.body()?)).await,
        "classifiers.moderate_chat" => {
            completed(client.classifiers().moderate_chat(&args.body()?)).await
        }
        "classifiers.classify" => completed(client.classifiers().classify(&args.body()?)).await,
        "classifiers.classify_chat" => {
            completed(client.classifiers().classify_chat(&args.body()?)).await
        }
        "ocr.process" => completed(client.ocr().process(&args.body()?)).await,
        _ => Err(CallError::Unsupported),
    }
}

async fn files(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    let files = client.files();
    match call {
        "upload" => completed(files.upload(&upload(args)?)).await,
        "list" => completed(files.list(&args.query()?)).await,
        "retrieve" => completed(files.retrieve(args.id()?)).await,
        "delete" => completed(files.delete(args.id()?)).await,
        "download" => downloaded(files.download(args.id()?)).await,
        "get_signed_url" => completed(files.get_signed_url(args.id()?, &args.query()?)).await,
        _ => Err(CallError::Unsupported),
    }
}

async fn models(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    let models = client.models();
    match call {
        "list" => {
            let query: Map<String, Value> = args.query()?;
            let filter = |call: Call<_>, (name, value): (&String, &Value)| match value {
                Value::String(text) => call.query(name, text),
                value => call.query(name, value.to_string()),
            };
            completed(query.iter().fold(models.list(), filter)).await
        }
        "retrieve" => completed(models.retrieve(args.id()?)).await,
        "delete" => completed(models.delete(args.id()?)).await,
        "update" => completed(models.update(args.id()?, &args.body()?)).await,
        "archive" => completed(models.archive(args.id()?)).await,
        "unarchive" => completed(models.unarchive(args.id()?)).await,
        _ => Err(CallError::Unsupported),
    }
}

async fn batch(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    let jobs = client.batch().jobs();
    match call {
        "jobs.list" => completed(jobs.list(&args.query()?)).await,
        "jobs.create" => completed(jobs.create(&args.body()?)).await,
        "jobs.get" => completed(jobs.get(args.id()?, &args.query()?)).await,
        "jobs.cancel" => completed(jobs.cancel(args.id()?)).await,
        "jobs.delete" => completed(jobs.delete(args.id()?)).await,
        _ => Err(CallError::Unsupported),
    }
}

#[derive(Deserialize)]
struct DryRun {
    dry_run: Option<bool>,
}

async fn fine_tuning(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    let jobs = client.fine_tuning().jobs();
    match call {
        "jobs.list" => completed(jobs.list(&args.query()?)).await,
        "jobs.create" => {
            let mut request: CreateFineTuningJobRequest = args.body()?;
            request.dry_run = args.query::<DryRun>()?.dry_run;
            completed(jobs.create(&request)).await
        }
        "jobs.get" => completed(jobs.get(args.id()?)).await,
        "jobs.cancel" => completed(jobs.cancel(args.id()?)).await,
        "jobs.start" => completed(jobs.start(args.id()?)).await,
        _ => Err(CallError::Unsupported),
    }
}

async fn audio(client: &Client, call: &str, args: &Args<'_>) -> CallResult {
    let audio = client.audio();
    match call {
        "transcriptions.complete" => {
            completed(audio.transcriptions().complete(&transcription(args)?)).await
        }
        "transcriptions.stream" => {
            streamed(audio.transcriptions().stream(&transcription(args)?)).await
        }
        "speech.complete" if args.is_stream() => {
            streamed(audio.speech().stream(&args.body()?)).await
        }
        "speech.complete" => completed(audio.speech().complete(&args.body()?)).await,
        "speech.stream" => streamed(audio.speech().stream(&args.body()?)).await,
        "voices.list" => completed(audio.voices().list(&args.query()?)).await,
        "voices.search" => completed(audio.voices().search(&args.query()?)).await,
        "voices.create" => completed(audio.voices().create(&args.body()?)).await,
        "voices.get" => completed(audio.voices().get(args.id()?)).await,
        "voices.update" => completed(audio.voices().update(args.id()?, &args.body()?)).await,
        "voices.delete" => completed(audio.voices().delete(args.id()?)).await,
        "voices.get_sample_audio" => downloaded(audio.voices().get_sample_audio(args.id()?)).await,
        _ => Err(CallError::Unsupported),
    }
}
