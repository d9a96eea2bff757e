//! What can go wrong, and what must come of it: the matrix as data.
//!
//! The expectations follow from the rules alone: a request that surely was not received is
//! repeated whatever it does; a reading request also when it may have been; inference and
//! requests with effects then are not. An answer that arrived is never asked for again
//! unless its status says that trying once more may help.

use h2::Reason;
use mistral_sdk::ErrorKind;
use mistral_sdk::error::TimeoutPhase;

use super::answers::{
    GZIP, announced, chunk, cut, good, good_parts, head, sized, sized_error_head, sized_head,
    unended, unsized_answer, untyped,
};
use super::http2;
use super::operation::Operation;
use super::server::Act;

/// A fault, and for each of [`OPERATIONS`](super::operation::OPERATIONS) what comes of it.
pub struct Row {
    pub name: &'static str,
    pub fault: Fault,
    pub wants: [Want; 4],
    /// What the message of every error says.
    pub says: &'static str,
}

pub enum Fault {
    /// What is done with every request.
    Always(fn(Operation) -> Vec<Act>),
    /// What is done with the first request; the others are answered well.
    Once(fn(Operation) -> Vec<Act>),
    Http2Always(http2::Act),
    Http2Once(http2::Act),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    pub end: End,
    pub requests: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Ok,
    Fails(ErrorKind),
    /// [`ErrorKind::Timeout`] in this phase.
    Late(TimeoutPhase),
}

const fn ok(requests: usize) -> Want {
    let end = End::Ok;
    Want { end, requests }
}

const fn fails(kind: ErrorKind, requests: usize) -> Want {
    let end = End::Fails(kind);
    Want { end, requests }
}

const fn late(phase: TimeoutPhase, requests: usize) -> Want {
    let end = End::Late(phase);
    Want { end, requests }
}

const fn row(name: &'static str, fault: Fault, wants: [Want; 4]) -> Row {
    let says = "";
    Row {
        name,
        fault,
        wants,
        says,
    }
}

impl Row {
    const fn says(mut self, says: &'static str) -> Self {
        self.says = says;
        self
    }
}

use ErrorKind::{Config, Connection, Decode, InvalidRequest, Overloaded, TooLarge, Truncated};
use Fault::{Always, Http2Always, Http2Once, Once};
use TimeoutPhase::{FirstByte, Idle, Total};

/// Nothing of an answer arrived, and the request may have been received.
pub const UNCONFIRMED: [Want; 4] = [
    fails(Connection, 3),
    fails(Connection, 1),
    fails(Connection, 1),
    fails(Connection, 1),
];
/// The head arrived, and not all of the body.
pub const BROKEN: [Want; 4] = [
    fails(Connection, 3),
    fails(Connection, 1),
    fails(Truncated, 1),
    fails(Connection, 1),
];
/// No head came in time.
pub const NO_HEAD: [Want; 4] = [
    late(FirstByte, 3),
    late(FirstByte, 1),
    late(FirstByte, 1),
    late(FirstByte, 1),
];
/// The head came in time, and then no more.
pub const NO_BODY: [Want; 4] = [late(Total, 1), late(Total, 1), late(Idle, 1), late(Idle, 1)];
/// The server did not look at the first request.
const REPEATED: [Want; 4] = [ok(2); 4];
const FINE: [Want; 4] = [ok(1); 4];
const UNREADABLE: [Want; 4] = [fails(Decode, 1); 4];

