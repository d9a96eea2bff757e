//! A document that was read, as files.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::links::{Target, relink};
use super::response::{OcrImageObject, OcrPageObject, OcrResponse};
use crate::error::{Error, Result};
use crate::transport::{media_type, run_blocking};

const MARKDOWN: &str = "document.md";

/// The longest stem of a name; file systems allow some 255 bytes for the whole.
const LONGEST_STEM: usize = 100;

/// The files that [`OcrResponse::write_to`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OcrFiles {
    /// The text of all pages as Markdown: `document.md`.
    pub markdown: PathBuf,
    /// The images, in the order of the pages.
    pub images: Vec<PathBuf>,
}

impl OcrResponse {
    /// Writes the document into a directory: its Markdown, and its images beside it.
    ///
    /// * `document.md` is what [`markdown`](Self::markdown) gives, with links to the images'
    ///   files, and with the tables that `table_format` had taken out. Headers and footers
    ///   that were taken out stay out.
    /// * An image is written if it came along (`include_image_base64`). If it did not, its
    ///   link stays as it is, and leads nowhere.
    /// * The name of an image's file is made of the image's id: letters, digits, `-` and `_`,
    ///   and the extension of an image. Where two images have one id, the second has a number
    ///   at its end, and the links of each page lead to the page's own.
    ///
    /// A directory that is missing is made, and files that are there already are overwritten.
    /// If this fails, the files that it wrote are removed; the directory stays. Dropping it does
    /// not stop what has begun.
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
    /// Fails with [`ErrorKind::Decode`](crate::ErrorKind::Decode), naming the page and the
    /// image, when an image is not base64: nothing is written then. Fails with
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), naming the path, when the directory cannot be
    /// made or a file cannot be written; with
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) outside of a Tokio runtime.
    pub async fn write_to(&self, dir: impl AsRef<Path>) -> Result<OcrFiles> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(Error::config(
                "`OcrResponse::write_to` needs a Tokio runtime: await it inside of one, or \
                 call `blocking_write_to` (feature `blocking`)",
            ));
        }
        let contents = Contents::of(self)?;
        let dir = dir.as_ref().to_owned();
        let path = dir.clone();
        run_blocking(move || Ok(contents.write(&path)))
            .await
            .unwrap_or_else(|error| Err(unwritable("directory", &dir, error)))
    }

    /// Does what [`write_to`](Self::write_to) does, and waits.
    ///
    /// # Errors
    /// Fails as [`write_to`](Self::write_to) does, and inside an async runtime.
    #[cfg(feature = "blocking")]
    pub fn blocking_write_to(&self, dir: impl AsRef<Path>) -> Result<OcrFiles> {
        crate::mode::blocking_runtime::check_not_in_async()?;
        Contents::of(self)?.write(dir.as_ref())
    }
}

/// What the files are to hold.
#[derive(Default)]
struct Contents {
    markdown: String,
    images: Vec<(String, Bytes)>,
    /// The names of the images, in lower case: some file systems take no notice of it.
    taken: HashSet<String>,
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

    /// Takes the images of a page, and gives its text with links to their files.
    #[inline]
    fn page(&mut self, page: &OcrPageObject) -> Result<String> {
        let mut links = Vec::new();
        for image in &page.images {
            if image.image_base64.as_deref().unwrap_or_default().is_empty() {
                continue;
            }
            let place = format!(" of page {} (counted from 0)", page.index);
            let bytes = image.decode(&place)?;
            let name = self.name(image);
            links.push((&*image.id, Target::File(name.clone())));
            self.images.push((name, bytes));
        }
        let tables = page.tables.iter();
        let tables = tables.map(|table| (&*table.id, Target::Text(relink(&table.content, &links))));
        let tables: Vec<_> = tables.collect();
        links.extend(tables);
        Ok(relink(&page.markdown, &links))
    }

    /// A name for the file of an image. The id comes from the server: it becomes neither a
    /// path, nor a name that some system keeps for itself, nor a file that is no image.
    #[inline]
    fn name(&mut self, image: &OcrImageObject) -> String {
        let (stem, extension) = match image.id.rsplit_once('.') {
            Some((stem, extension)) if media_type::is_image(&image.id) => (stem, Some(extension)),
            _ => (&*image.id, image.extension()),
        };
        let is_plain = |it: char| it.is_ascii_alphanumeric() || it == '-';
        let plain = stem.chars().map(|it| if is_plain(it) { it } else { '_' });
        let plain: String = plain.take(LONGEST_STEM).collect();
        let stem = match plain.trim_matches(['-', '_']) {
            "" => "image".to_owned(),
            // Such as `con` and `com1`, which are devices on Windows.
            short if short.len() < 5 => format!("image-{short}"),
            stem => stem.to_owned(),
        };
        let extension = extension.map_or(String::new(), |it| format!(".{it}"));
        let mut name = format!("{stem}{extension}");
        let mut number = 1;
        while !self.taken.insert(name.to_ascii_lowercase()) {
            number += 1;
            name = format!("{stem}-{number}{extension}");
        }
        name
    }

    #[inline]
    fn write(self, dir: &Path) -> Result<OcrFiles> {
        fs::create_dir_all(dir).map_err(|error| unwritable("directory", dir, error))?;
        let mut written = Vec::new();
        if let Err(error) = self.write_files(dir, &mut written) {
            for path in written {
                let _ = fs::remove_file(path); // the first error counts
            }
            return Err(error);
        }
        written.pop();
        Ok(OcrFiles {
            markdown: dir.join(MARKDOWN),
            images: written,
        })
    }

    /// Writes the images and, last, the Markdown. Adds to `written` whatever it began.
    #[inline]
    fn write_files(&self, dir: &Path, written: &mut Vec<PathBuf>) -> Result<()> {
        let images = self.images.iter().map(|(name, bytes)| (&**name, &**bytes));
        for (name, bytes) in images.chain([(MARKDOWN, self.markdown.as_bytes())]) {
            let path = dir.join(name);
            let mut write = || {
                let mut file = File::create(&path)?;
                written.push(path.clone());
                file.write_all(bytes)
            };
            write().map_err(|error| unwritable("file", &path, error))?;
        }
        Ok(())
    }
}

fn unwritable(what: &str, path: &Path, error: io::Error) -> Error {
    let what = format!("the {what} `{}` cannot be written: {error}", path.display());
    Error::io(what, error)
}
