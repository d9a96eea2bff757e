//! Many texts, cut into pieces that one call takes.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use super::{
    Embedding, EmbeddingInput, EmbeddingRequest, EmbeddingResponse, EmbeddingResponseData,
    Embeddings,
};
use crate::call::Call;
use crate::call::input_stream::Source;
use crate::call::response::Response;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::UsageInfo;

/// More than the API takes in one call; it bounds what is held where texts are long.
const MOST_BYTES: usize = 1024 * 1024;

pub(super) type OnCall =
    Arc<dyn Fn(Call<EmbeddingResponse>) -> Call<EmbeddingResponse> + Send + Sync>;

/// How large a piece may be, as far as is known.
pub(super) struct Limits {
    inputs: AtomicUsize,
    bytes: AtomicUsize,
}

impl Limits {
    pub(super) fn new(inputs: usize) -> Self {
        Self {
            inputs: AtomicUsize::new(inputs),
            bytes: AtomicUsize::new(MOST_BYTES),
        }
    }

    /// Learns from a refusal. The server counts tokens, of which bytes tell roughly how many
    /// there are. Half of what was refused is never less than half of what would have been
    /// taken, so this ends where few pieces are refused and none is tiny.
    fn learn(&self, refusal: &Error, texts: &[String]) {
        if refusal.is_too_many_inputs() {
            let half = texts.len().div_ceil(2);
            self.inputs.fetch_min(half, Ordering::Relaxed);
        } else {
            let bytes: usize = texts.iter().map(String::len).sum();
            self.bytes.fetch_min(bytes.div_ceil(2), Ordering::Relaxed);
        }
    }
}

/// The texts that are not in a piece yet.
pub(super) struct Texts<'a> {
    /// `None` once it has ended.
    source: Option<Source<'a, String>>,
    /// Why it has ended, if not well.
    failure: Option<Error>,
    gathered: Vec<String>,
    bytes: usize,
    /// The text that did not fit into the last piece.
    left_over: Option<String>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(source: Source<'a, String>) -> Self {
        Self {
            source: Some(source),
            failure: None,
            gathered: Vec::new(),
            bytes: 0,
            left_over: None,
        }
    }

    /// The texts of the next piece. Unless it `may_be_short`, it is as large as it may be,
    /// but for the last one.
    pub(super) fn poll_piece(
        &mut self,
        limits: &Limits,
        may_be_short: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Vec<String>>>> {
        let (inputs, bytes) = (&limits.inputs, &limits.bytes);
        while self.gathered.len() < inputs.load(Ordering::Relaxed) {
            let text = match self.left_over.take() {
                Some(text) => text,
                None => match self.poll_text(cx) {
                    Poll::Ready(Some(text)) => text,
                    Poll::Ready(None) if self.gathered.is_empty() => {
                        return Poll::Ready(self.failure.take().map(Err));
                    }
                    Poll::Pending if !may_be_short || self.gathered.is_empty() => {
                        return Poll::Pending;
                    }
                    Poll::Ready(None) | Poll::Pending => break,
                },
            };
            let grown = self.bytes + text.len();
            if grown > bytes.load(Ordering::Relaxed) && !self.gathered.is_empty() {
                self.left_over = Some(text);
                break;
            }
            self.bytes = grown;
            self.gathered.push(text);
        }
        self.bytes = 0;
        Poll::Ready(Some(Ok(std::mem::take(&mut self.gathered))))
    }

    fn poll_text(&mut self, cx: &mut Context<'_>) -> Poll<Option<String>> {
        let Some(source) = &mut self.source else {
            return Poll::Ready(None);
        };
        match source.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(text))) => return Poll::Ready(Some(text)),
            Poll::Ready(Some(Err(error))) => {
                let what = format!("the texts cannot be read: {error}");
                self.failure = Some(Error::io(what, error));
            }
            Poll::Ready(None) => {}
            Poll::Pending => return Poll::Pending,
        }
        self.source = None;
        Poll::Ready(None)
    }
}

