//! HTTP/1.1 responses as bytes: successful ones, and ones with a single defect.

use super::operations::OperationKind;
use super::server::Action;

/// Returns a head without a `content-length`.
pub fn head(status: &str, content_type: &str, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n{more}\r\n")
}

/// Returns a complete response with a `content-length`.
pub fn with_length(status: &str, content_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let more = format!("{more}content-length: {}\r\n", body.len());
    [head(status, content_type, &more).as_bytes(), body].concat()
}

/// Returns the successful response, chunked for a stream.
pub fn success(operation: OperationKind) -> Vec<u8> {
    let (head, body) = success_parts(operation);
    [head, body].concat()
}

/// Returns the head and the body of the successful response.
pub fn success_parts(operation: OperationKind) -> (Vec<u8>, Vec<u8>) {
    let body = operation.body();
    match operation {
        OperationKind::Stream => {
            let end = b"0\r\n\r\n".to_vec();
            (chunked_head(operation), [chunk(&body), end].concat())
        }
        _ => (success_head(operation, body.len()), body.into_bytes()),
    }
}

/// Returns a successful head whose `content-length` is `length`.
pub fn success_head(operation: OperationKind, length: usize) -> Vec<u8> {
    let length = format!("content-length: {length}\r\n");
    head("200 OK", operation.content_type(), &length).into_bytes()
}

pub fn chunked_head(operation: OperationKind) -> Vec<u8> {
    let chunked = "transfer-encoding: chunked\r\n";
    head("200 OK", operation.content_type(), chunked).into_bytes()
}

pub fn chunk(data: &str) -> Vec<u8> {
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}

/// Returns the first half of the body or, for a stream, the first event.
pub fn first_part(operation: OperationKind) -> String {
    let body = operation.body();
    let end = body.find("\n\n").map_or(body.len() / 2, |at| at + 2);
    body[..end].to_owned()
}

/// Sends the head and the first part of the body, then performs `then`.
pub fn truncated_after_first_part(operation: OperationKind, then: Action) -> Vec<Action> {
    let part = first_part(operation);
    let start = match operation {
        OperationKind::Stream => [chunked_head(operation), chunk(&part)].concat(),
        _ => {
            let length = operation.body().len();
            [success_head(operation, length), part.into_bytes()].concat()
        }
    };
    vec![Action::Send(start), then]
}

/// Sends a response whose `content-length` exceeds its body by `more` bytes, then performs
/// `then`.
pub fn with_wrong_length(operation: OperationKind, more: isize, then: Action) -> Vec<Action> {
    let body = operation.body();
    let head = success_head(operation, body.len().saturating_add_signed(more));
    vec![Action::Send([head, body.into_bytes()].concat()), then]
}

/// Sends a chunked response without the last chunk, then performs `then`.
pub fn without_last_chunk(operation: OperationKind, then: Action) -> Vec<Action> {
    let body = chunk(&operation.body());
    vec![Action::Send([chunked_head(operation), body].concat()), then]
}

/// Returns a response without a length, whose body ends with the connection.
pub fn without_length(operation: OperationKind) -> Vec<u8> {
    let head = head("200 OK", operation.content_type(), "connection: close\r\n");
    (head + &operation.body()).into_bytes()
}

/// Returns a response with neither a length nor a content type.
pub fn without_content_type(operation: OperationKind) -> String {
    "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned() + &operation.body()
}

/// Returns an error response with less of a body than its `content-length`.
pub fn partial_error_response(status: &str) -> Vec<u8> {
    let body = r#"{"message":"the rest never com"#;
    (head(status, "application/json", "content-length: 100\r\n") + body).into_bytes()
}

/// `{"message":"compressed"}` as gzip.
pub const GZIP: [u8; 42] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x4d, 0x2d, 0x2e,
    0x4e, 0x4c, 0x4f, 0x55, 0xb2, 0x52, 0x4a, 0xce, 0xcf, 0x2d, 0x28, 0x02, 0xf2, 0x52, 0x53, 0x94,
    0x6a, 0x01, 0xcb, 0x00, 0x11, 0x90, 0x18, 0x00, 0x00, 0x00,
];
