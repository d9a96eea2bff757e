use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::aside::aside;
use super::outcome::{Failure, Guarded, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::messages::{Function, Tool, ToolCall};

type Work = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// Functions of yours that a model may call.
///
/// What a function returns goes to the model: text as it is, everything else as JSON.
#[derive(Clone, Default)]
pub struct ToolSet {
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    name: String,
    /// What the model is told about it, or why that cannot be told.
    function: std::result::Result<Function, String>,
    work: Arc<dyn Fn(ToolCall) -> Work + Send + Sync>,
}

impl ToolSet {
    /// Makes a set without tools.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function whose arguments are an `A`.
    ///
    /// The model reads the doc comments: that of `A` says what the function does, those of its
    /// fields what they mean. The schema of `A` is strict, as
    /// [`Chat::parse`](crate::api::chat::Chat::parse) describes it. An `A` that has none, or that
    /// is no struct, is the error of the run: nothing is sent then.
    ///
    /// The function must not block: see [`blocking_tool`](Self::blocking_tool).
    ///
    /// ```
    /// use mistral_core::tools::ToolSet;
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
    /// # Ok::<_, mistral_core::Error>(())
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
        let described = described::<A>(&name);
        self.add(name, described, working(function))
    }

    /// Adds a function that may block: one that computes for long, or waits for a file or a
    /// database. In everything else it is [`tool`](Self::tool).
    ///
    /// It runs on tokio's threads for such work, so that nothing else is held up; there it may
    /// use a blocking client, too. A call that has begun cannot be stopped: when the run is
    /// given up, it goes on to its end.
    ///
    /// ```
    /// use mistral_core::tools::ToolSet;
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
    /// # Ok::<_, mistral_core::Error>(())
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
        let described = described::<A>(&name);
        self.add(name, described, blocking(function))
    }

    /// Adds a function that is described by hand: one whose arguments are not known when the
    /// program is compiled, or whose schema is not strict.
    ///
    /// ```
    /// use mistral_core::tools::ToolSet;
    /// use mistral_core::chat::Function;
    /// use serde_json::{Value, json};
    ///
    /// let echo = Function::new("echo", json!({ "type": "object" })).description("Repeats it.");
    /// let tools = ToolSet::new().function(echo, async |arguments: Value| {
    ///     Ok::<_, std::io::Error>(arguments)
    /// });
    /// # assert_eq!(tools.definitions()?.len(), 1);
    /// # Ok::<_, mistral_core::Error>(())
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
        self.add(description.name.clone(), Ok(description), working(function))
    }

    /// Adds a function that may block, as [`blocking_tool`](Self::blocking_tool) does, and that
    /// is described by hand, as by [`function`](Self::function).
    ///
    /// ```
    /// use mistral_core::tools::ToolSet;
    /// use mistral_core::chat::Function;
    /// use serde_json::{Value, json};
    ///
    /// let notes = Function::new("read_notes", json!({ "type": "object" }));
    /// let tools = ToolSet::new()
    ///     .blocking_function(notes, |_: Value| std::fs::read_to_string("notes.txt"));
    /// # assert_eq!(tools.definitions()?.len(), 1);
    /// # Ok::<_, mistral_core::Error>(())
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
            blocking(function),
        )
    }

    fn add(
        mut self,
        name: String,
        function: std::result::Result<Function, String>,
        work: impl Fn(ToolCall) -> Work + Send + Sync + 'static,
    ) -> Self {
        self.entries.push(Entry {
            name,
            function,
            work: Arc::new(work),
        });
        self
    }

    /// What a request must have in its `tools` for the model to know the functions.
    /// [`Chat::run`](crate::api::chat::Chat::run) puts it there.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`] when the arguments of a function have no schema that
    /// the API takes, and when two functions have the same name.
    #[inline]
    pub fn definitions(&self) -> Result<Vec<Tool>> {
        let define = |(at, entry): (usize, &Entry)| {
            let mut earlier = self.entries.iter().take(at);
            if earlier.any(|other| other.name == entry.name) {
                return Err(Error::config(format!(
                    "two tools are named `{}`",
                    entry.name
                )));
            }
            let function = entry.function.clone().map_err(Error::config)?;
            Ok(function.into())
        };
        self.entries.iter().enumerate().map(define).collect()
    }

    /// Carries out one call, for a program that leads the conversation itself. Gives what the
    /// model is to be told.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Tool`] when there is no such tool, when it fails, or when it
    /// panics, and with [`ErrorKind::Decode`] when the arguments do not fit.
    pub async fn call(&self, call: &ToolCall) -> Result<String> {
        self.start(call.clone())
            .await
            .map_err(|failure| failure.error)
    }

    /// Carries out a call, come what may.
    #[inline]
    pub(super) fn start(&self, call: ToolCall) -> Guarded {
        let name = call.function.name.clone();
        let guarded = format!("the tool `{name}`");
        match self.entries.iter().find(|entry| entry.name == name) {
            Some(entry) => {
                let work = Arc::clone(&entry.work);
                Guarded::new(guarded, async move { work(call).await })
            }
            None => {
                let names: Vec<_> = self.entries.iter().map(|entry| &*entry.name).collect();
                let message = match names.as_slice() {
                    [] => format!("there is no tool `{name}`: there are none at all"),
                    names => format!("there is no tool `{name}`, only {}", names.join(", ")),
                };
                Guarded::new(guarded, async move { Err(Failure::new(message)) })
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

/// A call of a function within the task that waits for it.
fn working<A, R, E, Fut>(
    function: impl Fn(A) -> Fut + Send + Sync + 'static,
) -> impl Fn(ToolCall) -> Work + Send + Sync + 'static
where
    A: DeserializeOwned,
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
    Fut: Future<Output = std::result::Result<R, E>> + Send + 'static,
{
    move |call| {
        let working = call.arguments().map(&function);
        Box::pin(async move { outcome(&call.function.name, working?.await) })
    }
}

/// A call of a function on a thread that may wait.
fn blocking<A, R, E>(
    function: impl Fn(A) -> std::result::Result<R, E> + Send + Sync + 'static,
) -> impl Fn(ToolCall) -> Work + Send + Sync + 'static
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
            let work = move || outcome(&call.function.name, function(call.arguments()?));
            aside(name, work).await?
        })
    }
}

