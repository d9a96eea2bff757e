//! Reads `multipart/form-data` bodies (RFC 7578), which are small here and read as a whole.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use memchr::memmem;

use super::media_type;
use crate::responses::ApiError;

/// A part of a form.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) headers: HeaderMap,
    pub(crate) content: Bytes,
}

impl Part {
    pub(crate) fn name(&self) -> Option<String> {
        self.disposition("name")
    }

    pub(crate) fn file_name(&self) -> Option<String> {
        self.disposition("filename")
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }

    fn disposition(&self, name: &str) -> Option<String> {
        let value = self.headers.get(header::CONTENT_DISPOSITION)?;
        parameter(&String::from_utf8_lossy(value.as_bytes()), name)
    }
}

/// Reads the parts of a form. Returns `None` for a body of another type.
pub(crate) async fn read_parts<S: Send + Sync>(
    request: Request,
    state: &S,
) -> Result<Option<Vec<Part>>, ApiError> {
    if media_type(request.headers()) != "multipart/form-data" {
        return Ok(None);
    }
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let Some(boundary) = content_type.and_then(|value| parameter(value, "boundary")) else {
        return Ok(None);
    };
    let body = Bytes::from_request(request, state)
        .await
        .map_err(|error| ApiError::detail(error.status(), &error.body_text()))?;
    parse(&body, &boundary).map(Some).ok_or_else(|| {
        ApiError::detail(
            StatusCode::BAD_REQUEST,
            "Error parsing `multipart/form-data` request",
        )
    })
}

/// Returns `None` for a body that ends before its last boundary, or whose headers are malformed.
fn parse(body: &Bytes, boundary: &str) -> Option<Vec<Part>> {
    let delimiter = format!("\r\n--{boundary}");
    let first = delimiter.as_bytes().get(2..)?;
    let mut at = memmem::find(body, first)? + first.len();
    let mut parts = Vec::new();
    while !body.get(at..)?.starts_with(b"--") {
        let line_end = memmem::find(body.get(at..)?, b"\r\n")?;
        // The blank line ends the headers, of which there may be none.
        let start = at + line_end;
        let head_end = start + memmem::find(body.get(start..)?, b"\r\n\r\n")?;
        let content = head_end + 4;
        let end = content + memmem::find(body.get(content..)?, delimiter.as_bytes())?;
        parts.push(Part {
            headers: parse_headers(body.get(start..head_end)?)?,
            content: body.slice(content..end),
        });
        at = end + delimiter.len();
    }
    Some(parts)
}

fn parse_headers(head: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in head.split(|&byte| byte == b'\n') {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        let colon = memchr::memchr(b':', line)?;
        let (name, value) = line.split_at(colon);
        headers.append(
            HeaderName::from_bytes(name).ok()?,
            HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?,
        );
    }
    Some(headers)
}

/// Returns a parameter of a header, such as `boundary` or `filename`. A quoted value may contain
/// semicolons and escaped quotes.
fn parameter(value: &str, wanted: &str) -> Option<String> {
    let (_, mut rest) = value.split_once(';')?;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (text, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                let (text, after) = after.split_at(end);
                (text.trim().to_owned(), after)
            }
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(text);
        }
        rest = after.split_once(';')?.1;
    }
}

/// Returns the text up to the closing quote, and the rest after it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((text, quoted.get(at + 1..)?)),
            // Browsers escape quotes with `%22` and write a backslash as it is.
            '\\' if quoted.get(at + 1..)?.starts_with('"') => {
                letters.next();
                text.push('"');
            }
            _ => text.push(letter),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multipart_parts_have_names_types_and_bytes() {
        let body = Bytes::from_static(
            b"preamble\r\n--b 1\r\nContent-Disposition: form-data; name=\"file\"; \
              filename=\"a;\\\"b.wav\"\r\ncontent-type: audio/wav\r\n\r\n\x00\r\n--b\r\n--b 1\r\n\
              Content-Disposition: form-data; name=purpose\r\n\r\n\r\n--b 1--\r\n",
        );
        let boundary = parameter(
            "multipart/form-data; charset=utf-8; boundary=\"b 1\"",
            "boundary",
        );
        let parts = parse(&body, &boundary.unwrap()).unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].name().unwrap(), "file");
        assert_eq!(parts[0].file_name().unwrap(), "a;\"b.wav");
        assert_eq!(parts[0].content_type(), Some("audio/wav"));
        assert_eq!(parts[0].content, b"\x00\r\n--b"[..]);
        assert_eq!(parts[1].name().unwrap(), "purpose");
        assert_eq!(parts[1].file_name(), None);
        assert_eq!(parts[1].text(), "");
    }

    #[test]
    fn multipart_body_that_is_cut_or_malformed_is_rejected() {
        let whole = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
        assert_eq!(parse(&whole.into(), "b").unwrap().len(), 1);
        for length in 0..whole.len() - "--\r\n".len() {
            let cut = Bytes::from(whole[..length].to_owned());
            assert!(parse(&cut, "b").is_none(), "{length}");
        }
        assert!(parse(&"--b\r\nno colon\r\n\r\n1\r\n--b--".into(), "b").is_none());
        assert_eq!(parse(&"--b--\r\n".into(), "b").unwrap().len(), 0);
    }
}
