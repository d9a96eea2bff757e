use std::collections::BTreeMap;

use url::Url;

use crate::error::{Error, Result};
use crate::json::ApiEnum;
use crate::pipeline::multipart::MultipartForm;
use crate::transport::FileSource;

/// Asks for what a recording says. Mirrors the API's `AudioTranscriptionRequest`.
///
/// ```
/// use mistral_core::files::FileSource;
/// use mistral_core::audio::{AudioSource, AudioTranscriptionRequest, TimestampGranularity};
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
    /// Where the recording is.
    pub source: AudioSource,
    /// The language that is spoken, in two letters, for example `en`. Default: the model
    /// finds out. The server does not take it together with `timestamp_granularities`.
    pub language: Option<String>,
    /// How freely the model chooses its words: 0 for the likeliest. Default: the model's own.
    pub temperature: Option<f64>,
    /// Whether the segments say who speaks. Default: no.
    pub diarize: Option<bool>,
    /// Words that the model is to expect: 100 at most, none with a space or a comma in it.
    pub context_bias: Vec<String>,
    /// How finely the response says when something is said. Without it there are no
    /// segments. Default: not at all.
    pub timestamp_granularities: Vec<TimestampGranularity>,
    /// References by which speakers are recognised, by the speaker's name. Sent as JSON.
    pub speaker_references: BTreeMap<String, String>,
    /// Fields that this version of the SDK does not know.
    pub extra: Vec<(String, String)>,
}

impl AudioTranscriptionRequest {
    /// Transcribes `source` with `model`. Everything else is unset.
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

    /// The language that is spoken, in two letters, for example `en`. Default: the model
    /// finds out. The server does not take it together with `timestamp_granularities`.
    #[must_use]
    pub fn language(mut self, language: impl Into<String>) -> Self {
        self.language = Some(language.into());
        self
    }

    /// How freely the model chooses its words: 0 for the likeliest. Default: the model's own.
    #[must_use]
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Whether the segments say who speaks. Default: no.
    #[must_use]
    pub fn diarize(mut self, diarize: bool) -> Self {
        self.diarize = Some(diarize);
        self
    }

    /// Words that the model is to expect: 100 at most, none with a space or a comma in it.
    #[must_use]
    pub fn context_bias(mut self, words: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.context_bias = words.into_iter().map(Into::into).collect();
        self
    }

    /// How finely the response says when something is said. Without it there are no
    /// segments. Default: not at all.
    #[must_use]
    pub fn timestamp_granularities(
        mut self,
        granularities: impl IntoIterator<Item = impl Into<TimestampGranularity>>,
    ) -> Self {
        self.timestamp_granularities = granularities.into_iter().map(Into::into).collect();
        self
    }

    /// References by which speakers are recognised, by the speaker's name. Sent as JSON.
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

    /// Adds a field that this version of the SDK does not know.
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
            AudioSource::File(file) => form.file("file", file.clone()),
            _ => form,
        })
    }
}

/// Where a recording is.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AudioSource {
    /// A file that is sent within the request.
    File(FileSource),
    /// A URL that the server loads the recording from.
    Url(String),
    /// The id of a file that was uploaded before, with the purpose
    /// [`Audio`](crate::api::files::FilePurpose::Audio).
    FileId(String),
}

impl AudioSource {
    /// A recording that the server loads from `url`.
    pub fn url(url: impl Into<String>) -> Self {
        Self::Url(url.into())
    }

    /// A file that was uploaded before, by its id.
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

/// How finely a response says when something is said. Mirrors the API's
/// `TimestampGranularity`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, ApiEnum)]
#[non_exhaustive]
pub enum TimestampGranularity {
    /// Segment by segment.
    #[api("segment")]
    Segment,
    /// Word by word.
    #[api("word")]
    Word,
    /// A value that this version of the SDK does not know, as it came.
    Unknown(String),
}
