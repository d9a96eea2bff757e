//! The documents and pages of OCR.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::random::{Rng, hash};
use crate::json::set_member;

/// The number of pages of a document whose content is not available.
const PLACEHOLDER_PAGES: usize = 3;

const DPI: usize = 200;
const WIDTH: usize = 1700;
const HEIGHT: usize = 2200;
/// The height of a block.
const BLOCK_SIZE: usize = 200;
/// The distance between the tops of two blocks.
const BLOCK_STRIDE: usize = 300;

/// A grey JPEG of 8 by 8 pixels.
const IMAGE: &str = "data:image/jpeg;base64,\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////\
    //////////////////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAA\
    AAAAD/2gAIAQEAAD8AP//Z";

/// A document that was sent or is referred to.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    /// The size in bytes, if the document was sent.
    pub(crate) size: Option<usize>,
    /// The text of every page, if the emulator can read it.
    pages: Vec<Option<String>>,
}

/// The options of a request that affect pages.
#[derive(Debug, Default)]
pub(crate) struct PageOptions<'a> {
    pub(crate) table_format: Option<&'a str>,
    pub(crate) header: bool,
    pub(crate) footer: bool,
    pub(crate) images: bool,
    pub(crate) image_data: bool,
    pub(crate) image_annotation: Option<String>,
    pub(crate) blocks: bool,
    pub(crate) confidence: Option<&'a str>,
}

/// A section of a page.
struct Section {
    kind: &'static str,
    text: String,
    /// The text that replaces the section in the Markdown of the page if the section is extracted.
    replacement: Option<String>,
}

impl Document {
    /// Creates a document with placeholder pages for a URL, which is not fetched.
    pub(crate) fn placeholder(name: &str, is_image: bool) -> Self {
        let name = name.split(['?', '#']).next().unwrap_or_default();
        let name = name.trim_end_matches('/').rsplit('/').next();
        Self {
            name: name.unwrap_or_default().to_owned(),
            size: None,
            pages: vec![None; if is_image { 1 } else { PLACEHOLDER_PAGES }],
        }
    }

    /// Creates a document from its content, which is text if the media type is.
    pub(crate) fn from_bytes(media_type: &str, bytes: &[u8]) -> Self {
        let pages = if media_type.starts_with("text/") {
            let text = String::from_utf8_lossy(bytes);
            text.split('\u{c}')
                .map(|page| Some(page.trim().to_owned()))
                .collect()
        } else {
            vec![None; pdf_pages(bytes).max(1)]
        };
        Self {
            name: media_type.to_owned(),
            size: Some(bytes.len()),
            pages,
        }
    }

    /// Creates a document from a file that was uploaded.
    pub(crate) fn from_file(name: String, media_type: &str, bytes: &[u8]) -> Self {
        Self {
            name,
            ..Self::from_bytes(media_type, bytes)
        }
    }

    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// Returns a page as the API describes it. The index starts at 0.
    pub(crate) fn page(&self, index: usize, options: &PageOptions<'_>) -> Value {
        let sections = self.sections(index, options);
        let image = format!("img-{index}.jpeg");
        let table = table_id(index, options.table_format.unwrap_or("markdown"));
        let texts = sections.iter().map(|section| match &section.replacement {
            Some(replacement) => replacement.as_str(),
            None => section.text.as_str(),
        });
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        let markdown = texts.join("\n\n");
        let position_of = |kind: &str| sections.iter().position(|section| section.kind == kind);
        let extracted = |kind: &str, is_extracted: bool| {
            let section = position_of(kind).and_then(|position| sections.get(position));
            section
                .filter(|_| is_extracted)
                .map(|section| section.text.as_str())
        };
        let images: Vec<Value> = position_of("image")
            .map(|position| image_object(position, &image, options))
            .into_iter()
            .collect();
        let tables: Vec<Value> = extracted("table", options.table_format.is_some())
            .map(|content| {
                let words = options.confidence == Some("word");
                json!({
                    "id": table,
                    "content": content,
                    "format": options.table_format,
                    "word_confidence_scores": words.then(|| word_scores(content)),
                })
            })
            .into_iter()
            .collect();
        let blocks: Vec<Value> = sections
            .iter()
            .enumerate()
            .map(|(position, section)| section.block(position, &image, &table, options))
            .collect();
        let links: Vec<&str> = markdown
            .split([' ', '\n', '(', ')', '<', '>', '"'])
            .filter(|word| word.starts_with("https://") || word.starts_with("http://"))
            .map(|word| word.trim_end_matches(['.', ',', ';']))
            .collect();
        json!({
            "index": index,
            "markdown": markdown,
            "images": images,
            "tables": tables,
            "hyperlinks": links,
            "header": extracted("header", options.header),
            "footer": extracted("footer", options.footer),
            "dimensions": { "dpi": DPI, "height": HEIGHT, "width": WIDTH },
            "confidence_scores": options.confidence.map(|by| page_scores(&markdown, by)),
            "blocks": options.blocks.then_some(blocks),
        })
    }

