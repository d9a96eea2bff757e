use std::future::IntoFuture;
use std::task::Poll;

use super::blocking_stream::{AsyncSource, BlockingStream};
use crate::error::{Error, Result};
use crate::mode::Blocking;
use crate::mode::blocking_runtime::check_not_in_async;
use crate::tools;
use crate::tools::{RunCall, RunEvent, ToolRun};

#[cfg(feature = "blocking")]
impl RunCall<Blocking> {
    /// Runs to completion and returns the transcript.
    ///
    /// Add functions that block with
    /// [`ToolSet::blocking_tool`](crate::tools::ToolSet::blocking_tool) or
    /// [`blocking_function`](crate::tools::ToolSet::blocking_function). An async function that
    /// blocks delays the client's other threads.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::chat::{ChatCompletionRequest, Function};
    /// use mistral_sdk::tools::ToolSet;
    /// use serde_json::{Value, json};
    ///
    /// let notes = Function::new("read_notes", json!({ "type": "object" }));
    /// let tools = ToolSet::new()
    ///     .blocking_function(notes, |_: Value| std::fs::read_to_string("notes.txt"));
    /// let question = "Call read_notes.";
    /// let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// let run = client.chat().run(&request, &tools).send()?;
    /// println!("{}", run.text());
    /// # assert_eq!(run.responses.len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous run, and inside an async runtime.
    pub fn send(self) -> Result<ToolRun> {
        let (run, mode) = self.split();
        if let Err(error) = check_not_in_async() {
            return Err(run.error(error));
        }
        let call = mode.in_time("".into(), run.into_future());
        mode.runtime.block_on_call(call)?
    }

    /// Starts the run as a stream of events, which include the text of every turn.
    pub fn stream(self) -> RunStream {
        let (run, mode) = self.split();
        RunStream(BlockingStream::new(run.stream(), mode))
    }
}

#[cfg(all(feature = "blocking", feature = "schemars"))]
impl<T: serde::de::DeserializeOwned + 'static> tools::ParsedRunCall<T, Blocking> {
    /// Runs to completion and returns the value of the final response, with the transcript.
    ///
    /// # Errors
    /// Fails with the errors of the asynchronous
    /// [`RunCall::parse`](crate::tools::RunCall::parse), and inside an async runtime.
    pub fn send(self) -> Result<tools::ParsedRun<T>> {
        let name = self.run.run_name();
        tools::parse_run(self.run.send()?, name)
    }
}

/// The stream of events of a run: a blocking iterator. Created by
/// [`RunCall::stream`](crate::tools::RunCall::stream).
///
/// The run makes progress only inside [`next`](Iterator::next), and dropping the iterator
/// cancels it. An error ends the iterator.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::ChatCompletionRequest;
/// # let request = ChatCompletionRequest::new("mistral-small-latest", "Hello");
/// use mistral_sdk::tools::{RunEvent, ToolSet};
///
/// let tools = ToolSet::new();
/// let mut stream = client.chat().run(&request, &tools).stream();
/// for event in stream.by_ref() {
///     match event? {
///         RunEvent::Chunk(chunk) => print!("{}", chunk.text()),
///         RunEvent::Call(call) => println!("[{}]", call.function.name),
///         _ => {}
///     }
/// }
/// let run = stream.collect_run()?;
/// # assert_eq!(run.responses.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct RunStream(BlockingStream<tools::RunStream>);

impl RunStream {
    /// Returns the transcript of the run so far. Its last response may have only begun. The run
    /// goes on.
    pub fn so_far(&self) -> ToolRun {
        self.0.inner.so_far()
    }

    /// Completes the run and returns its transcript.
    ///
    /// # Errors
    /// Fails with the errors of the iterator, also if it has returned one before.
    pub fn collect_run(self) -> Result<ToolRun> {
        self.0.collect(async |stream| stream.collect_run().await)
    }
}

impl Iterator for RunStream {
    type Item = Result<RunEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl AsyncSource for tools::RunStream {
    type Element = RunEvent;
    const SENDS_REQUESTS: bool = true;

    fn next_buffered(&mut self) -> Poll<Option<Result<RunEvent>>> {
        self.next_buffered()
    }

    fn with_context(&self, error: Error) -> Error {
        self.error(error)
    }
}
