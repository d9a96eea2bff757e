use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::execution::{ToolExecution, ToolFailure, ToolResult, spawn_blocking_in_span};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{Function, Tool, ToolCall};
#[cfg(not(feature = "schemars"))]
use crate::mode::misuse::NeedsSchemars;
use crate::pipeline::telemetry::{CaptureContent, ToolTrace};

type ToolFuture = Pin<Box<dyn Future<Output = ToolResult> + Send>>;

/// A set of functions that a model can call.
///
/// The return value of a function is sent to the model: a string as it is, any other value as
/// JSON.
#[derive(Clone, Default)]
pub struct ToolSet {
    entries: Vec<ToolEntry>,
}

#[derive(Clone)]
struct ToolEntry {
    name: String,
    /// The definition for the model, or the reason why there is none.
    function: std::result::Result<Function, String>,
    work: Arc<dyn Fn(ToolCall) -> ToolFuture + Send + Sync>,
}

impl ToolSet {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function with arguments of type `A`.
    ///
    /// Doc comments are sent to the model: that of `A` as the description of the function, those
    /// of its fields as the descriptions of the arguments. The schema of `A` is strict; see
    /// [`Chat::parse`](crate::api::chat::Chat::parse). If `A` has no strict schema or is not a
    /// struct, the run fails before anything is sent.
    ///
    /// The function must not block: see [`blocking_tool`](Self::blocking_tool).
    ///
    /// ```
    /// use mistral_sdk::tools::ToolSet;
    ///
    /// /// Adds two numbers.
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
    /// struct Add {
    ///     a: i64,
    ///     b: i64,
    /// }
    ///
    /// let tools = ToolSet::new().tool("add", async |call: Add| {
    ///     call.a.checked_add(call.b).ok_or("the sum is too large")
    /// });
    /// let definitions = tools.definitions()?;
    /// # assert!(serde_json::to_string(&definitions).unwrap().contains("Adds two numbers."));
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    #[cfg(feature = "schemars")]
    #[must_use]
    pub fn tool<A, R, E, Fut>(
        self,
        name: impl Into<String>,
        function: impl Fn(A) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        A: schemars::JsonSchema + DeserializeOwned,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
        Fut: Future<Output = std::result::Result<R, E>> + Send + 'static,
    {
        let name = name.into();
        let definition = derive_definition::<A>(&name);
        self.add(name, definition, call_async(function))
    }

    /// Adds a function that may block, for example one with long computations, file access or
    /// database queries. Otherwise the same as [`tool`](Self::tool).
    ///
    /// It runs on tokio's blocking thread pool, where it may also use a blocking client. A call
    /// that has started cannot be cancelled: if the run is dropped, it runs to completion.
    ///
    /// ```
    /// use mistral_sdk::tools::ToolSet;
    ///
    /// /// Reads a file of the project.
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
    /// struct ReadFile {
    ///     path: String,
    /// }
    ///
    /// let tools = ToolSet::new()
    ///     .blocking_tool("read_file", |call: ReadFile| std::fs::read_to_string(call.path));
    /// # assert_eq!(tools.definitions()?.len(), 1);
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    #[cfg(feature = "schemars")]
    #[must_use]
    pub fn blocking_tool<A, R, E>(
        self,
        name: impl Into<String>,
        function: impl Fn(A) -> std::result::Result<R, E> + Send + Sync + 'static,
    ) -> Self
    where
        A: schemars::JsonSchema + DeserializeOwned,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let name = name.into();
        let definition = derive_definition::<A>(&name);
        self.add(name, definition, call_blocking(function))
    }

