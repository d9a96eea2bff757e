use std::collections::BTreeMap;

use url::Url;

use crate::error::{Error, Result};
use crate::json::ApiEnum;
use crate::pipeline::multipart::MultipartForm;
use crate::transport::FileSource;

/// A request to transcribe a recording. Mirrors the API's `AudioTranscriptionRequest`.
///
/// ```
/// use mistral_sdk::files::FileSource;
/// use mistral_sdk::audio::{AudioSource, AudioTranscriptionRequest, TimestampGranularity};
///
/// let file = FileSource::from_path("interview.mp3");
/// let request = AudioTranscriptionRequest::new("voxtral-mini-latest", file)
///     .diarize(true)
///     .timestamp_granularities([TimestampGranularity::Segment]);
///
/// let online = AudioSource::url("https://example.com/interview.mp3");
/// let request = AudioTranscriptionRequest::new("voxtral-mini-latest", online).language("en");
/// # let _ = request;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AudioTranscriptionRequest {
    /// The model's id, for example `voxtral-mini-latest`.
    pub model: String,
    /// The recording.
    pub source: AudioSource,
    /// The spoken language as a two-letter code, for example `en`. Default: detected by the
    /// model. The server rejects it together with `timestamp_granularities`.
    pub language: Option<String>,
    /// The sampling temperature; 0 always picks the likeliest token. Default: the model's own.
    pub temperature: Option<f64>,
    /// Whether the segments name their speakers. Default: `false`.
    pub diarize: Option<bool>,
    /// Words that the model should expect: at most 100, without spaces and commas.
    pub context_bias: Vec<String>,
    /// The units of the response that carry timestamps. Default: none, and no segments.
    pub timestamp_granularities: Vec<TimestampGranularity>,
    /// References to recognize speakers by: a map from a speaker's name to the reference. Sent
    /// as JSON.
    pub speaker_references: BTreeMap<String, String>,
    /// Additional fields, by name.
    pub extra: Vec<(String, String)>,
}

impl AudioTranscriptionRequest {
    /// Creates a request to transcribe `source` with `model`. Everything else is unset.
    pub fn new(model: impl Into<String>, source: impl Into<AudioSource>) -> Self {
        Self {
            model: model.into(),
            source: source.into(),
            language: None,
            temperature: None,
            diarize: None,
            context_bias: Vec::new(),
            timestamp_granularities: Vec::new(),
            speaker_references: BTreeMap::new(),
            extra: Vec::new(),
        }
    }

    /// Sets the spoken language as a two-letter code, for example `en`. Default: detected by the
    /// model. The server rejects it together with `timestamp_granularities`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// Sets the sampling temperature; 0 always picks the likeliest token. Default: the model's own.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets whether the segments name their speakers. Default: `false`.
    #[must_use]
    pub fn diarize(mut self, diarize: bool) -> Self {
        self.diarize = Some(diarize);
        self
    }

    /// Sets words that the model should expect: at most 100, without spaces and commas.
    #[must_use]
    pub fn context_bias(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.context_bias = words.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the units of the response that carry timestamps. Default: none, and no segments.
    #[must_use]
    pub fn timestamp_granularities(
        mut self,
        granularities: impl IntoIterator<Item = impl Into<TimestampGranularity>>,
    ) -> Self {
        self.timestamp_granularities = granularities.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the references to recognize speakers by: pairs of a speaker's name and the
    /// reference. Sent as JSON.
    #[must_use]
    pub fn speaker_references(
        mut self,
        references: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let references = references.into_iter();
        self.speaker_references = references
            .map(|(name, reference)| (name.into(), reference.into()))
            .collect();
        self
    }

    /// Adds a field that this version of the SDK does not declare.
    #[must_use]
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push((name.into(), value.into()));
        self
    }

    pub(super) fn form(&self, stream: bool) -> Result<MultipartForm> {
        if self.extra.iter().any(|(name, _)| name == "stream") {
            return Err(Error::config(
                "`stream` is set by the method that is called: \
                 call `stream` or `complete`, and leave the field out",
            ));
        }
        let mut form = MultipartForm::default().text("model", &*self.model);
        match &self.source {
            AudioSource::File(_) => {}
            AudioSource::Url(url) => form = form.text("file_url", url),
            AudioSource::FileId(file_id) => form = form.text("file_id", file_id),
        }
        if let Some(language) = &self.language {
            form = form.text("language", language);
        }
        if let Some(temperature) = self.temperature {
            form = form.text("temperature", temperature.to_string());
        }
        if stream {
            form = form.text("stream", "true");
        }
        if let Some(diarize) = self.diarize {
            form = form.text("diarize", diarize.to_string());
        }
        for word in &self.context_bias {
            form = form.text("context_bias", word);
        }
        for granularity in &self.timestamp_granularities {
            form = form.text("timestamp_granularities", granularity.as_str());
        }
        if !self.speaker_references.is_empty() {
            let references = serde_json::to_string(&self.speaker_references);
            let references = references.map_err(|error| {
                Error::config("`speaker_references` cannot be written as JSON").with_source(error)
            })?;
            form = form.text("speaker_references", references);
        }
        for (name, value) in &self.extra {
            form = form.text(name, value);
        }
        Ok(match &self.source {
            AudioSource::File(file) => form.file("file", file.clone().with_audio_type()),
            _ => form,
        })
    }
}

/// The location of a recording.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AudioSource {
    /// A file that is sent in the request.
    File(FileSource),
    /// A URL that the server fetches the recording from.
    Url(String),
    /// The id of an uploaded file of the purpose
    /// [`Audio`](crate::api::files::FilePurpose::Audio).
    FileId(String),
}

impl AudioSource {
    /// Refers to a recording that the server fetches from `url`.
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// Refers to an uploaded file by its id.
    pub fn file_id(file_id: impl Into<String>) -> Self {
        Self::FileId(file_id.into())
    }
}

impl From<FileSource> for AudioSource {
    fn from(file: FileSource) -> Self {
        Self::File(file)
    }
}

impl From<Url> for AudioSource {
    fn from(url: Url) -> Self {
        Self::Url(url.into())
    }
}

/// The unit of a transcription that carries timestamps. Mirrors the API's
/// `TimestampGranularity`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum TimestampGranularity {
    /// One timestamp per segment.
    #[api("segment")]
    Segment,
    /// One timestamp per word.
    #[api("word")]
    Word,
    /// A value that this version of the SDK does not declare.
    Unknown(String),
}
