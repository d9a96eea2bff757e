use std::future::IntoFuture;
use std::task::Poll;

use super::waiting::{Source, Waiting};
use crate::error::{Error, Result};
use crate::mode::Blocking;
use crate::mode::blocking_runtime::may_wait;
use crate::tools;
use crate::tools::{RunCall, RunEvent, ToolRun};

impl RunCall<Blocking> {
    /// Goes through the run, and waits for its end.
    ///
    /// Functions that block, as most do in a program without async, are added with
    /// [`ToolSet::blocking_tool`](crate::tools::ToolSet::blocking_tool) or
    /// [`blocking_function`](crate::tools::ToolSet::blocking_function); others hold up the
    /// client's other threads.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let emulator = mistral_emulator::Emulator::start()?;
    /// # let client = mistral_sdk::blocking::Client::new(
    /// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
    /// # )?;
    /// use mistral_sdk::chat::ChatCompletionRequest;
    /// use mistral_sdk::tools::ToolSet;
    /// use mistral_sdk::chat::{Function, Message};
    /// use serde_json::{Value, json};
    ///
    /// let notes = Function::new("read_notes", json!({ "type": "object" }));
    /// let tools = ToolSet::new()
    ///     .blocking_function(notes, |_: Value| std::fs::read_to_string("notes.txt"));
    /// let question = [Message::user("Call read_notes.")];
    /// let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// let run = client.chat().run(&request, &tools).send()?;
    /// println!("{}", run.text());
    /// # assert_eq!(run.responses.len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Fails as the asynchronous run does, and inside an async runtime.
    pub fn send(self) -> Result<ToolRun> {
        let (run, mode) = self.split();
        if let Err(error) = may_wait() {
            return Err(run.error(error));
        }
        mode.driver.perform(run.into_future())?
    }

    /// Begins the run as a stream of what happens, the text of every turn included.
    pub fn stream(self) -> RunStream {
        let (run, mode) = self.split();
        RunStream(Waiting::new(run.stream(), mode))
    }
}

/// A run as it happens: an iterator that waits for each event. Made by
/// [`RunCall::stream`](crate::tools::RunCall::stream).
///
/// The run goes on while events are asked for, and dropping it stops it. After an error, and
/// after the end, there are no more events.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// # use mistral_sdk::chat::{ChatCompletionRequest, Message};
/// # let request = ChatCompletionRequest::new("mistral-small-latest", [Message::user("Hello")]);
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
pub struct RunStream(Waiting<tools::RunStream>);

impl RunStream {
    /// Goes through the rest of the run, and gives all of it.
    ///
    /// # Errors
    /// Fails as the iterator does, or has done.
    pub fn collect_run(self) -> Result<ToolRun> {
        self.0.finish(async |stream| stream.collect_run().await)
    }
}

impl Iterator for RunStream {
    type Item = Result<RunEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl Source for tools::RunStream {
    type Piece = RunEvent;
    const SENDS: bool = true;

    fn arrived(&mut self) -> Poll<Option<Result<RunEvent>>> {
        self.next_buffered()
    }

    fn error(&self, error: Error) -> Error {
        self.error(error)
    }
}
