//! The blocks of a page.

mod kinds;

use serde_json::{Map, Value};

use crate::json::{ApiObject, ApiUnion};

pub use self::kinds::{
    OcrAsideTextBlock, OcrCaptionBlock, OcrCodeBlock, OcrEquationBlock, OcrFooterBlock,
    OcrHeaderBlock, OcrImageBlock, OcrListBlock, OcrReferencesBlock, OcrSignatureBlock,
    OcrTableBlock, OcrTextBlock, OcrTitleBlock,
};

/// A block of a page with its bounding box. Mirrors the official SDK's `Block`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum Block {
    /// A paragraph of text.
    #[api("text")]
    Text(OcrTextBlock),
    /// A list.
    #[api("list")]
    List(OcrListBlock),
    /// An image.
    #[api("image")]
    Image(OcrImageBlock),
    /// A table.
    #[api("table")]
    Table(OcrTableBlock),
    /// A title.
    #[api("title")]
    Title(OcrTitleBlock),
    /// An equation.
    #[api("equation")]
    Equation(OcrEquationBlock),
    /// The caption of an image or a table.
    #[api("caption")]
    Caption(OcrCaptionBlock),
    /// A block of code.
    #[api("code")]
    Code(OcrCodeBlock),
    /// A list of references.
    #[api("references")]
    References(OcrReferencesBlock),
    /// Text beside the main text.
    #[api("aside_text")]
    AsideText(OcrAsideTextBlock),
    /// The header of the page.
    #[api("header")]
    Header(OcrHeaderBlock),
    /// The footer of the page.
    #[api("footer")]
    Footer(OcrFooterBlock),
    /// A signature.
    #[api("signature")]
    Signature(OcrSignatureBlock),
    /// A value that this version of the SDK does not declare.
    Unknown(Value),
}

impl Block {
    /// Returns the content of the block, whatever its kind. Empty if there is none.
    pub fn content(&self) -> &str {
        match self {
            Self::Text(block) => &block.content,
            Self::List(block) => &block.content,
            Self::Image(block) => &block.content,
            Self::Table(block) => &block.content,
            Self::Title(block) => &block.content,
            Self::Equation(block) => &block.content,
            Self::Caption(block) => &block.content,
            Self::Code(block) => &block.content,
            Self::References(block) => &block.content,
            Self::AsideText(block) => &block.content,
            Self::Header(block) => &block.content,
            Self::Footer(block) => &block.content,
            Self::Signature(block) => &block.content,
            Self::Unknown(block) => block
                .get("content")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        }
    }
}

/// The confidence scores of a block. Mirrors the API's `OCRBlockConfidenceScores`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrBlockConfidenceScores {
    /// The confidence in the kind of the block, from 0 to 1.
    pub block_type_confidence_score: Option<f64>,
    /// The average confidence in the content, from 0 to 1.
    pub average_content_confidence_score: Option<f64>,
    /// The lowest confidence in the content, from 0 to 1.
    pub minimum_content_confidence_score: Option<f64>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
