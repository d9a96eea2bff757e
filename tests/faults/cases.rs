//! The fault matrix as data: faults, and the expected outcome per operation.
//!
//! The expectations follow from the retry rules. A request that was not received is retried
//! for every operation. A request that may have been received is retried only if it is
//! idempotent. A request that was answered is retried only if its status is retryable.

use h2::Reason;
use mistral_sdk::ErrorKind;
use mistral_sdk::error::TimeoutPhase;

use super::http2;
use super::operations::OperationKind;
use super::responses::{
    GZIP, chunk, head, partial_error_response, success, success_head, success_parts,
    truncated_after_first_part, with_length, with_wrong_length, without_content_type,
    without_last_chunk, without_length,
};
use super::server::Action;

/// A fault, and the expected outcome for each of
/// [`OPERATIONS`](super::operations::OPERATIONS).
pub struct FaultCase {
    pub name: &'static str,
    pub fault: Fault,
    pub expected: [Expected; 4],
    /// A part of every error's message.
    pub message: &'static str,
}

pub enum Fault {
    /// The response to every request.
    Always(fn(OperationKind) -> Vec<Action>),
    /// The response to the first request; the others succeed.
    Once(fn(OperationKind) -> Vec<Action>),
    Http2Always(http2::Action),
    Http2Once(http2::Action),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub end: End,
    pub requests: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Ok,
    Fails(ErrorKind),
    /// Fails with [`ErrorKind::Timeout`] in this phase.
    TimesOut(TimeoutPhase),
}

const fn ok(requests: usize) -> Expected {
    let end = End::Ok;
    Expected { end, requests }
}

const fn fails(kind: ErrorKind, requests: usize) -> Expected {
    let end = End::Fails(kind);
    Expected { end, requests }
}

const fn times_out(phase: TimeoutPhase, requests: usize) -> Expected {
    let end = End::TimesOut(phase);
    Expected { end, requests }
}

const fn case(name: &'static str, fault: Fault, expected: [Expected; 4]) -> FaultCase {
    let message = "";
    FaultCase {
        name,
        fault,
        expected,
        message,
    }
}

impl FaultCase {
    const fn message(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }
}

use ErrorKind::{Config, Connection, Decode, InvalidRequest, Overloaded, TooLarge, Truncated};
use Fault::{Always, Http2Always, Http2Once, Once};
use TimeoutPhase::{FirstByte, Idle, Total};

/// No byte of a response arrived, and the request may have been received.
pub const NO_RESPONSE: [Expected; 4] = [
    fails(Connection, 3),
    fails(Connection, 1),
    fails(Connection, 1),
    fails(Connection, 1),
];
/// The head arrived, and a part of the body.
pub const PARTIAL_BODY: [Expected; 4] = [
    fails(Connection, 3),
    fails(Connection, 1),
    fails(Truncated, 1),
    fails(Connection, 1),
];
/// The head did not arrive in time.
pub const HEAD_TIMEOUT: [Expected; 4] = [
    times_out(FirstByte, 3),
    times_out(FirstByte, 1),
    times_out(FirstByte, 1),
    times_out(FirstByte, 1),
];
/// The head arrived in time, and no body.
pub const BODY_TIMEOUT: [Expected; 4] = [
    times_out(Total, 1),
    times_out(Total, 1),
    times_out(Idle, 1),
    times_out(Idle, 1),
];
/// The server did not process the first request.
const RETRIED: [Expected; 4] = [ok(2); 4];
const SUCCESS: [Expected; 4] = [ok(1); 4];
const DECODE_ERROR: [Expected; 4] = [fails(Decode, 1); 4];

