//! A small HTTP/1.1 client over a plain socket, so that nothing is smoothed over.

#![allow(dead_code, reason = "no test file uses all of it")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use http::HeaderMap;
use mistral_emulator::Emulator;
use serde_json::{Value, json};

/// Long enough for any answer, short enough to notice one that never comes.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing must come for a connection to count as silent.
const SILENCE: Duration = Duration::from_millis(60);

/// How the reading of an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The body came to the end that its framing promised.
    Complete,
    /// The connection closed before that.
    Closed,
    /// The connection stayed open and nothing more came.
    Silent,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as it was framed: one entry per chunk, or one for all of it.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) end: End,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.frames.concat()).unwrap()
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

    /// The data of every event, each of which must be a frame of its own.
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

    /// The chunks of a whole stream, without its end marker.
    pub(crate) fn chunks(&self) -> Vec<Value> {
        let mut events = self.events();
        assert_eq!(events.pop().as_deref(), Some("[DONE]"));
        events
            .iter()
            .map(|event| serde_json::from_str(event).unwrap())
            .collect()
    }
}

/// A request that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    port: u16,
    head: String,
    body: Vec<u8>,
    waits_for: Duration,
}

/// A request without key and body.
pub(crate) fn bare(emulator: &Emulator, method: &str, path: &str) -> Call {
    without_key(emulator.port(), method, path)
}

/// A request with the emulator's key.
pub(crate) fn call(emulator: &Emulator, method: &str, path: &str) -> Call {
    at(emulator.port(), emulator.api_key(), method, path)
}

/// A request to any port.
pub(crate) fn at(port: u16, key: &str, method: &str, path: &str) -> Call {
    without_key(port, method, path).header("authorization", &format!("Bearer {key}"))
}

fn without_key(port: u16, method: &str, path: &str) -> Call {
    Call {
        port,
        head: format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"),
        body: Vec::new(),
        waits_for: PATIENCE,
    }
}

impl Call {
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

    /// Takes a short silence for the end of the answer.
    pub(crate) fn until_silence(mut self) -> Self {
        self.waits_for = SILENCE;
        self
    }

    pub(crate) fn send(&self) -> Answer {
        self.try_send()
            .expect("the connection closed without an answer")
    }

    /// `None` when the connection closes without an answer.
    pub(crate) fn try_send(&self) -> Option<Answer> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
            .write_all(format!("{}\r\n", self.head).as_bytes())
            .unwrap();
        stream.write_all(&self.body).unwrap();
        let mut reader = Reader {
            stream,
            buffer: Vec::new(),
        };
        let head = reader.line_block()?;
        reader
            .stream
            .set_read_timeout(Some(self.waits_for))
            .unwrap();
        let (status, headers) = parse_head(&head);
        let (frames, end) = reader.frames(&headers);
        Some(Answer {
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
    /// Reads more, or says how the connection ended.
    fn more(&mut self) -> Result<(), End> {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.buffer.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Err(End::Silent)
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Err(End::Closed),
            Err(error) => panic!("{error}"),
        }
    }

    fn until(&mut self, marker: &[u8]) -> Result<Vec<u8>, End> {
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
            self.more()?;
        }
    }

    fn line_block(&mut self) -> Option<String> {
        match self.until(b"\r\n\r\n") {
            Ok(head) => Some(String::from_utf8(head).unwrap()),
            Err(End::Closed) => {
                assert!(
                    self.buffer.is_empty(),
                    "an answer that breaks off in its head"
                );
                None
            }
            Err(end) => panic!("no answer: {end:?}"),
        }
    }

    /// Reads up to so many bytes; fewer when the connection ends.
    fn exactly(&mut self, count: usize) -> (Vec<u8>, End) {
        while self.buffer.len() < count {
            if let Err(end) = self.more() {
                return (std::mem::take(&mut self.buffer), end);
            }
        }
        (self.buffer.drain(..count).collect(), End::Complete)
    }

    fn frames(&mut self, headers: &HeaderMap) -> (Vec<Vec<u8>>, End) {
        if let Some(length) = headers.get("content-length") {
            let length = length.to_str().unwrap().parse().unwrap();
            let (body, end) = self.exactly(length);
            return (vec![body], end);
        }
        assert_eq!(headers.get("transfer-encoding").unwrap(), "chunked");
        let mut frames = Vec::new();
        loop {
            let size = match self.until(b"\r\n") {
                Ok(size) => usize::from_str_radix(std::str::from_utf8(&size).unwrap(), 16).unwrap(),
                Err(end) => return (frames, end),
            };
            let (mut frame, end) = self.exactly(size + 2);
            if end != End::Complete {
                return (frames, end);
            }
            frame.truncate(size);
            if size == 0 {
                return (frames, End::Complete);
            }
            frames.push(frame);
        }
    }
}

pub(crate) fn start() -> Emulator {
    Emulator::start().unwrap()
}

/// A chat request with one message of the user.
pub(crate) fn prompt(text: &str) -> Value {
    json!({
        "model": "mistral-small-latest",
        "messages": [{"role": "user", "content": text}],
    })
}

/// The same with further members.
pub(crate) fn prompt_with(text: &str, members: &Value) -> Value {
    let mut request = prompt(text);
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

pub(crate) fn chat(emulator: &Emulator, request: &Value) -> Answer {
    call(emulator, "POST", "/v1/chat/completions")
        .json(request)
        .send()
}

/// The completion that answers a request which must be good.
pub(crate) fn complete(request: &Value) -> Value {
    let answer = chat(&start(), request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The chunks that answer the same request streamed.
pub(crate) fn stream(request: &Value) -> Vec<Value> {
    let mut request = request.clone();
    request["stream"] = true.into();
    let answer = chat(&start(), &request);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        "text/event-stream; charset=utf-8"
    );
    answer.chunks()
}

/// A function tool.
pub(crate) fn tool(name: &str, parameters: &Value) -> Value {
    json!({"type": "function", "function": {"name": name, "parameters": parameters}})
}
