use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::calls::{DecidedCall, RunningCalls, request_approvals};
use super::conversation::Conversation;
use super::tool_run::ToolRun;
use crate::api::chat::{ChatCompletionResponse, CompletionChunk};
use crate::call::StreamCall;
use crate::call::event_stream::EventStream;
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{ToolCall, ToolMessage};
use crate::pipeline::telemetry::RunTrace;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An event of a run.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RunEvent {
    /// A chunk of a response of the model.
    Chunk(CompletionChunk),
    /// A tool call of the model. The hook of [`on_call`](super::RunCall::on_call) has not run
    /// yet.
    Call(ToolCall),
    /// The result of a tool call, emitted after all calls of the turn have completed.
    ToolResult(ToolMessage),
}

/// The stream of events of a run. Created by [`RunCall::stream`](super::RunCall::stream).
///
/// Nothing runs in the background: the run makes progress only while the stream is polled, and
/// dropping the stream cancels it, including its tools. An error ends the stream.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # let request = ChatCompletionRequest::new("mistral-small-latest", "Hello");
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
    events: VecDeque<RunEvent>,
    state: RunState,
    /// Open while the run is in progress.
    trace: Option<RunTrace>,
}

enum RunState {
    Begin,
    Turn,
    Requesting(StreamCall<CompletionChunk>),
    Reading(Box<EventStream<CompletionChunk>>),
    Merging(BoxFuture<Result<ChatCompletionResponse>>),
    Deciding(BoxFuture<Result<Vec<DecidedCall>>>),
    Running(RunningCalls),
    Finished { failed: bool },
}

const FINISHED: RunState = RunState::Finished { failed: false };

impl RunStream {
    pub(super) fn new(conversation: Conversation) -> Self {
        Self {
            conversation,
            events: VecDeque::new(),
            state: RunState::Begin,
            trace: None,
        }
    }

    /// Returns the next event, or `None` after the last one.
    ///
    /// Cancel-safe: dropping the future before it is ready loses no event and repeats no call.
    pub async fn next(&mut self) -> Option<Result<RunEvent>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Returns the transcript of the run so far, for example when it is interrupted. Its last
    /// response may have only begun. The run goes on.
    ///
    /// The messages can be sent again after
    /// [`repair_messages`](crate::messages::repair_messages) has answered the open tool calls.
    pub fn so_far(&self) -> ToolRun {
        let begun = match &self.state {
            RunState::Reading(stream) => Some(stream.so_far()),
            _ => None,
        };
        self.conversation
            .transcript(begun.filter(|response| !response.choices.is_empty()))
    }

    /// Completes the run and returns its transcript.
    ///
    /// # Errors
    /// Fails with the first error of the stream. If [`next`](Self::next) has returned an error
    /// before, fails with [`ErrorKind::Truncated`].
    pub async fn collect_run(mut self) -> Result<ToolRun> {
        while let Some(event) = self.next().await {
            event?;
        }
        if let RunState::Finished { failed: true } = self.state {
            let message =
                "the run stopped before its end: see the error that the stream returned before";
            return Err(self
                .conversation
                .with_transcript(Error::new(ErrorKind::Truncated, message)));
        }
        Ok(self.conversation.into_transcript())
    }

    /// Returns the next event or the end of the stream, if either is available without I/O.
    #[cfg(feature = "blocking")]
    pub(crate) fn next_buffered(&mut self) -> Poll<Option<Result<RunEvent>>> {
        match (self.events.pop_front(), &self.state) {
            (None, RunState::Finished { .. }) => Poll::Ready(None),
            (None, _) => Poll::Pending,
            (event, _) => Poll::Ready(event.map(Ok)),
        }
    }

    /// Adds the operation and the transcript so far to an error.
    #[cfg(feature = "blocking")]
    pub(crate) fn error(&self, error: Error) -> Error {
        self.conversation.with_transcript(error)
    }

