//! Images and recordings from files and from memory.

use std::path::Path;

use base64_simd::STANDARD;

use super::content_chunk::ContentChunk;
use crate::error::{Error, Result};
use crate::transport::{media_type, run_blocking};

impl ContentChunk {
    /// Encodes an image as a data URL, which is sent in the request.
    ///
    /// The first bytes determine the media type. A data URL is a third larger than the image.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the bytes are not recognized as
    /// an image. For another format, pass a data URL with its media type to
    /// [`image_url`](Self::image_url).
    ///
    /// ```
    /// use mistral_sdk::chat::{ContentChunk, Message};
    ///
    /// let png = b"\x89PNG\r\n\x1a\n and the rest of the image";
    /// let image = ContentChunk::image_from_bytes(png)?;
    /// let message = Message::user([ContentChunk::text("Describe this image."), image]);
    /// # assert!(serde_json::to_string(&message).unwrap().contains("data:image/png;base64,iVBORw0K"));
    /// # assert!(ContentChunk::image_from_bytes(b"%PDF-1.7").is_err());
    /// # Ok::<(), mistral_sdk::Error>(())
    /// ```
    #[inline]
    pub fn image_from_bytes(bytes: impl AsRef<[u8]>) -> Result<Self> {
        image("", bytes.as_ref(), "these bytes are")
    }

    /// Reads the image at `path` and encodes it like [`image_from_bytes`](Self::image_from_bytes).
    /// If the first bytes are not recognized, the extension determines the media type.
    ///
    /// The file is read on a blocking thread of the Tokio runtime. Without one, use
    /// [`std::fs::read`] and [`image_from_bytes`](Self::image_from_bytes).
    ///
    /// # Errors
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io), with the path in the message, when the file is
    ///   missing or cannot be read.
    /// * [`ErrorKind::Config`](crate::ErrorKind::Config) when the file is no image, and outside of a
    ///   Tokio runtime.
    ///
    /// ```no_run
    /// # async fn example() -> mistral_sdk::Result<()> {
    /// use mistral_sdk::chat::{ChatCompletionRequest, ContentChunk, Message};
    ///
    /// let image = ContentChunk::image_from_path("cat.png").await?;
    /// let question = Message::user([ContentChunk::text("Describe this image."), image]);
    /// let request = ChatCompletionRequest::new("mistral-small-latest", question);
    /// # Ok(()) }
    /// ```
    #[inline]
    pub async fn image_from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_file(
            path,
            "ContentChunk::image_from_path",
            "ContentChunk::image_from_bytes",
        )
        .await?;
        let file = format!("the file `{}` is", path.display());
        image(&path.to_string_lossy(), &bytes, &file)
    }

    /// Encodes an audio recording in base64, which is sent in the request.
    ///
    /// # Errors
    /// Fails with [`ErrorKind::Config`](crate::ErrorKind::Config) if the bytes are those of an image,
    /// a document or text. Bytes that are not recognized are sent.
    ///
    /// ```
    /// use mistral_sdk::chat::{ContentChunk, Message};
    ///
    /// let wav = b"RIFF\x24\0\0\0WAVEfmt and the rest of the recording";
    /// let recording = ContentChunk::audio_from_bytes(wav)?;
    /// let message = Message::user([recording, ContentChunk::text("Is this a cat?")]);
    /// # assert!(serde_json::to_string(&message).unwrap().contains("\"input_audio\":\"UklGRiQ"));
    /// # assert!(ContentChunk::audio_from_bytes(b"%PDF-1.7").is_err());
    /// # Ok::<(), mistral_sdk::Error>(())
    /// ```
    #[inline]
    pub fn audio_from_bytes(bytes: impl AsRef<[u8]>) -> Result<Self> {
        audio("", bytes.as_ref(), "these bytes are")
    }

    /// Reads the audio recording at `path` and encodes it like
    /// [`audio_from_bytes`](Self::audio_from_bytes).
    ///
    /// The file is read on a blocking thread of the Tokio runtime. Without one, use
    /// [`std::fs::read`] and [`audio_from_bytes`](Self::audio_from_bytes).
    ///
    /// # Errors
    /// * [`ErrorKind::Io`](crate::ErrorKind::Io), with the path in the message, when the file is
    ///   missing or cannot be read.
    /// * [`ErrorKind::Config`](crate::ErrorKind::Config) when the file is an image, a document or
    ///   text, and outside of a Tokio runtime.
    #[inline]
    pub async fn audio_from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read_file(
            path,
            "ContentChunk::audio_from_path",
            "ContentChunk::audio_from_bytes",
        )
        .await?;
        let file = format!("the file `{}` is", path.display());
        audio(&path.to_string_lossy(), &bytes, &file)
    }
}

#[inline]
fn image(name: &str, bytes: &[u8], subject: &str) -> Result<ContentChunk> {
    match media_type::of_content(name, bytes) {
        Some(media_type) if media_type.starts_with("image/") => {
            let mut url = format!("data:{media_type};base64,");
            STANDARD.encode_append(bytes, &mut url);
            Ok(ContentChunk::image_url(url))
        }
        Some(media_type) => Err(Error::config(format!(
            "{subject} not an image, but `{media_type}`"
        ))),
        None => Err(Error::config(format!(
            "{subject} not recognized as an image: pass a data URL with the media type to \
             `ContentChunk::image_url`"
        ))),
    }
}

#[inline]
fn audio(name: &str, bytes: &[u8], subject: &str) -> Result<ContentChunk> {
    let media_type = media_type::of_content(name, bytes).map(media_type::as_audio);
    match media_type.filter(|media_type| !media_type.starts_with("audio/")) {
        None => Ok(ContentChunk::input_audio(STANDARD.encode_to_string(bytes))),
        Some(media_type) => Err(Error::config(format!(
            "{subject} not a recording, but `{media_type}`"
        ))),
    }
}

/// Reads a file on a blocking thread of the runtime. The error outside of a runtime names the
/// `function` that was called, and the one to call `instead` with the bytes.
#[inline]
pub(crate) async fn read_file(path: &Path, function: &str, instead: &str) -> Result<Vec<u8>> {
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(Error::config(format!(
            "`{function}` needs a Tokio runtime: await it inside of one, or read the file and call \
             `{instead}`"
        )));
    }
    let source = path.to_owned();
    run_blocking(move || std::fs::read(source))
        .await
        .map_err(|error| {
            let message = format!("the file `{}` cannot be read", path.display());
            Error::io(message, error)
        })
}