    fn sections(&self, index: usize, options: &PageOptions<'_>) -> Vec<Section> {
        let section = |kind, text: String| Section {
            kind,
            text,
            replacement: None,
        };
        if let Some(Some(text)) = self.pages.get(index) {
            return vec![section("text", text.clone())];
        }
        let (number, count) = (index + 1, self.page_count());
        let extracted = |kind, text: &str, is_extracted: bool| Section {
            kind,
            text: text.to_owned(),
            replacement: is_extracted.then(String::new),
        };
        let mut sections = vec![
            extracted("header", "The Mistral emulator", options.header),
            section("title", format!("# Page {number} of {}", self.name)),
            section(
                "text",
                "A real model would read the page here. See https://docs.mistral.ai.".to_owned(),
            ),
        ];
        if options.images {
            sections.push(section(
                "image",
                format!("![img-{index}.jpeg](img-{index}.jpeg)"),
            ));
        }
        let link = options.table_format.map(|format| {
            let id = table_id(index, format);
            format!("[{id}]({id})")
        });
        sections.push(Section {
            kind: "table",
            text: table(number, options.table_format),
            replacement: link,
        });
        let footer = format!("Page {number} of {count}");
        sections.push(extracted("footer", &footer, options.footer));
        sections
    }
}

impl Section {
    fn block(&self, position: usize, image: &str, table: &str, options: &PageOptions<'_>) -> Value {
        let mut block = bounding_box(position);
        set_member(&mut block, "type", self.kind.into());
        set_member(&mut block, "content", self.text.as_str().into());
        match self.kind {
            "image" => set_member(&mut block, "image_id", image.into()),
            "table" => {
                let id = options.table_format.map(|_| table);
                set_member(&mut block, "table_id", id.into());
            }
            _ => {}
        }
        if options.confidence == Some("block") {
            let (average, minimum) = average_and_minimum(&word_scores(&self.text));
            let scores = json!({
                "average_content_confidence_score": average,
                "minimum_content_confidence_score": minimum,
                "block_type_confidence_score": confidence(self.kind),
            });
            set_member(&mut block, "confidence_scores", scores);
        }
        block
    }
}

fn image_object(position: usize, id: &str, options: &PageOptions<'_>) -> Value {
    let mut object = bounding_box(position);
    set_member(&mut object, "id", id.into());
    let data = options.image_data.then_some(IMAGE);
    set_member(&mut object, "image_base64", data.into());
    let annotation = options.image_annotation.as_deref();
    set_member(&mut object, "image_annotation", annotation.into());
    object
}

fn table_id(index: usize, format: &str) -> String {
    let extension = if format == "html" { "html" } else { "md" };
    format!("tbl-{index}.{extension}")
}

fn table(number: usize, format: Option<&str>) -> String {
    if format == Some("html") {
        return format!(
            "<table><tr><th>Page</th><th>Words</th></tr>\
             <tr><td>{number}</td><td>many</td></tr></table>"
        );
    }
    format!("| Page | Words |\n| --- | --- |\n| {number} | many |")
}

fn bounding_box(position: usize) -> Value {
    let top = BLOCK_SIZE + BLOCK_STRIDE * position;
    json!({
        "top_left_x": BLOCK_SIZE,
        "top_left_y": top,
        "bottom_right_x": WIDTH - BLOCK_SIZE,
        "bottom_right_y": top + BLOCK_SIZE,
    })
}

