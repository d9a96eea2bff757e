//! The documents that recognition of text reads, and the pages it finds in them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::random::{Rng, hash};
use crate::json::set_member;

/// How many pages a document has that the emulator cannot look into.
const UNSEEN_PAGES: usize = 3;

const DPI: usize = 200;
const WIDTH: usize = 1700;
const HEIGHT: usize = 2200;
/// Height of one block, and what lies between the tops of two.
const BLOCK: usize = 200;
const STEP: usize = 300;

/// A grey JPEG of 8 by 8 pixels.
const IMAGE: &str = "data:image/jpeg;base64,\
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP////////////////////////////////////////////////////////////\
    //////////////////////////wAALCAAIAAgBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAA\
    AAAAD/2gAIAQEAAD8AP//Z";

/// A document that was sent or named.
#[derive(Debug)]
pub(crate) struct Document {
    name: String,
    /// The size in bytes, if they were sent.
    pub(crate) size: Option<usize>,
    /// The text of every page, where the emulator can read it.
    pages: Vec<Option<String>>,
}

/// What a page is to show.
#[derive(Debug, Default)]
pub(crate) struct Wishes<'a> {
    pub(crate) table_format: Option<&'a str>,
    pub(crate) header: bool,
    pub(crate) footer: bool,
    pub(crate) images: bool,
    pub(crate) image_data: bool,
    pub(crate) image_annotation: Option<String>,
    pub(crate) blocks: bool,
    pub(crate) confidence: Option<&'a str>,
}

/// A part of a page from top to bottom: its kind and how it reads.
struct Part {
    kind: &'static str,
    text: String,
    /// What stands in the page's text where the part is taken out of it.
    instead: Option<String>,
}

impl Document {
    /// A document behind a URL or an id.
    pub(crate) fn unseen(name: &str, is_image: bool) -> Self {
        let name = name.split(['?', '#']).next().unwrap_or_default();
        let name = name.trim_end_matches('/').rsplit('/').next();
        Self {
            name: name.unwrap_or_default().to_owned(),
            size: None,
            pages: vec![None; if is_image { 1 } else { UNSEEN_PAGES }],
        }
    }

    /// A document that was sent; the media type tells whether it is text.
    pub(crate) fn sent(media_type: &str, bytes: &[u8]) -> Self {
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

    pub(crate) fn page_count(&self) -> usize {
        self.pages.len()
    }

    /// The page of that number, from 0, as the server describes it.
    pub(crate) fn page(&self, index: usize, wishes: &Wishes<'_>) -> Value {
        let parts = self.parts(index, wishes);
        let image = format!("img-{index}.jpeg");
        let table = table_id(index, wishes.table_format.unwrap_or("markdown"));
        let texts = parts.iter().map(|part| match &part.instead {
            Some(instead) => instead.as_str(),
            None => part.text.as_str(),
        });
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        let markdown = texts.join("\n\n");
        let of_kind = |kind: &str| parts.iter().position(|part| part.kind == kind);
        let taken = |kind: &str, wanted: bool| {
            let part = of_kind(kind).and_then(|place| parts.get(place));
            part.filter(|_| wanted).map(|part| part.text.as_str())
        };
        let images: Vec<Value> = of_kind("image")
            .map(|place| {
                let mut object = box_of(place);
                set_member(&mut object, "id", image.as_str().into());
                let data = wishes.image_data.then_some(IMAGE);
                set_member(&mut object, "image_base64", data.into());
                let annotation = wishes.image_annotation.as_deref();
                set_member(&mut object, "image_annotation", annotation.into());
                object
            })
            .into_iter()
            .collect();
        let tables: Vec<Value> = taken("table", wishes.table_format.is_some())
            .map(|content| {
                let words = wishes.confidence == Some("word");
                json!({
                    "id": table,
                    "content": content,
                    "format": wishes.table_format,
                    "word_confidence_scores": words.then(|| word_scores(content)),
                })
            })
            .into_iter()
            .collect();
        let blocks: Vec<Value> = parts
            .iter()
            .enumerate()
            .map(|(place, part)| part.block(place, &image, &table, wishes))
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
            "header": taken("header", wishes.header),
            "footer": taken("footer", wishes.footer),
            "dimensions": { "dpi": DPI, "height": HEIGHT, "width": WIDTH },
            "confidence_scores": wishes.confidence.map(|by| page_scores(&markdown, by)),
            "blocks": wishes.blocks.then_some(blocks),
        })
    }

    fn parts(&self, index: usize, wishes: &Wishes<'_>) -> Vec<Part> {
        let part = |kind, text: String| Part {
            kind,
            text,
            instead: None,
        };
        if let Some(Some(text)) = self.pages.get(index) {
            return vec![part("text", text.clone())];
        }
        let (number, count) = (index + 1, self.page_count());
        let taken = |kind, text: &str, wanted: bool| Part {
            kind,
            text: text.to_owned(),
            instead: wanted.then(String::new),
        };
        let mut parts = vec![
            taken("header", "The Mistral emulator", wishes.header),
            part("title", format!("# Page {number} of {}", self.name)),
            part(
                "text",
                "A real model would read the page here. See https://docs.mistral.ai.".to_owned(),
            ),
        ];
        if wishes.images {
            parts.push(part(
                "image",
                format!("![img-{index}.jpeg](img-{index}.jpeg)"),
            ));
        }
        let link = wishes.table_format.map(|format| {
            let id = table_id(index, format);
            format!("[{id}]({id})")
        });
        parts.push(Part {
            kind: "table",
            text: table(number, wishes.table_format),
            instead: link,
        });
        let footer = format!("Page {number} of {count}");
        parts.push(taken("footer", &footer, wishes.footer));
        parts
    }
}

