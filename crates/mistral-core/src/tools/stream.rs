use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::conversation::Conversation;
use super::running::{Decided, Running, decide};
use super::transcript::ToolRun;
use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
use crate::call::event_stream::EventStream;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{ToolCall, ToolMessage};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Something that happens in a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A piece of an answer of the model.
    Chunk(CompletionChunk),
    /// The model wants this called. [`on_call`](super::RunCall::on_call) has not been asked yet.
    Call(ToolCall),
    /// What the model is told about a call: once all calls of the turn are through.
    Answer(ToolMessage),
}

/// A run as it happens.
///
/// Nothing runs in the background: the run goes on while events are asked for, and dropping the
/// stream stops it, tools included. After an error, and after the end, there are no more
/// events.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::{ChatCompletionRequest, Message};
/// # let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Hello")]);
/// use mistral_sdk::tools::{RunEvent, ToolSet};
///
/// let tools = ToolSet::new();
/// let mut stream = client.chat().run(&request, &tools).stream();
/// while let Some(event) = stream.next().await {
///     match event? {
///         RunEvent::Chunk(chunk) => print!("{}", chunk.text()),
///         RunEvent::Call(call) => println!("[{}]", call.function.name),
///         _ => {}
///     }
/// }
/// let run = stream.collect_run().await?;
/// # assert_eq!(run.responses.len(), 1);
/// # Ok(()) }
/// ```
pub struct RunStream {
    conversation: Conversation,
    happened: VecDeque<RunEvent>,
    step: Step,
}

enum Step {
    Begin,
    Turn,
    Asking(BoxFuture<Result<EventStream<CompletionChunk>>>),
    Reading(Box<EventStream<CompletionChunk>>),
    Merging(BoxFuture<Result<ChatCompletionResponse>>),
    Deciding(BoxFuture<Result<Vec<Decided>>>),
    Running(Running),
    Ended { failed: bool },
}

const ENDED: Step = Step::Ended { failed: false };

impl RunStream {
    pub(super) fn new(conversation: Conversation) -> Self {
        Self {
            conversation,
            happened: VecDeque::new(),
            step: Step::Begin,
        }
    }

    /// What happens next, or `None` after the last event.
    ///
    /// It is cancel-safe: nothing is lost or done twice when the future is dropped before it is
    /// ready.
    pub async fn next(&mut self) -> Option<Result<RunEvent>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Goes through the rest of the run, and gives all of it.
    ///
    /// # Errors
    /// Fails as [`next`](Self::next) does, or has done.
    pub async fn collect_run(mut self) -> Result<ToolRun> {
        while let Some(event) = self.next().await {
            event?;
        }
        if let Step::Ended { failed: true } = self.step {
            let message = "the run stopped before its end, as an earlier error has told";
            return Err(self
                .conversation
                .failed(Error::new(ErrorKind::Truncated, message)));
        }
        Ok(self.conversation.into_transcript())
    }

    /// The next event, or the end, if there is no need to wait for it.
    #[cfg(feature = "blocking")]
    pub(crate) fn arrived(&mut self) -> Poll<Option<Result<RunEvent>>> {
        match (self.happened.pop_front(), &self.step) {
            (None, Step::Ended { .. }) => Poll::Ready(None),
            (None, _) => Poll::Pending,
            (event, _) => Poll::Ready(event.map(Ok)),
        }
    }

    /// Says in an error which run it is about, with the transcript so far.
    #[cfg(feature = "blocking")]
    pub(crate) fn error(&self, error: Error) -> Error {
        self.conversation.failed(error)
    }

    /// Does what the step is about. Gives the next one, or `None` if this one goes on.
    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Step>>> {
        let conversation = &mut self.conversation;
        let next = match &mut self.step {
            Step::Begin => conversation.begin().map(|()| Step::Turn),
            Step::Turn => self.ask(),
            Step::Asking(asking) => match ready!(asking.as_mut().poll(cx)) {
                Ok(stream) => Ok(Step::Reading(Box::new(stream))),
                Err(error) => Err(conversation.failed(error)),
            },
            Step::Reading(stream) => match ready!(Pin::new(&mut **stream).poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.happened.push_back(RunEvent::Chunk(chunk));
                    return Poll::Ready(Ok(None));
                }
                Some(Err(error)) => Err(conversation.failed(error)),
                None => Ok(self.merge()),
            },
            Step::Merging(merging) => match ready!(merging.as_mut().poll(cx)) {
                Ok(response) => self.hear(response),
                Err(error) => Err(conversation.failed(error)),
            },
            Step::Deciding(deciding) => match ready!(deciding.as_mut().poll(cx)) {
                Ok(decided) => Ok(Step::Running(Running::new(&conversation.tools, decided))),
                Err(error) => Err(conversation.failed(error)),
            },
            Step::Running(running) => {
                ready!(running.poll(cx));
                self.tell()
            }
            Step::Ended { .. } => return Poll::Ready(Ok(None)),
        };
        Poll::Ready(next.map(Some))
    }

    #[inline]
    fn ask(&self) -> Result<Step> {
        let call = self.conversation.stream()?;
        Ok(Step::Asking(call.into_future()))
    }

    #[inline]
    fn merge(&mut self) -> Step {
        match mem::replace(&mut self.step, ENDED) {
            Step::Reading(stream) => Step::Merging(Box::pin(stream.collect_response())),
            step => step,
        }
    }

    #[inline]
    fn hear(&mut self, response: ChatCompletionResponse) -> Result<Step> {
        let calls = self.conversation.heard(response)?;
        if calls.is_empty() {
            return Ok(ENDED);
        }
        self.happened
            .extend(calls.iter().cloned().map(RunEvent::Call));
        let hook = self.conversation.hook.clone();
        Ok(Step::Deciding(Box::pin(decide(hook, calls))))
    }

    #[inline]
    fn tell(&mut self) -> Result<Step> {
        let Step::Running(running) = mem::replace(&mut self.step, ENDED) else {
            return Ok(ENDED);
        };
        let answers = self.conversation.carried_out(running.finished())?;
        self.happened
            .extend(answers.into_iter().map(RunEvent::Answer));
        Ok(Step::Turn)
    }
}

impl Stream for RunStream {
    type Item = Result<RunEvent>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.happened.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if let Step::Ended { .. } = self.step {
                return Poll::Ready(None);
            }
            match ready!(self.advance(cx)) {
                Ok(Some(step)) => self.step = step,
                Ok(None) => {}
                Err(error) => {
                    self.step = Step::Ended { failed: true };
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl fmt::Debug for RunStream {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("conversation", &self.conversation)
            .field("ended", &matches!(self.step, Step::Ended { .. }))
            .finish_non_exhaustive()
    }
}
