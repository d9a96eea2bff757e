//! Answers as bytes: good ones, and ones that are wrong in one way.

use super::operation::Operation;
use super::server::Act;

/// A head without a length.
pub fn head(status: &str, content_type: &str, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\n{more}\r\n")
}

/// A whole answer with its length.
pub fn sized(status: &str, content_type: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let more = format!("{more}content-length: {}\r\n", body.len());
    [head(status, content_type, &more).as_bytes(), body].concat()
}

/// The good answer, in chunks where it is a stream.
pub fn good(operation: Operation) -> Vec<u8> {
    let (head, body) = good_parts(operation);
    [head, body].concat()
}

/// The head and the body of the good answer.
pub fn good_parts(operation: Operation) -> (Vec<u8>, Vec<u8>) {
    let body = operation.body();
    match operation {
        Operation::Stream => {
            let end = b"0\r\n\r\n".to_vec();
            (chunked_head(operation), [chunk(&body), end].concat())
        }
        _ => (sized_head(operation, body.len()), body.into_bytes()),
    }
}

/// A good head that announces `length` bytes.
pub fn sized_head(operation: Operation, length: usize) -> Vec<u8> {
    let length = format!("content-length: {length}\r\n");
    head("200 OK", operation.content_type(), &length).into_bytes()
}

pub fn chunked_head(operation: Operation) -> Vec<u8> {
    let chunked = "transfer-encoding: chunked\r\n";
    head("200 OK", operation.content_type(), chunked).into_bytes()
}

pub fn chunk(data: &str) -> Vec<u8> {
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}

/// The start of the body, where a stream has given its first event.
pub fn first_part(operation: Operation) -> String {
    let body = operation.body();
    let end = body.find("\n\n").map_or(body.len() / 2, |at| at + 2);
    body[..end].to_owned()
}

/// The head and the first part of the body, and then this.
pub fn cut(operation: Operation, then: Act) -> Vec<Act> {
    let part = first_part(operation);
    let start = match operation {
        Operation::Stream => [chunked_head(operation), chunk(&part)].concat(),
        _ => {
            let length = operation.body().len();
            [sized_head(operation, length), part.into_bytes()].concat()
        }
    };
    vec![Act::Send(start), then]
}

/// An answer that announces `more` bytes than it has.
pub fn announced(operation: Operation, more: isize, then: Act) -> Vec<Act> {
    let body = operation.body();
    let head = sized_head(operation, body.len().saturating_add_signed(more));
    vec![Act::Send([head, body.into_bytes()].concat()), then]
}

/// An answer in chunks without the last one.
pub fn unended(operation: Operation, then: Act) -> Vec<Act> {
    let body = chunk(&operation.body());
    vec![Act::Send([chunked_head(operation), body].concat()), then]
}

/// An answer that ends with its connection.
pub fn unsized_answer(operation: Operation) -> Vec<u8> {
    let head = head("200 OK", operation.content_type(), "connection: close\r\n");
    (head + &operation.body()).into_bytes()
}

/// The same without a content type.
pub fn untyped(operation: Operation) -> String {
    "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned() + &operation.body()
}

/// The head of an error, and less of a body than it announces.
pub fn sized_error_head(status: &str) -> Vec<u8> {
    let body = r#"{"message":"the rest never com"#;
    (head(status, "application/json", "content-length: 100\r\n") + body).into_bytes()
}

/// `{"message":"compressed"}` as gzip.
pub const GZIP: [u8; 42] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0x56, 0xca, 0x4d, 0x2d, 0x2e,
    0x4e, 0x4c, 0x4f, 0x55, 0xb2, 0x52, 0x4a, 0xce, 0xcf, 0x2d, 0x28, 0x02, 0xf2, 0x52, 0x53, 0x94,
    0x6a, 0x01, 0xcb, 0x00, 0x11, 0x90, 0x18, 0x00, 0x00, 0x00,
];
