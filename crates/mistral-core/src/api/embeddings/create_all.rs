use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::pieces::{Calls, Done, Limits, OnCall, Piece, Texts, poll_pieces};
use super::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingResponseData,
    Embeddings, EncodingFormat,
};
use crate::call::Call;
use crate::call::input_stream::{InputStream, from_iterator, from_stream};
use crate::error::{Error, Result};
use crate::messages::UsageInfo;

/// The operation that errors name, where no call of the API does.
pub(crate) const CREATE_ALL: &str = "embeddings.create_all";
/// The API takes so many texts per call.
const INPUTS_PER_CALL: usize = 256;
const CONCURRENCY: usize = 4;

impl Embeddings {
    /// Makes a vector of each text, however many there are, in as many calls as it takes.
    ///
    /// A call has up to 256 texts, and up to four calls run at once; vectors travel as
    /// base64. Where the server says that a call has too many tokens or texts, its halves
    /// are tried, and the next ones are made smaller. Each call is repeated as the client's
    /// [`RetryPolicy`](crate::RetryPolicy) says. Texts are taken when there is room for
    /// them, so that few are in memory at a time; the iterator must not block.
    ///
    /// Take the vectors from the stream, or all of them with
    /// [`collect_response`](EmbeddingStream::collect_response).
    #[doc = example!(r#"
let texts = (0..600).map(|number| format!("text {number}"));
let mut vectors = client.embeddings().create_all("mistral-embed", texts);
while let Some(vector) = vectors.next().await {
    let (index, vector) = vector?;
    println!("{index}: {} numbers", vector.to_f32()?.len());
}
println!("{} tokens", vectors.usage().total_tokens);

let all = client.embeddings().create_all("mistral-embed", ["a cat", "a dog"]);
let all = all.collect_response().await?;
assert_eq!(all.to_f32()?.len(), 2);
# assert_eq!(emulator.requests().len(), 4);
"#)]
    pub fn create_all<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl IntoIterator<Item = T, IntoIter: Send + 'a>,
    ) -> EmbeddingStream<'a> {
        let texts = texts.into_iter().map(Into::into);
        EmbeddingStream::new(self, model.into(), from_iterator(texts))
    }

    /// Makes a vector of each text of a stream, which may fail. In everything else it is
    /// [`create_all`](Self::create_all).
    ///
    /// Texts that come slowly are sent as soon as no call is under way. An error in the
    /// stream comes after the vectors of the texts before it, and is the end.
    #[doc = example!(r#"
use futures::stream;

let texts = stream::iter([Ok("a cat"), Ok("a dog")]);
let vectors = client.embeddings().create_all_stream("mistral-embed", texts);
assert_eq!(vectors.collect_response().await?.data.len(), 2);
"#)]
    pub fn create_all_stream<'a, T: Into<String> + 'a>(
        &self,
        model: impl Into<String>,
        texts: impl Stream<Item = std::io::Result<T>> + Send + 'a,
    ) -> EmbeddingStream<'a> {
        EmbeddingStream::new(self, model.into(), from_stream(texts, Into::into))
    }
}

/// The vectors of many texts, each with the place of its text, in the order of the texts.
/// Made by [`Embeddings::create_all`].
///
/// Take them with [`next`](Self::next) or as a [`Stream`]. Nothing runs in the background:
/// calls are made while the stream is asked for its next vector, and dropping it gives them
/// up. Their time-outs go on meanwhile: who takes more than a second over each vector sets
/// longer ones by [`with_call`](Self::with_call).
///
/// After an error there are no more vectors. Its message names the text, or the texts of
/// the call, that it is about, counted from 0; the vectors of all texts before them have
/// been given. A text that the server refuses by itself is such an error.
pub struct EmbeddingStream<'a> {
    embeddings: Embeddings,
    /// Every request, but for its texts.
    request: EmbeddingRequest,
    on_call: Option<OnCall>,
    concurrency: usize,
    limits: Arc<Limits>,
    texts: Texts<'a>,
    /// How many texts were taken.
    taken: usize,
    /// Whether no more texts are to be taken.
    is_over: bool,
    /// In the order of the texts.
    pieces: VecDeque<Piece>,
    ready: std::vec::IntoIter<Embedding>,
    given: usize,
    failure: Option<Error>,
    usage: UsageInfo,
    model: Option<String>,
}

impl<'a> EmbeddingStream<'a> {
    pub(crate) fn new(
        embeddings: &Embeddings,
        model: String,
        texts: InputStream<'a, String>,
    ) -> Self {
        let none = EmbeddingInput::Texts(Vec::new());
        Self {
            embeddings: embeddings.clone(),
            request: EmbeddingRequest::new(model, none).encoding_format(EncodingFormat::Base64),
            on_call: None,
            concurrency: CONCURRENCY,
            limits: Arc::new(Limits::new(INPUTS_PER_CALL)),
            texts: Texts::new(texts),
            taken: 0,
            is_over: false,
            pieces: VecDeque::new(),
            ready: Vec::new().into_iter(),
            given: 0,
            failure: None,
            usage: UsageInfo::default(),
            model: None,
        }
    }

    /// How many calls may run at once: 1 at least. Default: 4.
    #[must_use]
    pub fn concurrency(mut self, calls: usize) -> Self {
        self.concurrency = calls.max(1);
        self
    }

    /// How many texts a call may have: 1 at least. Default, and most that the API takes: 256.
    #[must_use]
    pub fn inputs_per_call(mut self, texts: usize) -> Self {
        self.limits = Arc::new(Limits::new(texts.max(1)));
        self
    }

