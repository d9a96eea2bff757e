//! Moderation and classification of texts and conversations.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::classifiers::ClassificationRequest;
//!
//! let request = ClassificationRequest::new("mistral-moderation-latest", ["Good morning."]);
//! let response = client.classifiers().moderate(&request).await?;
//! for result in &response.results {
//!     println!("{:?}", result.flagged().collect::<Vec<_>>());
//! }
//! # assert_eq!(response.results.len(), 1);
//! # Ok(()) }
//! ```

mod request;
mod response;

use crate::call::Call;
use crate::client::Client;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::request::{
    ChatClassificationRequest, ChatClassificationRequestInputs, ChatModerationRequest,
    ChatModerationRequestInputs, ClassificationRequest, ClassificationRequestInputs,
    InstructRequest,
};
pub use self::response::{
    ClassificationResponse, ClassificationTargetResult, ModerationObject, ModerationResponse,
};

operations! {
    MODERATE = Operation::inference("classifiers.moderate", "/v1/moderations");
    MODERATE_CHAT = Operation::inference("classifiers.moderate_chat", "/v1/chat/moderations");
    CLASSIFY = Operation::inference("classifiers.classify", "/v1/classifications");
    CLASSIFY_CHAT = Operation::inference("classifiers.classify_chat", "/v1/chat/classifications");
}

/// The moderation and classification operations. Created by
/// [`Client::classifiers`](crate::Client::classifiers).
#[derive(Debug, Clone)]
pub struct Classifiers<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the moderation and classification operations.
    pub fn classifiers(&self) -> Classifiers<M> {
        Classifiers {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Classifiers<M> {
    /// Moderates texts: scores each of them by categories of harmful content.
    ///
    /// Mirrors `POST /v1/moderations`.
    #[doc = example!(r#"
use mistral_sdk::classifiers::ClassificationRequest;

let request = ClassificationRequest::new("mistral-moderation-latest", "I kill you.");
let response = client.classifiers().moderate(&request).await?;
assert!(response.results[0].flagged().count() > 0);
"#)]
    pub fn moderate(&self, request: &ClassificationRequest) -> Call<ModerationResponse, M> {
        let request = ApiRequest::new(&MODERATE)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }

    /// Moderates the last message of each conversation by categories of harmful content.
    ///
    /// Mirrors `POST /v1/chat/moderations`.
    #[doc = example!(r#"
use mistral_sdk::classifiers::ChatModerationRequest;
use mistral_sdk::messages::Message;

let chat = [Message::user("Good morning."), Message::assistant("Good morning!")];
let request = ChatModerationRequest::new("mistral-moderation-latest", chat);
let response = client.classifiers().moderate_chat(&request).await?;
assert_eq!(response.results[0].flagged().count(), 0);
"#)]
    pub fn moderate_chat(&self, request: &ChatModerationRequest) -> Call<ModerationResponse, M> {
        let request = ApiRequest::new(&MODERATE_CHAT)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }

    /// Classifies texts with a fine-tuned classifier.
    ///
    /// Mirrors `POST /v1/classifications`.
    #[doc = example!(r#"
# let model_id = "ft:classifier:ministral-3b-latest:emulator:20250101:demo";
use mistral_sdk::classifiers::ClassificationRequest;

let request = ClassificationRequest::new(model_id, ["This is great."]);
let response = client.classifiers().classify(&request).await?;
assert_eq!(response.results[0]["sentiment"].best(), Some("positive"));
"#)]
    pub fn classify(&self, request: &ClassificationRequest) -> Call<ClassificationResponse, M> {
        let request = ApiRequest::new(&CLASSIFY)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }

    /// Classifies conversations with a fine-tuned classifier.
    ///
    /// Mirrors `POST /v1/chat/classifications`.
    #[doc = example!(r#"
# let model_id = "ft:classifier:ministral-3b-latest:emulator:20250101:demo";
use mistral_sdk::classifiers::{ChatClassificationRequest, InstructRequest};
use mistral_sdk::messages::Message;

let chat = InstructRequest::new("This is great.");
let request = ChatClassificationRequest::new(model_id, chat);
let response = client.classifiers().classify_chat(&request).await?;
assert_eq!(response.results[0]["sentiment"].best(), Some("positive"));
"#)]
    pub fn classify_chat(
        &self,
        request: &ChatClassificationRequest,
    ) -> Call<ClassificationResponse, M> {
        let request = ApiRequest::new(&CLASSIFY_CHAT)
            .model(&*request.model)
            .json(request);
        self.client.call(request)
    }
}
