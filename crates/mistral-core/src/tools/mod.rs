//! Tools: functions that a model can call, and runs that execute its calls.
//!
//! A [`ToolSet`] holds the functions. [`Chat::run`](crate::api::chat::Chat::run) sends the
//! request, executes the tool calls of the model, sends their results, and repeats this until
//! the model answers without a tool call. [`Agents::run`](crate::api::agents::Agents::run) does
//! the same with an agent.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::chat::ChatCompletionRequest;
//! use mistral_sdk::tools::ToolSet;
//!
//! /// Returns the current weather.
//! #[derive(schemars::JsonSchema, serde::Deserialize)]
//! struct GetWeather {
//!     /// The city, in English.
//!     city: String,
//! }
//!
//! let tools = ToolSet::new().tool("get_weather", async |call: GetWeather| {
//!     Ok::<_, std::io::Error>(format!("{}: sunny, 21 °C", call.city))
//! });
//! let question = "Call get_weather: what is it like in Paris?";
//! let request = ChatCompletionRequest::new("mistral-small-latest", question);
//! let run = client.chat().run(&request, &tools).await?;
//! println!("{} ({} turns)", run.text(), run.responses.len());
//! # assert_eq!(run.responses.len(), 2);
//! # Ok(()) }
//! ```

mod approval;
mod calls;
mod conversation;
mod execution;
#[cfg(feature = "schemars")]
mod parse;
mod request;
mod run;
mod set;
mod stream;
mod tool_run;

pub use self::approval::Approval;
pub use self::conversation::ToolErrors;
#[cfg(all(feature = "blocking", feature = "schemars"))]
pub(crate) use self::parse::parse_run;
#[cfg(feature = "schemars")]
pub use self::parse::{ParsedRun, ParsedRunCall};
pub use self::run::RunCall;
pub use self::set::ToolSet;
pub use self::stream::{RunEvent, RunStream};
pub use self::tool_run::ToolRun;
