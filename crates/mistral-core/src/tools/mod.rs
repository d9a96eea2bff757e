//! Tools: functions of yours that a model calls, and the conversation that this becomes.
//!
//! A [`ToolSet`] holds the functions. [`Chat::run`](crate::api::chat::Chat::run) asks the model,
//! carries out the calls that it wants, tells it what came of them, and goes on until it
//! answers. [`Agents::run`](crate::api::agents::Agents::run) does it with an agent.
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
//! use mistral_sdk::chat::Message;
//!
//! /// Says what the weather is like.
//! #[derive(schemars::JsonSchema, serde::Deserialize)]
//! struct GetWeather {
//!     /// The city, in English.
//!     city: String,
//! }
//!
//! let tools = ToolSet::new().tool("get_weather", async |call: GetWeather| {
//!     Ok::<_, std::io::Error>(format!("{}: sunny, 21 °C", call.city))
//! });
//! let question = [Message::user("Call get_weather: what is it like in Paris?")];
//! let request = ChatCompletionRequest::new("mistral-small-latest", question);
//! let run = client.chat().run(&request, &tools).await?;
//! println!("{} ({} turns)", run.text(), run.responses.len());
//! # assert_eq!(run.responses.len(), 2);
//! # Ok(()) }
//! ```

mod approval;
mod aside;
mod conversation;
mod outcome;
mod request;
mod run;
mod running;
mod set;
mod stream;
mod transcript;

pub use self::approval::Approval;
pub use self::conversation::ToolErrors;
pub use self::run::RunCall;
pub use self::set::ToolSet;
pub use self::stream::{RunEvent, RunStream};
pub use self::transcript::ToolRun;