impl Part {
    fn block(&self, place: usize, image: &str, table: &str, wishes: &Wishes<'_>) -> Value {
        let mut block = box_of(place);
        set_member(&mut block, "type", self.kind.into());
        set_member(&mut block, "content", self.text.as_str().into());
        match self.kind {
            "image" => set_member(&mut block, "image_id", image.into()),
            "table" => {
                let id = wishes.table_format.map(|_| table);
                set_member(&mut block, "table_id", id.into());
            }
            _ => {}
        }
        if wishes.confidence == Some("block") {
            let (average, least) = average_and_least(&word_scores(&self.text));
            let scores = json!({
                "average_content_confidence_score": average,
                "minimum_content_confidence_score": least,
                "block_type_confidence_score": confidence(self.kind),
            });
            set_member(&mut block, "confidence_scores", scores);
        }
        block
    }
}

fn table_id(index: usize, format: &str) -> String {
    let ending = if format == "html" { "html" } else { "md" };
    format!("tbl-{index}.{ending}")
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

fn box_of(place: usize) -> Value {
    let top = BLOCK + STEP * place;
    json!({
        "top_left_x": BLOCK,
        "top_left_y": top,
        "bottom_right_x": WIDTH - BLOCK,
        "bottom_right_y": top + BLOCK,
    })
}

/// The least height and width of the images the emulator finds.
pub(crate) const fn image_size() -> usize {
    BLOCK
}

fn page_scores(text: &str, by: &str) -> Value {
    let words = word_scores(text);
    let (average, least) = average_and_least(&words);
    let mut scores = json!({
        "average_page_confidence_score": average,
        "minimum_page_confidence_score": least,
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

/// From 0.9 up to 1.
fn confidence(text: &str) -> f64 {
    let thousandths = Rng::new(hash(text.as_bytes())).below(100);
    0.9 + f64::from(u32::try_from(thousandths).unwrap_or(0)) / 1000.0
}

fn average_and_least(words: &[Value]) -> (f64, f64) {
    let scores = words
        .iter()
        .filter_map(|word| word.get("confidence").and_then(Value::as_f64));
    let (sum, least) = scores.fold((0.0, 1.0_f64), |(sum, least), score| {
        (sum + score, least.min(score))
    });
    match u32::try_from(words.len()) {
        Ok(0) | Err(_) => (1.0, 1.0),
        Ok(count) => (sum / f64::from(count), least),
    }
}

/// How many pages a PDF has, as far as its objects are not compressed.
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

/// The media type and the bytes of a data URL in base64.
pub(crate) fn data_url(url: &str) -> Option<(String, Vec<u8>)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let media_type = head.strip_suffix(";base64")?;
    let media_type = media_type.split(';').next().unwrap_or_default();
    Some((media_type.to_ascii_lowercase(), STANDARD.decode(data).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_urls_are_read() {
        let read = |url| data_url(url).map(|(kind, bytes)| (kind, bytes.len()));
        assert_eq!(
            read("data:text/plain;charset=utf-8;base64,aGk="),
            Some(("text/plain".to_owned(), 2))
        );
        assert_eq!(data_url(IMAGE).map(|(_, bytes)| bytes.len()), Some(159));
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
    fn pages_of_a_pdf_are_counted() {
        let pdf = b"%PDF-1.4 /Type /Pages /Kids /Type /Page >> /Type/Page\n/Type/Pages";
        assert_eq!(pdf_pages(pdf), 2);
        assert_eq!(Document::sent("application/pdf", b"").page_count(), 1);
    }

    #[test]
    fn words_are_found_where_they_stand() {
        let words = word_scores("é  two\nthree");
        let starts: Vec<&Value> = words.iter().map(|word| &word["start_index"]).collect();
        assert_eq!(starts, [0, 3, 7]);
        assert_eq!(average_and_least(&[]), (1.0, 1.0));
    }
}
