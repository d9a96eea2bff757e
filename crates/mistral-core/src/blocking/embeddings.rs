use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use futures_core::Stream;

use super::feeder::{Feeder, feeder};
use crate::api::embeddings;
use crate::api::embeddings::{
    CREATE_ALL, Embedding, EmbeddingRequest, EmbeddingResponse, Embeddings,
};
use crate::call::Call;
use crate::error::Result;
use crate::messages::UsageInfo;
use crate::mode::Blocking;

/// The number of texts that are buffered. A full call, because with fewer, calls would be sent
/// partially filled.
const FEED_CAPACITY: usize = 256;

#[cfg(feature = "blocking")]
impl Embeddings<Blocking> {
    /// Embeds any number of texts, in as many calls as necessary.
    ///
    /// A call has up to 256 texts, and up to four calls run concurrently. Vectors are
    /// transferred as base64. If the server rejects a call for too many tokens or texts, it is
    /// split in half, and later calls are made smaller. Each call is retried according to the
    /// client's [`RetryPolicy`](crate::RetryPolicy). The iterator is advanced by the waiting
    /// thread as calls complete: it may block, and use the client itself.
    ///
    /// Read the vectors from the stream, or collect all of them with
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
        self.create_all_fallible(model.into(), texts.into_iter().map(|text| Ok(text.into())))
    }

    /// Embeds the texts of a fallible iterator. Otherwise the same as
    /// [`create_all`](Self::create_all).
    ///
    /// An error of the iterator is yielded after the vectors of the texts before it, and ends
    /// the stream.
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
        self.create_all_fallible(model.into(), texts)
    }

    fn create_all_fallible<'a>(
        &self,
        model: String,
        texts: impl Iterator<Item = io::Result<String>> + Send + 'a,
    ) -> EmbeddingStream<'a> {
        let (texts, source) = feeder(texts, FEED_CAPACITY);
        let embeddings = Embeddings {
            client: self.client.as_async(),
        };
        EmbeddingStream {
            stream: embeddings::EmbeddingStream::new(&embeddings, model, source),
            texts,
            mode: self.client.mode().clone(),
            has_failed: false,
        }
    }
}

/// The vectors of many texts, each with the index of its text, in the order of the texts: a
/// blocking iterator. Created by [`Embeddings::create_all`].
///
/// Calls make progress only inside [`next`](Iterator::next), and dropping the iterator cancels
/// them.
///
/// An error ends the iterator. Its message has the index of the text, or of the texts of the
/// call, starting at 0. The vectors of all texts before them have been yielded.
#[must_use = "no text is embedded until the iterator is read"]
pub struct EmbeddingStream<'a> {
    stream: embeddings::EmbeddingStream<'static>,
    texts: Feeder<'a, String>,
    mode: Blocking,
    /// Whether blocking was rejected. The iterator then ends.
    has_failed: bool,
}

impl EmbeddingStream<'_> {
    /// Sets the maximum number of concurrent calls, at least 1. Default: 4.
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.stream = self.stream.concurrency(calls);
        self
    }

    /// Sets the maximum number of texts per call, at least 1. Default, and the API's maximum:
    /// 256.
    pub fn inputs_per_call(mut self, texts: usize) -> Self {
        self.stream = self.stream.inputs_per_call(texts);
        self
    }

    /// Modifies the request of every call, for example its `output_dimension`. The stream
    /// overwrites `input`.
    pub fn with_request(
        mut self,
        change: impl FnOnce(EmbeddingRequest) -> EmbeddingRequest,
    ) -> Self {
        self.stream = self.stream.with_request(change);
        self
    }

    /// Sets the options of every call, for example its `timeout`.
    pub fn with_call(
        mut self,
        change: impl Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync + 'static,
    ) -> Self {
        self.stream = self.stream.with_call(change);
        self
    }

    /// Returns the token usage of the calls whose vectors have been yielded.
    pub fn usage(&self) -> &UsageInfo {
        self.stream.usage()
    }

    /// Collects all vectors into one response.
    ///
    /// # Errors
    /// Fails with the first error. [`Error::partial`](crate::Error::partial) has the response up
    /// to it.
    pub fn collect_response(mut self) -> Result<EmbeddingResponse> {
        let mut collecting = pin!(self.stream.collect_response());
        self.texts
            .block_on(&self.mode.runtime, |cx| collecting.as_mut().poll(cx))
            .map_err(|error| error.at(CREATE_ALL, 0))?
    }
}

impl Iterator for EmbeddingStream<'_> {
    type Item = Result<(usize, Embedding)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed {
            return None;
        }
        if let Poll::Ready(next) = self.stream.next_buffered() {
            return next;
        }
        let stream = &mut self.stream;
        let next = self.texts.block_on(&self.mode.runtime, |cx| {
            Pin::new(&mut *stream).poll_next(cx)
        });
        next.unwrap_or_else(|error| {
            self.has_failed = true;
            Some(Err(error.at(CREATE_ALL, 0)))
        })
    }
}

impl fmt::Debug for EmbeddingStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stream.fmt(f)
    }
}
