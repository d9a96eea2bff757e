//! Forms as request bodies: multipart with a file, urlencoded without one.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::HeaderValue;

use crate::error::{Error, Result};
use crate::transport::{Body, FileSource, Payload, TransportError};

const URLENCODED: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// The fields of a form, in the order in which they are sent; the file comes last.
///
/// ```
/// use mistral_sdk::files::FileSource;
/// use mistral_sdk::operation::MultipartForm;
///
/// let form = MultipartForm::default()
///     .text("purpose", "batch")
///     .file("file", FileSource::from_bytes("requests.jsonl", "{}\n"));
/// ```
#[derive(Debug, Default)]
pub struct MultipartForm {
    fields: Vec<(String, String)>,
    file: Option<(&'static str, FileSource)>,
}

impl MultipartForm {
    /// Adds a field.
    #[must_use]
    pub fn text(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }

    /// Sets the file, as a part of this name. Without a file, the form is sent urlencoded.
    #[must_use]
    pub fn file(mut self, name: &'static str, file: FileSource) -> Self {
        self.file = Some((name, file));
        self
    }

    /// Returns the body and its `content-type`.
    pub(crate) fn encode(self) -> Result<(Payload, HeaderValue)> {
        let Some((name, file)) = self.file else {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            let text = form.extend_pairs(&self.fields).finish();
            return Ok((text.into(), URLENCODED));
        };
        if file.file_name().is_empty() {
            return Err(Error::config(format!(
                "`{name}`: the file needs a name: set one with `FileSource::with_file_name`"
            )));
        }
        HeaderValue::from_str(file.media_type()).map_err(|_| {
            Error::config(format!(
                "`{name}`: the media type cannot be sent in a header"
            ))
        })?;
        let boundary = format!(
            "mistral-{:016x}{:016x}",
            fastrand::u64(..),
            fastrand::u64(..)
        );
        let mut head = Vec::new();
        for (field, value) in &self.fields {
            let part = format!(
                "--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"\r\n\r\n{value}\r\n",
                escape(field)
            );
            head.extend_from_slice(part.as_bytes());
        }
        let part = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
             content-type: ",
            escape(name),
            escape(file.file_name()),
        );
        head.extend_from_slice(part.as_bytes());
        let tail = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        let content_type = format!("multipart/form-data; boundary={boundary}");
        let content_type = HeaderValue::try_from(content_type)
            .map_err(|error| Error::config("the form cannot be sent").with_source(error))?;
        let payload = Payload::open(file.is_replayable(), move || {
            let (mut head, file, tail) = (head.clone(), file.clone(), tail.clone());
            async move {
                let file = file.open().await?;
                head.extend_from_slice(file.media_type.as_bytes());
                head.extend_from_slice(b"\r\n\r\n");
                Ok(enclose(head.into(), file.body, tail))
            }
        });
        Ok((payload, content_type))
    }
}

/// The characters that would end a quoted name, escaped as browsers do.
fn escape(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn enclose(head: Bytes, body: Body, tail: Bytes) -> Body {
    struct Enclosed(Option<Bytes>, Body, Option<Bytes>);

    impl Stream for Enclosed {
        type Item = Result<Bytes, TransportError>;

        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            if let Some(head) = self.0.take() {
                return Poll::Ready(Some(Ok(head)));
            }
            Poll::Ready(match ready!(Pin::new(&mut self.1).poll_next(cx)) {
                Some(item) => Some(item),
                None => self.2.take().map(Ok),
            })
        }
    }

    let around = (head.len() + tail.len()) as u64;
    let length = body.content_length().map(|length| length + around);
    let whole = Body::from_stream(Enclosed(Some(head), body, Some(tail)));
    match length {
        Some(length) => whole.with_content_length(length),
        None => whole,
    }
}
