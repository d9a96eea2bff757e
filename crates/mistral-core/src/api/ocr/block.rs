/// Declares the kinds of blocks, which have most fields in common.
macro_rules! blocks {
    ($(#[doc = $doc:literal] $name:ident { $($field:tt)* })+) => {
        $(object! {
            #[doc = $doc]
            $name {
                required: {
                    /// Where its left edge is, in pixels.
                    top_left_x: u64,
                    /// Where its upper edge is, in pixels.
                    top_left_y: u64,
                    /// Where its right edge is, in pixels.
                    bottom_right_x: u64,
                    /// Where its lower edge is, in pixels.
                    bottom_right_y: u64,
                    /// What it says, as text, Markdown or HTML.
                    content: String,
                }
                optional: {
                    /// How sure the model is, if the request asked for that.
                    confidence_scores: OcrBlockConfidenceScores,
                    $($field)*
                }
            }
        })+
    };
}

blocks! {
    /// A text. Mirrors the API's `OCRTextBlock`.
    OcrTextBlock {}
    /// A list. Mirrors the API's `OCRListBlock`.
    OcrListBlock {}
    /// An image. Mirrors the API's `OCRImageBlock`.
    OcrImageBlock {
        /// The id of the page's image that this is.
        image_id: String,
    }
    /// A table. Mirrors the API's `OCRTableBlock`.
    OcrTableBlock {
        /// The id of the page's table that this is, where tables are taken out.
        table_id: String,
    }
    /// A title. Mirrors the API's `OCRTitleBlock`.
    OcrTitleBlock {}
    /// An equation. Mirrors the API's `OCREquationBlock`.
    OcrEquationBlock {}
    /// The caption of an image or a table. Mirrors the API's `OCRCaptionBlock`.
    OcrCaptionBlock {}
    /// A piece of code. Mirrors the API's `OCRCodeBlock`.
    OcrCodeBlock {}
    /// A list of references. Mirrors the API's `OCRReferencesBlock`.
    OcrReferencesBlock {}
    /// A text beside the main one. Mirrors the API's `OCRAsideTextBlock`.
    OcrAsideTextBlock {}
    /// The page's header. Mirrors the API's `OCRHeaderBlock`.
    OcrHeaderBlock {}
    /// The page's footer. Mirrors the API's `OCRFooterBlock`.
    OcrFooterBlock {}
    /// A signature: the name, or nothing where it cannot be read. Mirrors the API's `OCRSignatureBlock`.
    OcrSignatureBlock {}
}

tagged_union! {
    /// A part of a page, and where it is. Mirrors the official SDK's `Block`.
    Block by "type" {
        /// A text.
        Text(OcrTextBlock) = "text",
        /// A list.
        List(OcrListBlock) = "list",
        /// An image.
        Image(OcrImageBlock) = "image",
        /// A table.
        Table(OcrTableBlock) = "table",
        /// A title.
        Title(OcrTitleBlock) = "title",
        /// An equation.
        Equation(OcrEquationBlock) = "equation",
        /// The caption of an image or a table.
        Caption(OcrCaptionBlock) = "caption",
        /// A piece of code.
        Code(OcrCodeBlock) = "code",
        /// A list of references.
        References(OcrReferencesBlock) = "references",
        /// A text beside the main one.
        AsideText(OcrAsideTextBlock) = "aside_text",
        /// The page's header.
        Header(OcrHeaderBlock) = "header",
        /// The page's footer.
        Footer(OcrFooterBlock) = "footer",
        /// A signature.
        Signature(OcrSignatureBlock) = "signature",
    }
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

object! {
    /// How sure the model is of a block. Mirrors the API's `OCRBlockConfidenceScores`.
    #[derive(Default)]
    OcrBlockConfidenceScores {
        optional: {
            /// How sure it is of the block's kind: 0 to 1.
            block_type_confidence_score: f64,
            /// How sure it is of the content on average: 0 to 1.
            average_content_confidence_score: f64,
            /// How sure it is of the content where it is least sure: 0 to 1.
            minimum_content_confidence_score: f64,
        }
    }
}