/// Texts whose vectors are asked for, or are here.
pub(super) enum Piece {
    Running(Pin<Box<dyn Future<Output = Done> + Send>>),
    Done(Box<Done>),
}

/// What came of a piece: the vectors of its texts, up to the error.
#[derive(Default)]
pub(super) struct Done {
    pub(super) vectors: Vec<Embedding>,
    pub(super) usage: UsageInfo,
    pub(super) model: Option<String>,
    pub(super) error: Option<Error>,
}

/// Goes on with all calls. Says whether any has ended.
pub(super) fn poll_pieces(pieces: &mut VecDeque<Piece>, cx: &mut Context<'_>) -> bool {
    let mut has_finished = false;
    for piece in pieces {
        if let Piece::Running(running) = piece
            && let Poll::Ready(done) = running.as_mut().poll(cx)
        {
            *piece = Piece::Done(Box::new(done));
            has_finished = true;
        }
    }
    has_finished
}

/// How a piece is asked for.
pub(super) struct Calls {
    pub(super) embeddings: Embeddings,
    /// Every request, but for its texts.
    pub(super) request: EmbeddingRequest,
    pub(super) on_call: Option<OnCall>,
    pub(super) limits: Arc<Limits>,
}

impl Calls {
    /// Asks for the vectors of `texts`, the first of which has the place `first`; for those
    /// of the halves of what the server refuses as too much at once.
    pub(super) async fn embed(mut self, first: usize, texts: Vec<String>) -> Done {
        let mut done = Done::default();
        let mut waiting = vec![texts]; // the last one is next
        while let Some(mut texts) = waiting.pop() {
            match self.ask(&mut texts).await {
                Ok(response) => done.add(response),
                Err(error) if error.is_list_too_large() && texts.len() > 1 => {
                    self.limits.learn(&error, &texts);
                    waiting.push(texts.split_off(texts.len() / 2));
                    waiting.push(texts);
                }
                Err(error) => {
                    let from = first + done.vectors.len();
                    done.error = Some(match texts.len() {
                        1 => error.with_context(format_args!("text {from}")),
                        more => {
                            error.with_context(format_args!("texts {from} to {}", from + more - 1))
                        }
                    });
                    return done;
                }
            }
        }
        done
    }

    async fn ask(&mut self, texts: &mut Vec<String>) -> Result<EmbeddingResponse> {
        let count = texts.len();
        self.request.input = EmbeddingInput::Texts(std::mem::take(texts));
        let mut call = self.embeddings.create(&self.request);
        if let EmbeddingInput::Texts(sent) = &mut self.request.input {
            *texts = std::mem::take(sent);
        }
        if let Some(on_call) = &self.on_call {
            call = on_call(call);
        }
        in_order(call.with_response().await?, count)
    }
}

/// The response with a vector for each text, in their order.
fn in_order(answer: Response<EmbeddingResponse>, count: usize) -> Result<EmbeddingResponse> {
    let request_id = answer.request_id().map(str::to_owned);
    let mut response = answer.body;
    response.data.sort_by_key(|data| data.index);
    let is_at = |(place, data): (usize, &EmbeddingResponseData)| {
        let index = data.index.map(usize::try_from);
        data.embedding.is_some() && index.is_none_or(|index| index == Ok(place))
    };
    if response.data.len() == count && response.data.iter().enumerate().all(is_at) {
        return Ok(response);
    }
    let message = format!(
        "the server did not give one vector for each of {count} texts, but a list of {}",
        response.data.len()
    );
    let error = Error::new(ErrorKind::Decode, message).with_request_id(request_id.as_deref());
    Err(error.at("embeddings.create", answer.attempts))
}

impl Done {
    fn add(&mut self, response: EmbeddingResponse) {
        let vectors = response.data.into_iter();
        self.vectors
            .extend(vectors.filter_map(|data| data.embedding));
        if let Some(usage) = response.usage {
            self.usage.add(&usage);
        }
        if self.model.is_none() && !response.model.is_empty() {
            self.model = Some(response.model);
        }
    }
}
