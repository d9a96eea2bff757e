//! An HTTP/2 server that writes its frames itself, so that a response can end in any way.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{Counter, Server};

const PREFACE: usize = 24;
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// The end of a response.
#[derive(Debug, Clone, Copy)]
pub enum Ending {
    /// The end of the stream.
    EndStream,
    /// The end of the stream, then a reset with NO_ERROR, as after a response to a request that is
    /// not read to its end.
    EndStreamAndReset,
    /// A reset with this error code.
    Reset(u32),
    /// GOAWAY with NO_ERROR, which claims that the stream was not processed, then a close.
    GoAwayBelowAndClose,
    /// GOAWAY with NO_ERROR that includes the stream, then a close.
    GoAwayAndClose,
    Close,
}

/// A response, written after the head of a request has arrived.
#[derive(Debug, Clone)]
pub struct RawResponse {
    pub content_type: &'static str,
    pub content_length: Option<usize>,
    pub data: String,
    pub ending: Ending,
}

/// Starts a server that sends `response` for every request.
pub async fn start(response: RawResponse) -> Server {
    Server::serving(move |socket, counter| {
        let response = response.clone();
        async move {
            let _ = serve(socket, counter, response).await;
        }
    })
    .await
}

async fn serve(
    mut socket: TcpStream,
    counter: Counter,
    response: RawResponse,
) -> std::io::Result<()> {
    socket.read_exact(&mut [0; PREFACE]).await?;
    socket.write_all(&frame(SETTINGS, 0, 0, &[])).await?;
    loop {
        let mut header = [0; FRAME_HEADER];
        socket.read_exact(&mut header).await?;
        let [high, middle, low, kind, _, stream @ ..] = header;
        let length = u32::from_be_bytes([0, high, middle, low]);
        socket.read_exact(&mut vec![0; length as usize]).await?;
        if kind == HEADERS {
            counter.request();
            let stream = u32::from_be_bytes(stream);
            socket.write_all(&frames(&response, stream)).await?;
            if response.ending.closes() {
                return Ok(());
            }
        }
    }
}

impl Ending {
    fn closes(self) -> bool {
        matches!(
            self,
            Self::GoAwayBelowAndClose | Self::GoAwayAndClose | Self::Close
        )
    }
}

fn frames(response: &RawResponse, stream: u32) -> Vec<u8> {
    const INDEXED_STATUS_200: u8 = 0x88;
    const CONTENT_LENGTH: [u8; 2] = [0x0f, 28 - 15];
    const CONTENT_TYPE: [u8; 2] = [0x0f, 31 - 15];
    let mut head = vec![INDEXED_STATUS_200];
    let length = response.content_length.map(|length| length.to_string());
    for (name, value) in [
        (CONTENT_TYPE, Some(response.content_type.to_owned())),
        (CONTENT_LENGTH, length),
    ] {
        if let Some(value) = value {
            head.extend(name);
            head.push(u8::try_from(value.len()).unwrap());
            head.extend(value.bytes());
        }
    }
    let ends = matches!(
        response.ending,
        Ending::EndStream | Ending::EndStreamAndReset
    );
    let flags = if ends { END_STREAM } else { 0 };
    let ending = match response.ending {
        Ending::EndStream | Ending::Close => Vec::new(),
        Ending::EndStreamAndReset => frame(RST_STREAM, 0, stream, &[0; 4]),
        Ending::Reset(code) => frame(RST_STREAM, 0, stream, &code.to_be_bytes()),
        Ending::GoAwayBelowAndClose => frame(GOAWAY, 0, 0, &[0; 8]),
        Ending::GoAwayAndClose => {
            let payload = [stream.to_be_bytes(), [0; 4]].concat();
            frame(GOAWAY, 0, 0, &payload)
        }
    };
    [
        frame(HEADERS, END_HEADERS, stream, &head),
        frame(DATA, flags, stream, response.data.as_bytes()),
        ending,
    ]
    .concat()
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, high, middle, low] = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![high, middle, low, kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}
