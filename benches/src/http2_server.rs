//! A server of HTTP/2 without TLS whose responses are in memory. It does as little as the protocol
//! allows, so that the client is measured.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

const PREFACE: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
const HEADER: usize = 9;
/// The largest payload of a frame, unless the client allows more.
const MAX_PAYLOAD: usize = 16 * 1024;
/// The window of a stream, unless the client sets another one.
const WINDOW: i64 = 65_535;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
/// Of DATA and HEADERS: it is the last frame of the stream.
const END_STREAM: u8 = 1;
/// Of SETTINGS and PING.
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// `:status: 200`, and the name `content-type` of a header without indexing.
const RESPONSE_HEAD: &[u8] = b"\x88\x0f\x10";

/// Starts the server and returns its URL. Every request gets `response`.
pub(crate) fn start(content_type: &'static str, response: Vec<u8>) -> String {
    let length = u8::try_from(content_type.len()).unwrap();
    let head = [RESPONSE_HEAD, &[length], content_type.as_bytes()].concat();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for socket in listener.incoming().map_while(Result::ok) {
            // A connection ends with an error when the client closes it.
            Connection::new(socket)
                .and_then(|mut connection| connection.serve(&head, &response))
                .unwrap_or_default();
        }
    });
    url
}

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
}

struct Connection {
    socket: TcpStream,
    initial_window: i64,
    /// The part of the current stream's window that is left.
    window: i64,
    /// The number of bytes of requests since the client was last allowed to send more.
    received: usize,
}

impl Connection {
    fn new(mut socket: TcpStream) -> io::Result<Self> {
        socket.set_nodelay(true)?;
        socket.read_exact(&mut [0; PREFACE])?;
        let mut connection = Self {
            socket,
            initial_window: WINDOW,
            window: WINDOW,
            received: 0,
        };
        connection.write(SETTINGS, 0, 0, &[])?;
        Ok(connection)
    }

    /// Answers one request after the other.
    fn serve(&mut self, head: &[u8], response: &[u8]) -> io::Result<()> {
        loop {
            let frame = self.read()?;
            let is_request = matches!(frame.kind, DATA | HEADERS) && frame.flags & END_STREAM != 0;
            if is_request {
                self.window = self.initial_window;
                self.respond(frame.stream, head, response)?;
            }
        }
    }

    fn respond(&mut self, stream: u32, head: &[u8], response: &[u8]) -> io::Result<()> {
        self.write(HEADERS, END_HEADERS, stream, head)?;
        for payload in response.chunks(MAX_PAYLOAD) {
            let length = i64::try_from(payload.len()).map_err(io::Error::other)?;
            while self.window < length {
                self.read()?;
            }
            self.window -= length;
            self.write(DATA, 0, stream, payload)?;
        }
        self.write(DATA, END_STREAM, stream, &[])
    }

    /// Reads a frame, and does what those of the connection ask for.
    fn read(&mut self) -> io::Result<Frame> {
        let mut header = [0; HEADER];
        self.socket.read_exact(&mut header)?;
        let [a, b, c, kind, flags, stream @ ..] = header;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.socket.read_exact(&mut payload)?;
        let stream = u32::from_be_bytes(stream);
        match kind {
            SETTINGS if flags & ACK == 0 => {
                for setting in payload.chunks_exact(6) {
                    let (id, value) = setting.split_at(2);
                    if id == INITIAL_WINDOW_SIZE.to_be_bytes() {
                        self.initial_window = number(value);
                    }
                }
                self.write(SETTINGS, ACK, 0, &[])?;
            }
            DATA => self.allow_more(payload.len())?,
            PING if flags & ACK == 0 => self.write(PING, ACK, 0, &payload)?,
            // The window of the connection is larger than any response here.
            WINDOW_UPDATE if stream != 0 => self.window += number(&payload),
            _ => {}
        }
        Ok(Frame {
            kind,
            flags,
            stream,
        })
    }

    /// Widens the window of the connection by the length of the requests that were received.
    fn allow_more(&mut self, length: usize) -> io::Result<()> {
        self.received += length;
        if self.received < MAX_PAYLOAD {
            return Ok(());
        }
        let received = u32::try_from(self.received).map_err(io::Error::other)?;
        self.received = 0;
        self.write(WINDOW_UPDATE, 0, 0, &received.to_be_bytes())
    }

    fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
        let [_, a, b, c] = length.to_be_bytes();
        let mut frame = vec![a, b, c, kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.socket.write_all(&frame)
    }
}

/// Reads a number of four bytes.
fn number(bytes: &[u8]) -> i64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | i64::from(*byte))
}