/// The height of every image on a page, which is less than its width.
pub(crate) const IMAGE_SIZE: usize = BLOCK_SIZE;

fn page_scores(text: &str, by: &str) -> Value {
    let words = word_scores(text);
    let (average, minimum) = average_and_minimum(&words);
    let mut scores = json!({
        "average_page_confidence_score": average,
        "minimum_page_confidence_score": minimum,
    });
    if by == "word" {
        set_member(&mut scores, "word_confidence_scores", words.into());
    }
    scores
}

fn word_scores(text: &str) -> Vec<Value> {
    let mut words = Vec::new();
    let mut start = 0;
    for word in text.split(char::is_whitespace) {
        if !word.is_empty() {
            words.push(json!({
                "text": word, "confidence": confidence(word), "start_index": start,
            }));
        }
        start += word.chars().count() + 1;
    }
    words
}

/// Returns a pseudorandom confidence, at least 0.9 and less than 1.
fn confidence(text: &str) -> f64 {
    let thousandths = Rng::new(hash(text.as_bytes())).below(100);
    0.9 + f64::from(u32::try_from(thousandths).unwrap_or(0)) / 1000.0
}

fn average_and_minimum(words: &[Value]) -> (f64, f64) {
    let scores = words
        .iter()
        .filter_map(|word| word.get("confidence").and_then(Value::as_f64));
    let (sum, minimum) = scores.fold((0.0, 1.0_f64), |(sum, minimum), score| {
        (sum + score, minimum.min(score))
    });
    match u32::try_from(words.len()) {
        Ok(0) | Err(_) => (1.0, 1.0),
        Ok(count) => (sum / f64::from(count), minimum),
    }
}

/// Counts the pages of a PDF whose objects are not compressed.
fn pdf_pages(bytes: &[u8]) -> usize {
    let markers: [&[u8]; 2] = [b"/Type /Page", b"/Type/Page"];
    let pages = markers.iter().map(|marker| {
        let is_page = |rest: &[u8]| {
            rest.strip_prefix(*marker)
                .is_some_and(|after| after.first() != Some(&b's'))
        };
        (0..bytes.len())
            .filter(|start| bytes.get(*start..).is_some_and(is_page))
            .count()
    });
    pages.sum()
}

/// Returns a grey JPEG.
pub(crate) fn placeholder_image() -> Vec<u8> {
    parse_data_url(IMAGE).map_or_else(Vec::new, |(_, bytes)| bytes)
}

/// Parses a base64 data URL to its media type and content.
pub(crate) fn parse_data_url(url: &str) -> Option<(String, Vec<u8>)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    let media_type = media_type.split(';').next().unwrap_or_default();
    Some((media_type.to_ascii_lowercase(), STANDARD.decode(data).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ocr_data_url_is_parsed() {
        let read = |url| parse_data_url(url).map(|(kind, bytes)| (kind, bytes.len()));
        assert_eq!(
            read("data:text/plain;charset=utf-8;base64,aGk="),
            Some(("text/plain".to_owned(), 2))
        );
        assert_eq!(
            parse_data_url(IMAGE).map(|(_, bytes)| bytes.len()),
            Some(159)
        );
        for broken in [
            "https://a",
            "data:text/plain,hi",
            "data:a/b;base64,%%",
            "data:a/b;base64",
        ] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn ocr_pdf_pages_are_counted() {
        let pdf = b"%PDF-1.4 /Type /Pages /Kids /Type /Page >> /Type/Page\n/Type/Pages";
        assert_eq!(pdf_pages(pdf), 2);
        assert_eq!(Document::from_bytes("application/pdf", b"").page_count(), 1);
    }

    #[test]
    fn ocr_word_scores_have_start_index() {
        let words = word_scores("é  two\nthree");
        let starts: Vec<&Value> = words.iter().map(|word| &word["start_index"]).collect();
        assert_eq!(starts, [0, 3, 7]);
        assert_eq!(average_and_minimum(&[]), (1.0, 1.0));
    }
}