pub const ROWS: &[Row] = &[
    row("no fault", Always(|it| vec![Act::Send(good(it))]), FINE),
    // Time.
    row("no answer, ever", Always(|_| vec![Act::Stall]), NO_HEAD),
    row(
        "silence after the head",
        Always(|it| vec![Act::Send(good_parts(it).0), Act::Stall]),
        NO_BODY,
    ),
    row(
        "silence in the body",
        Always(|it| cut(it, Act::Stall)),
        NO_BODY,
    ),
    row(
        "a byte at a time",
        Always(|it| vec![Act::Drip(good(it))]),
        FINE,
    ),
    row(
        "a byte at a time, without a content type",
        Always(|it| vec![Act::Drip(untyped(it).into_bytes()), Act::HalfClose]),
        FINE,
    ),
    // Connections that end.
    row(
        "reset before the head",
        Always(|_| vec![Act::Reset]),
        UNCONFIRMED,
    ),
    row(
        "close before the head",
        Always(|_| vec![Act::Close]),
        UNCONFIRMED,
    ),
    row(
        "reset after the head",
        Always(|it| vec![Act::Send(good_parts(it).0), Act::Reset]),
        BROKEN,
    ),
    row(
        "close after the head",
        Always(|it| vec![Act::Send(good_parts(it).0), Act::Close]),
        BROKEN,
    ),
    row(
        "reset in the body",
        Always(|it| cut(it, Act::Reset)),
        BROKEN,
    ),
    row(
        "close in the body",
        Always(|it| cut(it, Act::Close)),
        BROKEN,
    ),
    row(
        "reset before the head, once",
        Once(|_| vec![Act::Reset]),
        [
            ok(2),
            fails(Connection, 1),
            fails(Connection, 1),
            fails(Connection, 1),
        ],
    ),
    row(
        "no length: the end of the connection ends the body",
        Always(|it| vec![Act::Send(unsized_answer(it)), Act::HalfClose]),
        FINE,
    ),
    // Lengths that are wrong.
    row(
        "announced too long, then closed",
        Always(|it| announced(it, 10, Act::Close)),
        [
            fails(Connection, 3),
            fails(Connection, 1),
            ok(1), // the end mark was read
            fails(Connection, 1),
        ],
    ),
    row(
        "announced too long, then silent",
        Always(|it| announced(it, 10, Act::Stall)),
        [late(Total, 1), late(Total, 1), ok(1), late(Idle, 1)],
    ),
    row(
        "announced too short",
        Always(|it| announced(it, -40, Act::Close)),
        [
            fails(Decode, 1),
            fails(Decode, 1),
            fails(Truncated, 1),
            fails(Decode, 1),
        ],
    ),
    row(
        "all chunks but the last, then closed",
        Always(|it| unended(it, Act::Close)),
        [
            fails(Connection, 3),
            fails(Connection, 1),
            ok(1),
            fails(Connection, 1),
        ],
    ),
    row(
        "all chunks but the last, then silent",
        Always(|it| unended(it, Act::Stall)),
        [late(Total, 1), late(Total, 1), ok(1), late(Idle, 1)],
    ),
    row(
        "no body at all",
        Always(|it| vec![Act::Send(sized_head(it, 0))]),
        [
            fails(Decode, 1),
            fails(Decode, 1),
            fails(Truncated, 1),
            fails(Decode, 1),
        ],
    ),
    // Answers that are something else.
    row(
        "informational answers first",
        Always(|it| {
            let early =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
            vec![Act::Send([early.as_bytes(), &good(it)].concat())]
        }),
        FINE,
    ),
    row(
        "not HTTP",
        Always(|_| vec![Act::Send(b"SSH-2.0-x\r\n".to_vec()), Act::Close]),
        UNCONFIRMED,
    ),
    row(
        "an HTML page",
        Always(|_| {
            vec![Act::Send(sized(
                "200 OK",
                "text/html",
                "",
                b"<title>Log in</title>",
            ))]
        }),
        UNREADABLE,
    ),
    row(
        "JSON for events, events for JSON",
        Always(|it| {
            let other = match it {
                Operation::Stream => Operation::Complete,
                _ => Operation::Stream,
            };
            vec![Act::Send(sized(
                "200 OK",
                other.content_type(),
                "",
                other.body().as_bytes(),
            ))]
        }),
        UNREADABLE,
    ),
    row(
        "compressed, although nobody asked",
        Always(|it| {
            let more = "content-encoding: gzip\r\n";
            vec![Act::Send(sized("200 OK", it.content_type(), more, &GZIP))]
        }),
        UNREADABLE,
    )
    .says("gzip"),
    row(
        "an error, compressed",
        Always(|_| {
            let more = "content-encoding: gzip\r\n";
            vec![Act::Send(sized("422 x", "application/json", more, &GZIP))]
        }),
        [fails(InvalidRequest, 1); 4],
    )
    .says("gzip"),
    row(
        "a redirect to another origin",
        Always(|it| {
            let more = "location: http://127.0.0.1:1/v1/elsewhere\r\n";
            vec![Act::Send(sized("307 x", it.content_type(), more, b""))]
        }),
        [fails(Config, 1); 4],
    )
    .says("http://127.0.0.1:1/v1/elsewhere"),
    // Statuses, with bodies that do not arrive.
    row(
        "overloaded once",
        Once(|_| vec![Act::Send(sized("503 x", "text/plain", "", b"busy"))]),
        [ok(2), ok(2), ok(2), fails(Overloaded, 1)],
    ),
    row(
        "overloaded, reset in the body",
        Always(|_| vec![Act::Send(sized_error_head("503 x")), Act::Reset]),
        [
            fails(Overloaded, 3),
            fails(Overloaded, 3),
            fails(Overloaded, 3),
            fails(Overloaded, 1),
        ],
    ),
    row(
        "refused, closed in the body",
        Always(|_| vec![Act::Send(sized_error_head("400 x")), Act::Close]),
        [fails(InvalidRequest, 1); 4],
    ),
    // Sizes.
    row(
        "a head of 1 MiB",
        Always(|it| {
            let more = format!("x-much: {}\r\n", "a".repeat(1024 * 1024));
            vec![
                Act::Send(sized("200 OK", it.content_type(), &more, b"")),
                Act::HalfClose,
            ]
        }),
        [fails(TooLarge, 1); 4],
    ),
    row(
        "an error body without end",
        Always(|_| {
            let start = head("400 x", "text/plain", "transfer-encoding: chunked\r\n").into_bytes();
            let piece = chunk(&"x".repeat(64 * 1024));
            vec![Act::Send([start, piece.repeat(32)].concat()), Act::Stall]
        }),
        [fails(InvalidRequest, 1); 4],
    ),
    // HTTP/2.
    row("HTTP/2: no fault", Http2Always(http2::Act::Answer), FINE),
    row(
        "HTTP/2: no answer, ever",
        Http2Always(http2::Act::Stall),
        NO_HEAD,
    ),
    row(
        "HTTP/2: refused once",
        Http2Once(http2::Act::Reset(Reason::REFUSED_STREAM)),
        REPEATED,
    ),
    row(
        "HTTP/2: refused",
        Http2Always(http2::Act::Reset(Reason::REFUSED_STREAM)),
        [
            fails(Connection, 3),
            fails(Connection, 3),
            fails(Connection, 3),
            fails(Connection, 3),
        ],
    ),
    row(
        "HTTP/2: the server leaves, unseen",
        Http2Once(http2::Act::LeaveUnseen),
        REPEATED,
    ),
    row(
        "HTTP/2: the server leaves, and answers",
        Http2Always(http2::Act::LeaveAndAnswer),
        FINE,
    ),
    row(
        "HTTP/2: the server leaves with an error",
        Http2Always(http2::Act::LeaveAbruptly(Reason::INTERNAL_ERROR)),
        UNCONFIRMED,
    ),
    row(
        "HTTP/2: reset before the head",
        Http2Always(http2::Act::Reset(Reason::INTERNAL_ERROR)),
        UNCONFIRMED,
    ),
    row(
        "HTTP/2: reset in the body",
        Http2Always(http2::Act::ResetInBody(Reason::INTERNAL_ERROR)),
        BROKEN,
    ),
    row(
        "HTTP/2: close before the head",
        Http2Always(http2::Act::Close),
        UNCONFIRMED,
    ),
];
