use serde_json::{Map, Value};

use crate::json::{ApiObject, ApiUnion};

/// A text. Mirrors the API's `OCRTextBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTextBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A list. Mirrors the API's `OCRListBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrListBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image. Mirrors the API's `OCRImageBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrImageBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// The id of the page's image that this is.
    pub image_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A table. Mirrors the API's `OCRTableBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTableBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// The id of the page's table that this is, where tables are taken out.
    pub table_id: Option<String>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A title. Mirrors the API's `OCRTitleBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTitleBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An equation. Mirrors the API's `OCREquationBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrEquationBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The caption of an image or a table. Mirrors the API's `OCRCaptionBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrCaptionBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A piece of code. Mirrors the API's `OCRCodeBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrCodeBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A list of references. Mirrors the API's `OCRReferencesBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrReferencesBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A text beside the main one. Mirrors the API's `OCRAsideTextBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrAsideTextBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The page's header. Mirrors the API's `OCRHeaderBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrHeaderBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The page's footer. Mirrors the API's `OCRFooterBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrFooterBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A signature: the name, or nothing where it cannot be read. Mirrors the API's `OCRSignatureBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrSignatureBlock {
    /// Where its left edge is, in pixels.
    #[api(default)]
    pub top_left_x: u64,
    /// Where its upper edge is, in pixels.
    #[api(default)]
    pub top_left_y: u64,
    /// Where its right edge is, in pixels.
    #[api(default)]
    pub bottom_right_x: u64,
    /// Where its lower edge is, in pixels.
    #[api(default)]
    pub bottom_right_y: u64,
    /// What it says, as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// How sure the model is, if the request asked for that.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A part of a page, and where it is. Mirrors the official SDK's `Block`.
#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
#[non_exhaustive]
pub enum Block {
    /// A text.
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
    /// A piece of code.
    #[api("code")]
    Code(OcrCodeBlock),
    /// A list of references.
    #[api("references")]
    References(OcrReferencesBlock),
    /// A text beside the main one.
    #[api("aside_text")]
    AsideText(OcrAsideTextBlock),
    /// The page's header.
    #[api("header")]
    Header(OcrHeaderBlock),
    /// The page's footer.
    #[api("footer")]
    Footer(OcrFooterBlock),
    /// A signature.
    #[api("signature")]
    Signature(OcrSignatureBlock),
    /// A member that this version of the SDK does not know, as it came.
    Unknown(Value),
}

impl Block {
    /// What the block says, whatever its kind. Empty if it says nothing.
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
                .and_then(serde_json::Value::as_str)
                .unwrap_or_default(),
        }
    }
}

/// How sure the model is of a block. Mirrors the API's `OCRBlockConfidenceScores`.
#[derive(Debug, Clone, PartialEq, Default, ApiObject)]
#[non_exhaustive]
pub struct OcrBlockConfidenceScores {
    /// How sure it is of the block's kind: 0 to 1.
    pub block_type_confidence_score: Option<f64>,
    /// How sure it is of the content on average: 0 to 1.
    pub average_content_confidence_score: Option<f64>,
    /// How sure it is of the content where it is least sure: 0 to 1.
    pub minimum_content_confidence_score: Option<f64>,
    /// Fields that this version of the SDK does not know, as they came.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