    #[cfg(not(feature = "schemars"))]
    #[doc(hidden)]
    #[must_use]
    pub fn tool<A: NeedsSchemars, R, Fut>(
        self,
        _name: impl Into<String>,
        _function: impl Fn(A) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = R> + Send + 'static,
    {
        self
    }

    #[cfg(not(feature = "schemars"))]
    #[doc(hidden)]
    #[must_use]
    pub fn blocking_tool<A: NeedsSchemars, R>(
        self,
        _name: impl Into<String>,
        _function: impl Fn(A) -> R + Send + Sync + 'static,
    ) -> Self {
        self
    }

    /// Adds a function with an explicit definition, for arguments that are not known at compile
    /// time, or for a schema that is not strict.
    ///
    /// ```
    /// use mistral_sdk::tools::ToolSet;
    /// use mistral_sdk::chat::Function;
    /// use serde_json::{Value, json};
    ///
    /// let echo = Function::new("echo", json!({ "type": "object" })).description("Repeats it.");
    /// let tools = ToolSet::new().function(echo, async |arguments: Value| {
    ///     Ok::<_, std::io::Error>(arguments)
    /// });
    /// # assert_eq!(tools.definitions()?.len(), 1);
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn function<A, R, E, Fut>(
        self,
        description: Function,
        function: impl Fn(A) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
        Fut: Future<Output = std::result::Result<R, E>> + Send + 'static,
    {
        self.add(
            description.name.clone(),
            Ok(description),
            call_async(function),
        )
    }

    /// Adds a function that may block, with an explicit definition. Combines
    /// [`blocking_tool`](Self::blocking_tool) and [`function`](Self::function).
    ///
    /// ```
    /// use mistral_sdk::tools::ToolSet;
    /// use mistral_sdk::chat::Function;
    /// use serde_json::{Value, json};
    ///
    /// let notes = Function::new("read_notes", json!({ "type": "object" }));
    /// let tools = ToolSet::new()
    ///     .blocking_function(notes, |_: Value| std::fs::read_to_string("notes.txt"));
    /// # assert_eq!(tools.definitions()?.len(), 1);
    /// # Ok::<_, mistral_sdk::Error>(())
    /// ```
    #[must_use]
    pub fn blocking_function<A, R, E>(
        self,
        description: Function,
        function: impl Fn(A) -> std::result::Result<R, E> + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned,
        R: Serialize,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.add(
            description.name.clone(),
            Ok(description),
            call_blocking(function),
        )
    }

    fn add(
        mut self,
        name: String,
        function: std::result::Result<Function, String>,
        work: impl Fn(ToolCall) -> ToolFuture + Send + Sync + 'static,
    ) -> Self {
        self.entries.push(ToolEntry {
            name,
            function,
            work: Arc::new(work),
        });
        self
    }

    /// Returns the definitions of the functions, for the `tools` field of a request.
    /// [`Chat::run`](crate::api::chat::Chat::run) sets it.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`] if the arguments of a function have no schema that the
    /// API accepts, or if two functions have the same name.
    #[inline]
    pub fn definitions(&self) -> Result<Vec<Tool>> {
        let define = |(at, entry): (usize, &ToolEntry)| {
            let mut earlier = self.entries.iter().take(at);
            if earlier.any(|other| other.name == entry.name) {
                return Err(Error::config(format!(
                    "two tools are named `{}`: rename one of them",
                    entry.name
                )));
            }
            let function = entry.function.clone().map_err(Error::config)?;
            Ok(function.into())
        };
        self.entries.iter().enumerate().map(define).collect()
    }

    /// Executes a single call, for programs that manage the conversation themselves. Returns
    /// the text to send to the model.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Tool`] if there is no such tool, if it fails, or if it panics,
    /// and with [`ErrorKind::Decode`] if the arguments are invalid.
    pub async fn call(&self, call: &ToolCall) -> Result<String> {
        self.start(call.clone(), &CaptureContent::default())
            .await
            .map_err(|failure| failure.error)
    }

    /// Starts the execution of a call. The returned future never panics.
    #[inline]
    pub(super) fn start(&self, call: ToolCall, capture: &CaptureContent) -> ToolExecution {
        let name = call.function.name.clone();
        let label = format!("the tool `{name}`");
        let entry = self.entries.iter().find(|entry| entry.name == name);
        let function = entry.and_then(|entry| entry.function.as_ref().ok());
        let description = function.and_then(|function| function.description.as_deref());
        let trace = ToolTrace::open(&call, description, capture);
        match entry {
            Some(entry) => {
                let work = Arc::clone(&entry.work);
                ToolExecution::new(label, trace, async move { work(call).await })
            }
            None => {
                let names: Vec<_> = self.entries.iter().map(|entry| &*entry.name).collect();
                let message = match names.as_slice() {
                    [] => format!("there is no tool `{name}`: the tool set is empty"),
                    names => format!("there is no tool `{name}`, only {}", names.join(", ")),
                };
                ToolExecution::new(label, trace, async move { Err(ToolFailure::new(message)) })
            }
        }
    }
}

/// Shows the names of the tools.
impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.entries.iter().map(|entry| &entry.name);
        f.debug_set().entries(names).finish()
    }
}

/// Wraps an async function, which is called within the polling task.
fn call_async<A, R, E, Fut>(
    function: impl Fn(A) -> Fut + Send + Sync + 'static,
) -> impl Fn(ToolCall) -> ToolFuture + Send + Sync + 'static
where
    A: DeserializeOwned,
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
    Fut: Future<Output = std::result::Result<R, E>> + Send + 'static,
{
    move |call| {
        let working = call.arguments().map(&function);
        Box::pin(async move { tool_result(&call.function.name, working?.await) })
    }
}

/// Wraps a blocking function, which is called on tokio's blocking thread pool.
fn call_blocking<A, R, E>(
    function: impl Fn(A) -> std::result::Result<R, E> + Send + Sync + 'static,
) -> impl Fn(ToolCall) -> ToolFuture + Send + Sync + 'static
where
    A: DeserializeOwned,
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let function = Arc::new(function);
    move |call| {
        let function = Arc::clone(&function);
        Box::pin(async move {
            let name = format!("the tool `{}`", call.function.name);
            let work = move || tool_result(&call.function.name, function(call.arguments()?));
            spawn_blocking_in_span(name, work).await?
        })
    }
}

/// Converts the return value of a function to text for the model.
fn tool_result<R, E>(name: &str, returned: std::result::Result<R, E>) -> ToolResult
where
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let value = returned.map_err(|cause| {
        let failed = format!("the tool `{name}` failed");
        Error::new(ErrorKind::Tool, failed).with_source(cause)
    })?;
    to_text(&value).map_err(|cause| {
        let failed = format!("the result of the tool `{name}` cannot be serialized as JSON");
        let error = Error::new(ErrorKind::Tool, failed);
        error.with_source(cause).into()
    })
}

/// Returns a string as it is, and any other value as JSON.
fn to_text(value: &impl Serialize) -> serde_json::Result<String> {
    Ok(match serde_json::to_value(value)? {
        Value::String(text) => text,
        value => value.to_string(),
    })
}

#[cfg(feature = "schemars")]
fn derive_definition<A: schemars::JsonSchema>(name: &str) -> std::result::Result<Function, String> {
    let describe = |why| format!("the arguments of the tool `{name}`: {why}");
    let mut schema = crate::json::schema::strict::<A>().map_err(describe)?;
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(describe(format!("`{}` is not a struct", A::schema_name())));
    }
    let description = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("description"));
    let mut function = Function::new(name, schema).strict(true);
    function.description = description.and_then(|text| text.as_str().map(str::to_owned));
    Ok(function)
}