    /// Changes what every call asks for, for example its `output_dimension`. Its `input` is
    /// set by the stream.
    #[must_use]
    pub fn with_request(
        mut self,
        change: impl FnOnce(EmbeddingRequest) -> EmbeddingRequest,
    ) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets options of every call, for example its `timeout`.
    #[must_use]
    pub fn with_call(
        mut self,
        change: impl Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync + 'static,
    ) -> Self {
        self.on_call = Some(Arc::new(change));
        self
    }

    /// What the calls have consumed whose vectors were given so far.
    pub fn usage(&self) -> &UsageInfo {
        &self.usage
    }

    /// The next vector and the place of its text, or `None` after the last one.
    ///
    /// It is cancel-safe: nothing is lost when the future is dropped before it is ready.
    pub async fn next(&mut self) -> Option<Result<(usize, Embedding)>> {
        poll_fn(|cx| self.poll_vector(cx)).await
    }

    /// All vectors, as one response would have them.
    ///
    /// # Errors
    /// Fails with the first error; [`Error::partial`] has the response up to it.
    pub async fn collect_response(mut self) -> Result<EmbeddingResponse> {
        let mut data = Vec::new();
        let mut failure = None;
        while let Some(vector) = self.next().await {
            match vector {
                Ok((index, embedding)) => data.push(EmbeddingResponseData {
                    object: Some("embedding".to_owned()),
                    embedding: Some(embedding),
                    index: i64::try_from(index).ok(),
                    extra: serde_json::Map::new(),
                }),
                Err(error) => failure = Some(error),
            }
        }
        let response = EmbeddingResponse {
            data,
            id: String::new(),
            object: "list".to_owned(),
            model: self.model.unwrap_or(self.request.model),
            usage: Some(self.usage),
            extra: serde_json::Map::new(),
        };
        match failure {
            Some(error) => Err(error.with_partial(Box::new(response))),
            None => Ok(response),
        }
    }

    fn poll_vector(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<(usize, Embedding)>>> {
        loop {
            if let Some(vector) = self.next_ready() {
                return Poll::Ready(Some(Ok(vector)));
            }
            if let Some(error) = self.failure.take() {
                self.is_over = true;
                self.pieces.clear(); // which gives their calls up
                return Poll::Ready(Some(Err(error)));
            }
            let has_started = self.start_pieces(cx);
            let has_finished = poll_pieces(&mut self.pieces, cx);
            match self.next_done() {
                Some(done) => self.take(done),
                None if self.has_ended() => return Poll::Ready(None),
                None if has_started || has_finished => {}
                None => return Poll::Pending,
            }
        }
    }

    /// The next vector, if it is here.
    fn next_ready(&mut self) -> Option<(usize, Embedding)> {
        let vector = self.ready.next()?;
        self.given += 1;
        Some((self.given - 1, vector))
    }

    /// The next vector, or the end, if there is no need to wait for it.
    #[cfg(feature = "blocking")]
    pub(crate) fn arrived(&mut self) -> Poll<Option<Result<(usize, Embedding)>>> {
        match self.next_ready() {
            Some(vector) => Poll::Ready(Some(Ok(vector))),
            None if self.has_ended() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn has_ended(&self) -> bool {
        self.is_over && self.pieces.is_empty() && self.failure.is_none()
    }

    /// The first piece, if it is done.
    fn next_done(&mut self) -> Option<Done> {
        match self.pieces.pop_front()? {
            Piece::Done(done) => Some(*done),
            running @ Piece::Running(_) => {
                self.pieces.push_front(running);
                None
            }
        }
    }

    fn take(&mut self, done: Done) {
        self.ready = done.vectors.into_iter();
        self.failure = done.error;
        self.usage.add(&done.usage);
        self.model = self.model.take().or(done.model);
    }

    /// Starts calls while there is room for them. Says whether any was started.
    fn start_pieces(&mut self, cx: &mut Context<'_>) -> bool {
        let is_running = |piece: &&Piece| matches!(piece, Piece::Running(_));
        let mut running = self.pieces.iter().filter(is_running).count();
        let before = self.pieces.len();
        // What has come back before its turn waits here: room for as much again is enough.
        let most = self.concurrency.saturating_mul(2);
        while running < self.concurrency && self.pieces.len() < most && !self.is_over {
            match self.texts.poll_piece(&self.limits, running == 0, cx) {
                Poll::Pending => break,
                Poll::Ready(None) => self.is_over = true,
                Poll::Ready(Some(Ok(texts))) => {
                    self.start(texts);
                    running += 1;
                }
                Poll::Ready(Some(Err(error))) => {
                    self.is_over = true;
                    let error = Some(error.at(CREATE_ALL, 0));
                    let done = Done {
                        error,
                        ..Done::default()
                    };
                    self.pieces.push_back(Piece::Done(Box::new(done)));
                }
            }
        }
        self.pieces.len() > before
    }

    fn start(&mut self, texts: Vec<String>) {
        let first = self.taken;
        self.taken += texts.len();
        let calls = Calls {
            embeddings: self.embeddings.clone(),
            request: self.request.clone(),
            on_call: self.on_call.clone(),
            limits: Arc::clone(&self.limits),
        };
        let running = Box::pin(calls.embed(first, texts));
        self.pieces.push_back(Piece::Running(running));
    }
}

impl Stream for EmbeddingStream<'_> {
    type Item = Result<(usize, Embedding)>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_vector(cx)
    }
}

impl fmt::Debug for EmbeddingStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingStream")
            .field("model", &self.request.model)
            .field("given", &self.given)
            .finish_non_exhaustive()
    }
}
