//! A minimal HTTP/1.1 client over a plain socket, which shows frames and broken connections as
//! they are.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use http::HeaderMap;
use mistral_emulator::Emulator;
use serde_json::{Value, json};

/// Long enough for any response, short enough to notice one that never arrives.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The idle time after which [`RequestBuilder::read_until_idle`] ends the response.
const IDLE_TIMEOUT: Duration = Duration::from_millis(60);

/// The reason why reading a response body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyEnd {
    /// The body was complete according to its framing.
    Complete,
    /// The connection closed before the end of the body.
    Closed,
    /// The connection stayed open and idle.
    Idle,
}

#[derive(Debug)]
pub(crate) struct RawResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as it was framed: one entry per chunk, or one for all of it.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) end: BodyEnd,
}

impl RawResponse {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.frames.concat()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.frames.concat()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name}"))
            .to_str()
            .unwrap()
    }

    /// Returns the data of every event. Each event must be a chunk of its own.
    pub(crate) fn events(&self) -> Vec<String> {
        let events = self.frames.iter().map(|frame| {
            let text = std::str::from_utf8(frame).unwrap();
            let data = text
                .strip_prefix("data: ")
                .and_then(|text| text.strip_suffix("\n\n"));
            data.unwrap_or_else(|| panic!("not one event: {text:?}"))
                .to_owned()
        });
        events.collect()
    }

    /// Returns the JSON of every event of a complete stream, without `[DONE]`.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        assert_eq!(events.pop().as_deref(), Some("[DONE]"));
        events
            .iter()
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }
}

/// A request under construction.
#[derive(Debug, Clone)]
pub(crate) struct RequestBuilder {
    port: u16,
    head: String,
    body: Vec<u8>,
    read_timeout: Duration,
}

/// Creates a request without a key.
pub(crate) fn anonymous_request(emulator: &Emulator, method: &str, path: &str) -> RequestBuilder {
    without_key(emulator.port(), method, path)
}

/// Creates a request with the emulator's key.
pub(crate) fn api_request(emulator: &Emulator, method: &str, path: &str) -> RequestBuilder {
    request_to_port(emulator.port(), emulator.api_key(), method, path)
}

/// Creates a request to a port of the loopback interface.
pub(crate) fn request_to_port(port: u16, key: &str, method: &str, path: &str) -> RequestBuilder {
    without_key(port, method, path).header("authorization", &format!("Bearer {key}"))
}

fn without_key(port: u16, method: &str, path: &str) -> RequestBuilder {
    RequestBuilder {
        port,
        head: format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"),
        body: Vec::new(),
        read_timeout: READ_TIMEOUT,
    }
}

impl RequestBuilder {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(&body.to_string())
    }

    pub(crate) fn body(self, body: &str) -> Self {
        self.bytes(body.as_bytes())
    }

    pub(crate) fn bytes(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self.header("content-length", &body.len().to_string())
    }

    /// Sets a multipart form: text fields, followed by one file.
    pub(crate) fn form(self, fields: &[(&str, &str)], file: &str, content: &[u8]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!(
                    "--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
        body.extend_from_slice(
            format!("--edge\r\ncontent-disposition: form-data; name=\"file\"; {file}\r\n\r\n")
                .as_bytes(),
        );
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n--edge--\r\n");
        self.header("content-type", "multipart/form-data; boundary=edge")
            .bytes(&body)
    }

    /// Ends the response after a short idle time.
    pub(crate) fn read_until_idle(mut self) -> Self {
        self.read_timeout = IDLE_TIMEOUT;
        self
    }

    pub(crate) fn send(&self) -> RawResponse {
        self.try_send()
            .expect("the connection closed without a response")
    }

    /// Sends the request. Returns `None` if the connection closes without a response.
    pub(crate) fn try_send(&self) -> Option<RawResponse> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(READ_TIMEOUT)).unwrap();
        stream
            .write_all(format!("{}\r\n", self.head).as_bytes())
            .unwrap();
        stream.write_all(&self.body).unwrap();
        let mut reader = Reader {
            stream,
            buffer: Vec::new(),
        };
        let head = reader.read_head()?;
        reader
            .stream
            .set_read_timeout(Some(self.read_timeout))
            .unwrap();
        let (status, headers) = parse_head(&head);
        // A response with this status has no body, whatever its headers are.
        let (frames, end) = match status {
            204 => (Vec::new(), BodyEnd::Complete),
            _ => reader.read_frames(&headers),
        };
        Some(RawResponse {
            status,
            headers,
            frames,
            end,
        })
    }
}