pub const CASES: &[FaultCase] = &[
    case(
        "no fault",
        Always(|it| vec![Action::Send(success(it))]),
        SUCCESS,
    ),
    // Delays.
    case("no response", Always(|_| vec![Action::Stall]), HEAD_TIMEOUT),
    case(
        "stalls after the head",
        Always(|it| vec![Action::Send(success_parts(it).0), Action::Stall]),
        BODY_TIMEOUT,
    ),
    case(
        "stalls in the body",
        Always(|it| truncated_after_first_part(it, Action::Stall)),
        BODY_TIMEOUT,
    ),
    case(
        "one byte at a time",
        Always(|it| vec![Action::Drip(success(it))]),
        SUCCESS,
    ),
    case(
        "one byte at a time, without a content type",
        Always(|it| {
            vec![
                Action::Drip(without_content_type(it).into_bytes()),
                Action::HalfClose,
            ]
        }),
        SUCCESS,
    ),
    // Closed connections.
    case(
        "reset before the head",
        Always(|_| vec![Action::Reset]),
        NO_RESPONSE,
    ),
    case(
        "close before the head",
        Always(|_| vec![Action::Close]),
        NO_RESPONSE,
    ),
    case(
        "reset after the head",
        Always(|it| vec![Action::Send(success_parts(it).0), Action::Reset]),
        PARTIAL_BODY,
    ),
    case(
        "close after the head",
        Always(|it| vec![Action::Send(success_parts(it).0), Action::Close]),
        PARTIAL_BODY,
    ),
    case(
        "reset in the body",
        Always(|it| truncated_after_first_part(it, Action::Reset)),
        PARTIAL_BODY,
    ),
    case(
        "close in the body",
        Always(|it| truncated_after_first_part(it, Action::Close)),
        PARTIAL_BODY,
    ),
    case(
        "reset before the head, once",
        Once(|_| vec![Action::Reset]),
        [
            ok(2),
            fails(Connection, 1),
            fails(Connection, 1),
            fails(Connection, 1),
        ],
    ),
    case(
        "no length: the close ends the body",
        Always(|it| vec![Action::Send(without_length(it)), Action::HalfClose]),
        SUCCESS,
    ),
    // Wrong lengths.
    case(
        "content-length too long, then closed",
        Always(|it| with_wrong_length(it, 10, Action::Close)),
        [
            fails(Connection, 3),
            fails(Connection, 1),
            ok(1), // the end marker was read
            fails(Connection, 1),
        ],
    ),
    case(
        "content-length too long, then stalls",
        Always(|it| with_wrong_length(it, 10, Action::Stall)),
        [
            times_out(Total, 1),
            times_out(Total, 1),
            ok(1),
            times_out(Idle, 1),
        ],
    ),
    case(
        "content-length too short",
        Always(|it| with_wrong_length(it, -40, Action::Close)),
        [
            fails(Decode, 1),
            fails(Decode, 1),
            fails(Truncated, 1),
            fails(Decode, 1),
        ],
    ),
    case(
        "no last chunk, then closed",
        Always(|it| without_last_chunk(it, Action::Close)),
        [
            fails(Connection, 3),
            fails(Connection, 1),
            ok(1),
            fails(Connection, 1),
        ],
    ),
    case(
        "no last chunk, then stalls",
        Always(|it| without_last_chunk(it, Action::Stall)),
        [
            times_out(Total, 1),
            times_out(Total, 1),
            ok(1),
            times_out(Idle, 1),
        ],
    ),
    case(
        "no body",
        Always(|it| vec![Action::Send(success_head(it, 0))]),
        [fails(Truncated, 1); 4],
    ),
    // Unexpected responses.
    case(
        "informational responses first",
        Always(|it| {
            let early =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
            vec![Action::Send([early.as_bytes(), &success(it)].concat())]
        }),
        SUCCESS,
    ),
    case(
        "not HTTP",
        Always(|_| vec![Action::Send(b"SSH-2.0-x\r\n".to_vec()), Action::Close]),
        NO_RESPONSE,
    ),
    case(
        "an HTML page",
        Always(|_| {
            vec![Action::Send(with_length(
                "200 OK",
                "text/html",
                "",
                b"<title>Log in</title>",
            ))]
        }),
        DECODE_ERROR,
    ),
    case(
        "JSON for events, events for JSON",
        Always(|it| {
            let other = match it {
                OperationKind::Stream => OperationKind::Complete,
                _ => OperationKind::Stream,
            };
            vec![Action::Send(with_length(
                "200 OK",
                other.content_type(),
                "",
                other.body().as_bytes(),
            ))]
        }),
        DECODE_ERROR,
    ),
    case(
        "compressed without accept-encoding",
        Always(|it| {
            let more = "content-encoding: gzip\r\n";
            vec![Action::Send(with_length(
                "200 OK",
                it.content_type(),
                more,
                &GZIP,
            ))]
        }),
        DECODE_ERROR,
    )
    .message("gzip"),
    case(
        "an error, compressed",
        Always(|_| {
            let more = "content-encoding: gzip\r\n";
            vec![Action::Send(with_length(
                "422 x",
                "application/json",
                more,
                &GZIP,
            ))]
        }),
        [fails(InvalidRequest, 1); 4],
    )
    .message("gzip"),
    case(
        "a redirect to another origin",
        Always(|it| {
            let more = "location: http://127.0.0.1:1/v1/moved\r\n";
            vec![Action::Send(with_length(
                "307 x",
                it.content_type(),
                more,
                b"",
            ))]
        }),
        [fails(Config, 1); 4],
    )
    .message("http://127.0.0.1:1/v1/moved"),
    // Error statuses with incomplete bodies.
    case(
        "503 once",
        Once(|_| {
            vec![Action::Send(with_length(
                "503 x",
                "text/plain",
                "",
                b"busy",
            ))]
        }),
        [ok(2), ok(2), ok(2), fails(Overloaded, 1)],
    ),
    case(
        "503, reset in the body",
        Always(|_| vec![Action::Send(partial_error_response("503 x")), Action::Reset]),
        [
            fails(Overloaded, 3),
            fails(Overloaded, 3),
            fails(Overloaded, 3),
            fails(Overloaded, 1),
        ],
    ),
    case(
        "400, closed in the body",
        Always(|_| vec![Action::Send(partial_error_response("400 x")), Action::Close]),
        [fails(InvalidRequest, 1); 4],
    ),
    // Sizes.
    case(
        "a head of 1 MiB",
        Always(|it| {
            let more = format!("x-much: {}\r\n", "a".repeat(1024 * 1024));
            vec![
                Action::Send(with_length("200 OK", it.content_type(), &more, b"")),
                Action::HalfClose,
            ]
        }),
        [fails(TooLarge, 1); 4],
    ),
    case(
        "an endless error body",
        Always(|_| {
            let start = head("400 x", "text/plain", "transfer-encoding: chunked\r\n").into_bytes();
            let data = chunk(&"x".repeat(64 * 1024));
            vec![
                Action::Send([start, data.repeat(32)].concat()),
                Action::Stall,
            ]
        }),
        [fails(InvalidRequest, 1); 4],
    ),
    // HTTP/2.
    case(
        "HTTP/2: no fault",
        Http2Always(http2::Action::Respond),
        SUCCESS,
    ),
    case(
        "HTTP/2: no response",
        Http2Always(http2::Action::Stall),
        HEAD_TIMEOUT,
    ),
    case(
        "HTTP/2: REFUSED_STREAM once",
        Http2Once(http2::Action::Reset(Reason::REFUSED_STREAM)),
        RETRIED,
    ),
    case(
        "HTTP/2: REFUSED_STREAM",
        Http2Always(http2::Action::Reset(Reason::REFUSED_STREAM)),
        [
            fails(Connection, 3),
            fails(Connection, 3),
            fails(Connection, 3),
            fails(Connection, 3),
        ],
    ),
    case(
        "HTTP/2: GOAWAY, not processed",
        Http2Once(http2::Action::GoAwayUnprocessed),
        RETRIED,
    ),
    case(
        "HTTP/2: GOAWAY, then the response",
        Http2Always(http2::Action::GoAwayAndRespond),
        SUCCESS,
    ),
    case(
        "HTTP/2: GOAWAY with an error",
        Http2Always(http2::Action::GoAwayAbruptly(Reason::INTERNAL_ERROR)),
        NO_RESPONSE,
    ),
    case(
        "HTTP/2: reset before the head",
        Http2Always(http2::Action::Reset(Reason::INTERNAL_ERROR)),
        NO_RESPONSE,
    ),
    case(
        "HTTP/2: reset in the body",
        Http2Always(http2::Action::ResetInBody(Reason::INTERNAL_ERROR)),
        PARTIAL_BODY,
    ),
    case(
        "HTTP/2: close before the head",
        Http2Always(http2::Action::Close),
        NO_RESPONSE,
    ),
];
