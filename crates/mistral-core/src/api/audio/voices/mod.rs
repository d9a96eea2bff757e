mod request;
mod response;

use super::{
    CREATE_VOICE, DELETE_VOICE, GET_SAMPLE_AUDIO, GET_VOICE, LIST_VOICES, SEARCH_VOICES,
    UPDATE_VOICE,
};
use crate::call::{Call, DownloadCall};
use crate::client::Client;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;

pub use self::request::{
    ListVoicesRequest, SearchVoicesRequest, VoiceCreateRequest, VoiceFilter, VoiceUpdateRequest,
};
pub use self::response::{
    VoiceGender, VoiceKind, VoiceListPage, VoiceListResponse, VoiceResponse, VoiceType,
};

/// The operations on voices. Created by [`Audio::voices`](super::Audio::voices).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::audio::{ListVoicesRequest, VoiceCreateRequest};
///
/// let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", b"a recording");
/// let voice = client.audio().voices().create(&request).await?;
///
/// let mut voices = client.audio().voices().list(&ListVoicesRequest::new()).pages().items();
/// while let Some(voice) = voices.next().await {
///     println!("{}", voice?.name);
/// }
/// client.audio().voices().delete(&voice.id).await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Voices<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Voices<M> {
    /// Lists voices. [`Call::pages`] iterates over all pages.
    ///
    /// Mirrors `GET /v1/audio/voices`.
    #[doc = example!(r#"
use mistral_sdk::audio::{ListVoicesRequest, VoiceFilter};

let request = ListVoicesRequest::new().filter(VoiceFilter::Preset);
let page = client.audio().voices().list(&request).await?;
for voice in &page.items {
    println!("{}: {:?}", voice.name, voice.languages);
}
# assert!(!page.items.is_empty());
"#)]
    pub fn list(&self, request: &ListVoicesRequest) -> Call<VoiceListResponse, M> {
        let request = ApiRequest::new(&LIST_VOICES).query(request);
        self.client.call(request)
    }

    /// Searches voices by their name, language, gender and origin. [`Call::pages`] iterates over
    /// all pages.
    ///
    /// Mirrors `GET /v2/audio/voices`.
    #[doc = example!(r#"
use mistral_sdk::audio::{SearchVoicesRequest, VoiceGender};

let request = SearchVoicesRequest::new()
    .language(["fr"])
    .gender([VoiceGender::Female]);
let mut voices = client.audio().voices().search(&request).pages().items();
while let Some(voice) = voices.next().await {
    println!("{}", voice?.name);
}
"#)]
    pub fn search(&self, request: &SearchVoicesRequest) -> Call<VoiceListPage, M> {
        let request = ApiRequest::new(&SEARCH_VOICES).query(request);
        self.client.call(request)
    }

    /// Creates a voice from a recording.
    ///
    /// Mirrors `POST /v1/audio/voices`.
    #[doc = example!(r#"
# let recording = b"a recording";
use mistral_sdk::audio::VoiceCreateRequest;

let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", recording)
    .languages(["fr"]);
let voice = client.audio().voices().create(&request).await?;
assert_eq!(voice.name, "Marie");
"#)]
    pub fn create(&self, request: &VoiceCreateRequest) -> Call<VoiceResponse, M> {
        let request = ApiRequest::new(&CREATE_VOICE).json(request);
        self.client.call(request)
    }

    /// Retrieves a voice.
    ///
    /// Mirrors `GET /v1/audio/voices/{voice_id}`.
    #[doc = example!(r#"
# use mistral_sdk::audio::VoiceCreateRequest;
# let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", b"a recording");
# let voice_id = client.audio().voices().create(&request).await?.id;
let voice = client.audio().voices().get(&voice_id).await?;
assert_eq!(voice.name, "Marie");
"#)]
    pub fn get(&self, voice_id: &str) -> Call<VoiceResponse, M> {
        let request = ApiRequest::new(&GET_VOICE).path(&[("voice_id", voice_id)]);
        self.client.call(request)
    }

    /// Updates a voice. Fields that the request leaves out keep their value.
    ///
    /// Mirrors `PATCH /v1/audio/voices/{voice_id}`.
    #[doc = example!(r#"
# use mistral_sdk::audio::VoiceCreateRequest;
# let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", b"a recording");
# let voice_id = client.audio().voices().create(&request).await?.id;
use mistral_sdk::audio::VoiceUpdateRequest;

let request = VoiceUpdateRequest::new().age(30).tags(["calm"]);
let voice = client.audio().voices().update(&voice_id, &request).await?;
assert_eq!(voice.age, Some(30));
"#)]
    pub fn update(&self, voice_id: &str, request: &VoiceUpdateRequest) -> Call<VoiceResponse, M> {
        let api_request = ApiRequest::new(&UPDATE_VOICE)
            .path(&[("voice_id", voice_id)])
            .json(request);
        self.client.call(api_request)
    }

    /// Deletes a custom voice and returns it.
    ///
    /// Mirrors `DELETE /v1/audio/voices/{voice_id}`.
    #[doc = example!(r#"
# use mistral_sdk::audio::VoiceCreateRequest;
# let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", b"a recording");
# let voice_id = client.audio().voices().create(&request).await?.id;
let voice = client.audio().voices().delete(&voice_id).await?;
println!("{} is deleted", voice.name);
# assert_eq!(voice.id, voice_id);
"#)]
    pub fn delete(&self, voice_id: &str) -> Call<VoiceResponse, M> {
        let request = ApiRequest::new(&DELETE_VOICE).path(&[("voice_id", voice_id)]);
        self.client.call(request)
    }

    /// Downloads the recording that a voice was created from, as WAV.
    ///
    /// Mirrors `GET /v1/audio/voices/{voice_id}/sample`. If the server responds with JSON, the
    /// body is a string in base64;
    /// [`content_type`](crate::call::ByteStream::content_type) tells the two apart.
    #[doc = example!(r#"
# use mistral_sdk::audio::VoiceCreateRequest;
# let request = VoiceCreateRequest::from_sample("Marie", "marie.wav", b"a recording");
# let voice_id = client.audio().voices().create(&request).await?.id;
let sample = client.audio().voices().get_sample_audio(&voice_id).await?;
assert_eq!(sample.content_type(), Some("audio/wav"));
let recording = sample.bytes().await?;
# assert_eq!(recording, &b"a recording"[..]);
"#)]
    pub fn get_sample_audio(&self, voice_id: &str) -> DownloadCall<M> {
        let request = ApiRequest::new(&GET_SAMPLE_AUDIO).path(&[("voice_id", voice_id)]);
        self.client.call_download(request)
    }
}