fn parse_head(head: &str) -> (u16, HeaderMap) {
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let mut headers = HeaderMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ").unwrap();
        let name = http::HeaderName::try_from(name).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    (status, headers)
}

struct Reader {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads more bytes, or returns the reason why there are none.
    fn fill_buffer(&mut self) -> Result<(), BodyEnd> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(BodyEnd::Closed),
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(BodyEnd::Idle)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(BodyEnd::Closed),
            Err(error) => panic!("{error}"),
        }
    }

    fn read_until(&mut self, marker: &[u8]) -> Result<Vec<u8>, BodyEnd> {
        loop {
            let found = self
                .buffer
                .windows(marker.len())
                .position(|window| window == marker);
            if let Some(start) = found {
                let mut taken: Vec<u8> = self.buffer.drain(..start + marker.len()).collect();
                taken.truncate(start);
                return Ok(taken);
            }
            self.fill_buffer()?;
        }
    }

    fn read_head(&mut self) -> Option<String> {
        match self.read_until(b"\r\n\r\n") {
            Ok(head) => Some(String::from_utf8(head).unwrap()),
            Err(BodyEnd::Closed) => {
                assert!(
                    self.buffer.is_empty(),
                    "the response is truncated in its head"
                );
                None
            }
            Err(end) => panic!("no response: {end:?}"),
        }
    }

    /// Reads `count` bytes, or fewer if the connection ends.
    fn read_exact(&mut self, count: usize) -> (Vec<u8>, BodyEnd) {
        while self.buffer.len() < count {
            if let Err(end) = self.fill_buffer() {
                return (std::mem::take(&mut self.buffer), end);
            }
        }
        (self.buffer.drain(..count).collect(), BodyEnd::Complete)
    }

    fn read_frames(&mut self, headers: &HeaderMap) -> (Vec<Vec<u8>>, BodyEnd) {
        if let Some(length) = headers.get("content-length") {
            let length = length.to_str().unwrap().parse().unwrap();
            let (body, end) = self.read_exact(length);
            return (vec![body], end);
        }
        // A 204 has no body.
        let Some(encoding) = headers.get("transfer-encoding") else {
            return (Vec::new(), BodyEnd::Complete);
        };
        assert_eq!(encoding, "chunked");
        let mut frames = Vec::new();
        loop {
            let size = match self.read_until(b"\r\n") {
                Ok(size) => usize::from_str_radix(std::str::from_utf8(&size).unwrap(), 16).unwrap(),
                Err(end) => return (frames, end),
            };
            let (mut frame, end) = self.read_exact(size + 2);
            if end != BodyEnd::Complete {
                return (frames, end);
            }
            frame.truncate(size);
            if size == 0 {
                return (frames, BodyEnd::Complete);
            }
            frames.push(frame);
        }
    }
}

/// Uploads a file and returns its JSON. Panics unless the status is 200.
pub(crate) fn upload(emulator: &Emulator, purpose: &str, name: &str, content: &[u8]) -> Value {
    let response = api_request(emulator, "POST", "/v1/files")
        .form(
            &[("purpose", purpose)],
            &format!("filename=\"{name}\""),
            content,
        )
        .send();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Returns the JSON of a GET request. Panics unless the status is 200.
#[track_caller]
pub(crate) fn get(emulator: &Emulator, path: &str) -> Value {
    let response = api_request(emulator, "GET", path).send();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

pub(crate) fn start() -> Emulator {
    Emulator::start().unwrap()
}

/// Creates a chat request with one user message.
pub(crate) fn chat_request(text: &str) -> Value {
    json!({
        "model": "mistral-small-latest",
        "messages": [{"role": "user", "content": text}],
    })
}

/// Creates a chat request with one user message and further fields.
pub(crate) fn chat_request_with(text: &str, members: &Value) -> Value {
    let mut request = chat_request(text);
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

pub(crate) fn post_chat(emulator: &Emulator, request: &Value) -> RawResponse {
    api_request(emulator, "POST", "/v1/chat/completions")
        .json(request)
        .send()
}

/// Returns the unary completion of a chat request. Panics unless the status is 200.
pub(crate) fn complete(request: &Value) -> Value {
    let response = post_chat(&start(), request);
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()
}

/// Returns the chunks of a chat request that is streamed. Panics unless the status is 200.
pub(crate) fn stream_chat(request: &Value) -> Vec<Value> {
    let mut request = request.clone();
    request["stream"] = true.into();
    let response = post_chat(&start(), &request);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    response.chunks()
}

/// Creates a function tool.
pub(crate) fn tool(name: &str, parameters: &Value) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}
