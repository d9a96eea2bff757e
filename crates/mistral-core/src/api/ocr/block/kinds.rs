//! The kinds of blocks. Each has a bounding box and content.

use serde_json::{Map, Value};

use super::OcrBlockConfidenceScores;
use crate::json::ApiObject;

/// A paragraph of text. Mirrors the API's `OCRTextBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTextBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A list. Mirrors the API's `OCRListBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrListBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An image. Mirrors the API's `OCRImageBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrImageBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The id of the corresponding image in [`OcrPageObject::images`](crate::api::ocr::OcrPageObject::images).
    pub image_id: Option<String>,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A table. Mirrors the API's `OCRTableBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTableBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The id of the corresponding table in [`OcrPageObject::tables`](crate::api::ocr::OcrPageObject::tables),
    /// if the request set `table_format`.
    pub table_id: Option<String>,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A title. Mirrors the API's `OCRTitleBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrTitleBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// An equation. Mirrors the API's `OCREquationBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrEquationBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The caption of an image or a table. Mirrors the API's `OCRCaptionBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrCaptionBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A block of code. Mirrors the API's `OCRCodeBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrCodeBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A list of references. Mirrors the API's `OCRReferencesBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrReferencesBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// Text beside the main text. Mirrors the API's `OCRAsideTextBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrAsideTextBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The header of the page. Mirrors the API's `OCRHeaderBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrHeaderBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// The footer of the page. Mirrors the API's `OCRFooterBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrFooterBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The content as text, Markdown or HTML.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A signature. Mirrors the API's `OCRSignatureBlock`.
#[derive(Debug, Clone, PartialEq, ApiObject)]
#[non_exhaustive]
pub struct OcrSignatureBlock {
    /// The x coordinate of the left edge, in pixels.
    pub top_left_x: Option<u64>,
    /// The y coordinate of the top edge, in pixels.
    pub top_left_y: Option<u64>,
    /// The x coordinate of the right edge, in pixels.
    pub bottom_right_x: Option<u64>,
    /// The y coordinate of the bottom edge, in pixels.
    pub bottom_right_y: Option<u64>,
    /// The name that was signed. Empty if it is not legible.
    #[api(required)]
    pub content: String,
    /// The confidence scores, if the request set `confidence_scores_granularity`.
    #[api(lenient)]
    pub confidence_scores: Option<OcrBlockConfidenceScores>,
    /// Fields that this version of the SDK does not declare, and declared fields whose value could
    /// not be read. They are serialized unchanged.
    #[api(extra)]
    pub extra: Map<String, Value>,
}