/// What the model is to be told about what a function gave.
fn outcome<R, E>(name: &str, given: std::result::Result<R, E>) -> Outcome
where
    R: Serialize,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let answer = given.map_err(|cause| {
        let failed = format!("the tool `{name}` failed");
        Error::new(ErrorKind::Tool, failed).with_source(cause)
    })?;
    text(&answer).map_err(|cause| {
        let failed = format!("the answer of the tool `{name}` cannot be written");
        let error = Error::new(ErrorKind::Tool, failed);
        error.with_source(cause).into()
    })
}

/// Text as it is, and everything else as JSON.
fn text(answer: &impl Serialize) -> serde_json::Result<String> {
    Ok(match serde_json::to_value(answer)? {
        Value::String(text) => text,
        value => value.to_string(),
    })
}

#[cfg(feature = "schemars")]
fn described<A: schemars::JsonSchema>(name: &str) -> std::result::Result<Function, String> {
    let in_tool = |why| format!("the arguments of the tool `{name}`: {why}");
    let mut schema = crate::json::schema::strict::<A>().map_err(in_tool)?;
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(in_tool(format!("`{}` is no struct", A::schema_name())));
    }
    let description = schema
        .as_object_mut()
        .and_then(|schema| schema.remove("description"));
    let mut function = Function::new(name, schema).strict(true);
    function.description = description.and_then(|text| text.as_str().map(str::to_owned));
    Ok(function)
}
