use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_core::Stream;

use super::supply::{Supply, supply};
use crate::api::embeddings;
use crate::api::embeddings::{
    CREATE_ALL, Embedding, EmbeddingRequest, EmbeddingResponse, Embeddings,
};
use crate::call::Call;
use crate::error::Result;
use crate::messages::UsageInfo;
use crate::mode::Blocking;

/// As many texts as a call has: fewer would be sent for want of more.
const ROOM: usize = 256;

impl Embeddings<Blocking> {
    /// Makes a vector of each text, however many there are, in as many calls as it takes.
    ///
    /// A call has up to 256 texts, and up to four calls run at once; vectors travel as
    /// base64. Where the server says that a call has too many tokens or texts, its halves
    /// are tried, and the next ones are made smaller. Each call is repeated as the client's
    /// [`RetryPolicy`](crate::RetryPolicy) says. Texts are taken when there is room for
    /// them, by the thread that waits: the iterator may block, and use the client itself.
    ///
    /// Take the vectors from the stream, or all of them with
    /// [`collect_response`](EmbeddingStream::collect_response).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// let texts: Vec<_> = (0..600).map(|number| format!("text {number}")).collect();
    /// let mut vectors = client.embeddings().create_all("mistral-embed", &texts);
    /// for vector in vectors.by_ref() {
    ///     let (index, vector) = vector?;
    ///     println!("{}: {} numbers", texts[index], vector.to_f32()?.len());
    /// }
    /// println!("{} tokens", vectors.usage().total_tokens);
    /// # assert_eq!(emulator.requests().len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn create_all<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl IntoIterator<Item = T, IntoIter: Send + 'a>,
    ) -> EmbeddingStream<'a> {
        self.create_all_of(model.into(), texts.into_iter().map(|text| Ok(text.into())))
    }

    /// Makes a vector of each text of an iterator that may fail. In everything else it is
    /// [`create_all`](Self::create_all).
    ///
    /// An error of the iterator comes after the vectors of the texts before it, and is the end.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use std::io::{BufRead, BufReader};
    ///
    /// let file = "a cat\na dog\n".as_bytes(); // or a file
    /// let lines = BufReader::new(file).lines();
    /// let vectors = client.embeddings().try_create_all("mistral-embed", lines);
    /// assert_eq!(vectors.collect_response()?.data.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn try_create_all<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl IntoIterator<Item = io::Result<T>, IntoIter: Send + 'a>,
    ) -> EmbeddingStream<'a> {
        let texts = texts.into_iter().map(|text| text.map(Into::into));
        self.create_all_of(model.into(), texts)
    }

    fn create_all_of<'a>(
        &self,
        model: String,
        texts: impl Iterator<Item = io::Result<String>> + Send + 'a,
    ) -> EmbeddingStream<'a> {
        let (texts, source) = supply(texts, ROOM);
        let embeddings = Embeddings {
            client: self.client.as_async(),
        };
        EmbeddingStream {
            stream: embeddings::EmbeddingStream::new(&embeddings, model, source),
            texts,
            mode: self.client.mode().clone(),
            refused: false,
        }
    }
}

/// The vectors of many texts, each with the place of its text, in the order of the texts: an
/// iterator that waits for each. Made by [`Embeddings::create_all`].
///
/// Calls are made while it is asked for its next vector, and dropping it gives them up.
///
/// After an error there are no more vectors. Its message names the text, or the texts of
/// the call, that it is about, counted from 0; the vectors of all texts before them have
/// been given.
pub struct EmbeddingStream<'a> {
    stream: embeddings::EmbeddingStream<'static>,
    texts: Supply<'a, String>,
    mode: Blocking,
    /// Whether waiting was refused. There are no more vectors then.
    refused: bool,
}

impl EmbeddingStream<'_> {
    /// How many calls may run at once: 1 at least. Default: 4.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.stream = self.stream.concurrency(calls);
        self
    }

    /// How many texts a call may have: 1 at least. Default, and most that the API takes: 256.
    #[must_use]
    pub fn inputs_per_call(mut self, texts: usize) -> Self {
        self.stream = self.stream.inputs_per_call(texts);
        self
    }

    /// Changes what every call asks for, for example its `output_dimension`. Its `input` is
    /// set by the stream.
    #[must_use]
    pub fn with_request(
        mut self,
        change: impl FnOnce(EmbeddingRequest) -> EmbeddingRequest,
    ) -> Self {
        self.stream = self.stream.with_request(change);
        self
    }

    /// Sets options of every call, for example its `timeout`.
    #[must_use]
    pub fn with_call(
        mut self,
        change: impl Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync + 'static,
    ) -> Self {
        self.stream = self.stream.with_call(change);
        self
    }

    /// What the calls have consumed whose vectors were given so far.
    pub fn usage(&self) -> &UsageInfo {
        self.stream.usage()
    }

    /// All vectors, as one response would have them.
    ///
    /// # Errors
    /// Fails with the first error; [`Error::partial`](crate::Error::partial) has the response up
    /// to it.
    pub fn collect_response(mut self) -> Result<EmbeddingResponse> {
        let mut collecting = pin!(self.stream.collect_response());
        self.texts
            .wait(&self.mode.driver, |cx| collecting.as_mut().poll(cx))
            .map_err(|error| error.at(CREATE_ALL, 0))?
    }
}

impl Iterator for EmbeddingStream<'_> {
    type Item = Result<(usize, Embedding)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.refused {
            return None;
        }
        if let Poll::Ready(next) = self.stream.next_buffered() {
            return next;
        }
        let stream = &mut self.stream;
        let next = self
            .texts
            .wait(&self.mode.driver, |cx| Pin::new(&mut *stream).poll_next(cx));
        next.unwrap_or_else(|error| {
            self.refused = true;
            Some(Err(error.at(CREATE_ALL, 0)))
        })
    }
}

impl fmt::Debug for EmbeddingStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
