//! Writes the result of OCR to files.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::links::{LinkTarget, LinkTargets, relink};
use super::response::{OcrImageObject, OcrPageObject, OcrResponse};
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{media_type, run_blocking};

const MARKDOWN_FILE_NAME: &str = "document.md";

/// The maximum length of the stem of a file name. File systems allow about 255 bytes for the
/// whole name.
const MAX_STEM_LENGTH: usize = 100;

/// The files that [`OcrResponse::write_to`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OcrFiles {
    /// The text of all pages as Markdown: `document.md`.
    pub markdown: PathBuf,
    /// The images in the order of the pages.
    pub images: Vec<PathBuf>,
}

impl OcrResponse {
    /// Writes the document into a directory: the Markdown, and the images beside it.
    ///
    /// * `document.md` is the text that [`markdown`](Self::markdown) returns, with links to the
    ///   files of the images, and with the tables that `table_format` extracted. Extracted
    ///   headers and footers are not written.
    /// * An image is written if the response contains it (`include_image_base64`). Otherwise its
    ///   link is kept and is dangling.
    /// * The file name of an image is derived from the image's id: letters, digits, `-` and `_`,
    ///   and the extension of an image. If two images have the same id, a number is appended to
    ///   the name of the second, and the links of each page refer to the images of that page.
    ///
    /// A missing directory is created, and existing files are overwritten. On failure, the
    /// written files are removed and the directory is kept. Dropping the future does not cancel
    /// a write that has started.
    #[doc = example!(r#"
# let dir = std::env::temp_dir().join(format!("mistral-ocr-{}", std::process::id()));
use mistral_sdk::ocr::{Document, OcrRequest};

let document = Document::url("https://example.com/report.pdf");
let request = OcrRequest::new("mistral-ocr-latest", document).include_image_base64(true);
let files = client.ocr().process(&request).await?.write_to(&dir).await?;
println!("{} and {} images", files.markdown.display(), files.images.len());
# assert!(files.images[0].ends_with("img-0.jpeg"));
# std::fs::remove_dir_all(dir)?;
"#)]
    ///
    /// # Errors
    /// * [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the page and the image in the
    ///   message, when an image is not base64. Nothing is written then.
    /// * [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the page and the field in the
    ///   message, when an image or a table of the response could not be read. It is in the
    ///   `extra` of the page. Nothing is written then.
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io), with the path in the message, when the directory
    ///   cannot be created or a file cannot be written.
    /// * [`ErrorKind::Config`](crate::ErrorKind::Config) outside of a Tokio runtime.
    pub async fn write_to(&self, dir: impl AsRef<Path>) -> Result<OcrFiles> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::config(
                "`OcrResponse::write_to` needs a Tokio runtime: await it inside of one, or \
                 call `blocking_write_to` (feature `blocking`)",
            ));
        }
        let dir = dir.as_ref().to_owned();
        // Images are decoded and links replaced on the other thread, too: a response may have
        // thousands of both.
        let (response, path) = (self.clone(), dir.clone());
        run_blocking(move || Ok(Contents::of(&response).and_then(|it| it.write(&path))))
            .await
            .unwrap_or_else(|error| Err(write_error("directory", &dir, error)))
    }

    /// Writes the document like [`write_to`](Self::write_to), but blocks the current thread.
    ///
    /// # Errors
    /// Those of [`write_to`](Self::write_to), and
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn blocking_write_to(&self, dir: impl AsRef<Path>) -> Result<OcrFiles> {
        crate::mode::blocking_runtime::check_not_in_async()?;
        Contents::of(self)?.write(dir.as_ref())
    }
}

/// The content of the files to write.
#[derive(Default)]
struct Contents {
    markdown: String,
    images: Vec<(String, Bytes)>,
    /// The file names of the images in lower case, because some file systems ignore case.
    used_names: HashSet<String>,
    /// The last number that was appended to each name.
    numbers: HashMap<String, usize>,
}

impl Contents {
    #[inline]
    fn of(response: &OcrResponse) -> Result<Self> {
        let mut this = Self::default();
        let pages = response.pages.iter().map(|page| this.page(page));
        let pages: Vec<String> = pages.collect::<Result<_>>()?;
        this.markdown = pages.join("\n\n");
        this.markdown.push('\n');
        Ok(this)
    }

