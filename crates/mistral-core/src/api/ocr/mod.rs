//! OCR: extracts the text, the images and the tables of documents.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let emulator = mistral_emulator::Emulator::start()?;
//! # let client = mistral_sdk::Client::new(
//! #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
//! # )?;
//! use mistral_sdk::ocr::{Document, OcrRequest};
//!
//! let document = Document::url("https://example.com/report.pdf");
//! let request = OcrRequest::new("mistral-ocr-latest", document).pages([0, 1]);
//! let response = client.ocr().process(&request).await?;
//! for page in &response.pages {
//!     println!("{}", page.markdown);
//! }
//! # assert!(!response.pages.is_empty());
//! # Ok(()) }
//! ```

mod block;
mod document;
mod links;
mod request;
mod response;
mod write;

use serde_json::Value;

use crate::call::Call;
use crate::client::Client;
use crate::mode::{Async, Mode};
use crate::pipeline::request::ApiRequest;
use crate::provider::Operation;

pub use self::block::{
    Block, OcrAsideTextBlock, OcrBlockConfidenceScores, OcrCaptionBlock, OcrCodeBlock,
    OcrEquationBlock, OcrFooterBlock, OcrHeaderBlock, OcrImageBlock, OcrListBlock,
    OcrReferencesBlock, OcrSignatureBlock, OcrTableBlock, OcrTextBlock, OcrTitleBlock,
};
pub use self::document::Document;
pub use self::request::{ConfidenceScoresGranularity, OcrRequest, PageSelection, TableFormat};
pub use self::response::{
    OcrConfidenceScore, OcrImageObject, OcrPageConfidenceScores, OcrPageDimensions, OcrPageObject,
    OcrResponse, OcrTableObject, OcrUsageInfo,
};
pub use self::write::OcrFiles;

operations! {
    PROCESS = Operation::inference("ocr.process", "/v1/ocr");
}

/// The OCR operations. Created by [`Client::ocr`](crate::Client::ocr).
#[derive(Debug, Clone)]
pub struct Ocr<M: Mode = Async> {
    pub(crate) client: Client<M>,
}

impl<M: Mode> Client<M> {
    /// Returns the OCR operations.
    pub fn ocr(&self) -> Ocr<M> {
        Ocr {
            client: self.clone(),
        }
    }
}

impl<M: Mode> Ocr<M> {
    /// Extracts the text, the images and the tables of a document or an image.
    ///
    /// Mirrors `POST /v1/ocr`.
    #[doc = example!(r#"
# let pdf = b"%PDF-1.7";
use mistral_sdk::ocr::{Document, OcrRequest};

let document = Document::from_bytes("report.pdf", pdf);
let request = OcrRequest::new("mistral-ocr-latest", document);
let response = client.ocr().process(&request).await?;
println!("{}", response.markdown());
# assert!(!response.markdown().is_empty());
"#)]
    pub fn process(&self, request: &OcrRequest) -> Call<OcrResponse, M> {
        let is_null = request.extra.get("model").is_some_and(Value::is_null);
        let model = Some(&*request.model).filter(|_| !is_null);
        let request = ApiRequest::new(&PROCESS).model(model).json(request);
        self.client.call(request)
    }
}