    fn close_trace(&mut self, error: Option<&Error>) {
        if let Some(mut trace) = self.trace.take() {
            self.conversation.close_trace(&mut trace, error);
        }
    }

    /// Polls the current state. Returns the next one, or `None` if the state stays.
    #[inline]
    fn advance(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<RunState>>> {
        let conversation = &mut self.conversation;
        let next = match &mut self.state {
            RunState::Begin => conversation.add_tools().map(|()| RunState::Turn),
            RunState::Turn => self.send_request(),
            RunState::Requesting(requesting) => match ready!(Pin::new(requesting).poll(cx)) {
                Ok(stream) => Ok(RunState::Reading(Box::new(stream))),
                Err(error) => Err(conversation.with_transcript(error)),
            },
            RunState::Reading(stream) => match ready!(Pin::new(&mut **stream).poll_next(cx)) {
                Some(Ok(chunk)) => {
                    self.events.push_back(RunEvent::Chunk(chunk));
                    return Poll::Ready(Ok(None));
                }
                Some(Err(error)) => Err(conversation.with_transcript(error)),
                None => Ok(self.start_merge()),
            },
            RunState::Merging(merging) => match ready!(merging.as_mut().poll(cx)) {
                Ok(response) => self.handle_response(response),
                Err(error) => Err(conversation.with_transcript(error)),
            },
            RunState::Deciding(deciding) => match ready!(deciding.as_mut().poll(cx)) {
                Ok(decided) => Ok(RunState::Running(conversation.start_calls(decided))),
                Err(error) => Err(conversation.with_transcript(error)),
            },
            RunState::Running(running) => {
                ready!(running.poll(cx));
                self.send_results()
            }
            RunState::Finished { .. } => return Poll::Ready(Ok(None)),
        };
        Poll::Ready(next.map(Some))
    }

    #[inline]
    fn send_request(&self) -> Result<RunState> {
        let call = self.conversation.stream()?;
        Ok(RunState::Requesting(call))
    }

    #[inline]
    fn start_merge(&mut self) -> RunState {
        match mem::replace(&mut self.state, FINISHED) {
            RunState::Reading(stream) => RunState::Merging(Box::pin(stream.collect_response())),
            state => state,
        }
    }

    #[inline]
    fn handle_response(&mut self, response: ChatCompletionResponse) -> Result<RunState> {
        let calls = self.conversation.add_response(response)?;
        if calls.is_empty() {
            return Ok(FINISHED);
        }
        self.events
            .extend(calls.iter().cloned().map(RunEvent::Call));
        let hook = self.conversation.hook.clone();
        Ok(RunState::Deciding(Box::pin(request_approvals(hook, calls))))
    }

    #[inline]
    fn send_results(&mut self) -> Result<RunState> {
        let RunState::Running(running) = mem::replace(&mut self.state, FINISHED) else {
            return Ok(FINISHED);
        };
        let messages = self.conversation.add_outcomes(running.into_outcomes())?;
        self.events
            .extend(messages.into_iter().map(RunEvent::ToolResult));
        Ok(RunState::Turn)
    }
}

impl Stream for RunStream {
    type Item = Result<RunEvent>;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if let RunState::Finished { .. } = self.state {
                return Poll::Ready(None);
            }
            let this = &mut *self;
            let trace = this
                .trace
                .get_or_insert_with(|| this.conversation.open_trace());
            let span = trace.span().clone();
            let advanced = ready!(span.in_scope(|| this.advance(cx)));
            match advanced {
                Ok(Some(state)) => self.state = state,
                Ok(None) => {}
                Err(error) => {
                    self.state = RunState::Finished { failed: true };
                    self.close_trace(Some(&error));
                    return Poll::Ready(Some(Err(error)));
                }
            }
            if let RunState::Finished { .. } = self.state {
                self.close_trace(None);
            }
        }
    }
}

impl fmt::Debug for RunStream {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("conversation", &self.conversation)
            .field("ended", &matches!(self.state, RunState::Finished { .. }))
            .finish_non_exhaustive()
    }
}