    /// Adds the images of a page, and returns its text with links to their files.
    #[inline]
    fn page(&mut self, page: &OcrPageObject) -> Result<String> {
        for name in ["images", "tables"] {
            if page.extra.contains_key(name) {
                return Err(unreadable(name, page.index));
            }
        }
        let mut links = LinkTargets::default();
        for image in &page.images {
            if image.image_base64.as_deref().unwrap_or_default().is_empty() {
                continue;
            }
            let location = format!(" of page {} (counted from 0)", page.index);
            let bytes = image.decode(&location)?;
            let name = self.file_name(image);
            links.push(&image.id, LinkTarget::File(name.clone()));
            self.images.push((name, bytes));
        }
        let tables = page.tables.iter();
        let tables: Vec<_> = tables.map(|table| relink(&table.content, &links)).collect();
        for (table, content) in page.tables.iter().zip(tables) {
            links.push(&table.id, LinkTarget::Text(content));
        }
        Ok(relink(&page.markdown, &links))
    }

    /// Returns an unused file name for an image. The id comes from the server, so it must not
    /// result in a path, in a name that a system reserves, or in a file that is not an image.
    #[inline]
    fn file_name(&mut self, image: &OcrImageObject) -> String {
        let (stem, extension) = match image.id.rsplit_once('.') {
            Some((stem, extension)) if media_type::is_image(&image.id) => (stem, Some(extension)),
            _ => (&*image.id, image.extension()),
        };
        let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
        let plain = stem.chars().map(|it| if is_plain(it) { it } else { '_' });
        let plain: String = plain.take(MAX_STEM_LENGTH).collect();
        let stem = match plain.trim_matches(['-', '_']) {
            "" => "image".to_owned(),
            // Such as `con` and `com1`, which are devices on Windows.
            short if short.len() < 5 => format!("image-{short}"),
            stem => stem.to_owned(),
        };
        let extension = extension.map_or(String::new(), |it| format!(".{it}"));
        let mut name = format!("{stem}{extension}");
        if self.used_names.insert(name.to_ascii_lowercase()) {
            return name;
        }
        let number = self.numbers.entry(name.to_ascii_lowercase()).or_insert(1);
        loop {
            *number += 1;
            name = format!("{stem}-{number}{extension}");
            if self.used_names.insert(name.to_ascii_lowercase()) {
                return name;
            }
        }
    }

    #[inline]
    fn write(self, dir: &Path) -> Result<OcrFiles> {
        fs::create_dir_all(dir).map_err(|error| write_error("directory", dir, error))?;
        let mut written = Vec::new();
        if let Err(error) = self.write_files(dir, &mut written) {
            for path in written {
                let _ = fs::remove_file(path); // the first error is reported
            }
            return Err(error);
        }
        written.pop();
        Ok(OcrFiles {
            markdown: dir.join(MARKDOWN_FILE_NAME),
            images: written,
        })
    }

    /// Writes the images and, last, the Markdown. Adds each file to `written` when it is created.
    #[inline]
    fn write_files(&self, dir: &Path, written: &mut Vec<PathBuf>) -> Result<()> {
        let images = self.images.iter().map(|(name, bytes)| (&**name, &**bytes));
        for (name, bytes) in images.chain([(MARKDOWN_FILE_NAME, self.markdown.as_bytes())]) {
            let path = dir.join(name);
            let mut write = || {
                let mut file = File::create(&path)?;
                written.push(path.clone());
                file.write_all(bytes)
            };
            write().map_err(|error| write_error("file", &path, error))?;
        }
        Ok(())
    }
}

#[cold]
fn unreadable(name: &str, page: u64) -> Error {
    let message = format!(
        "the document cannot be written: the `{name}` of page {page} (counted from 0) could not \
         all be read; remove `{name}` from the `extra` of the page to write the document without \
         the others"
    );
    Error::new(ErrorKind::Decode, message)
}

fn write_error(subject: &str, path: &Path, error: io::Error) -> Error {
    let message = format!("the {subject} `{}` cannot be written", path.display());
    Error::io(message, error)
}
