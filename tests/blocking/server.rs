//! A server that a test scripts, one connection at a time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::Duration;

use mistral_sdk::MistralApi;

/// The timeout of every wait in a test.
pub(crate) const TEST_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) const EVENT: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n";
pub(crate) const DONE: &str = "data: [DONE]\n\n";

pub(crate) struct Server(TcpListener);

impl Server {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn api(&self) -> MistralApi {
        let url = format!("http://{}", self.0.local_addr().unwrap());
        MistralApi::new("key").unwrap().base_url(&url).unwrap()
    }

    /// Runs `script` on a new thread.
    pub(crate) fn run_script<T: Send + 'static>(
        self,
        script: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> JoinHandle<T> {
        std::thread::spawn(move || script(&self))
    }

    pub(crate) fn accept(&self) -> Connection {
        let (socket, _) = self.0.accept().unwrap();
        socket.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        socket.set_nodelay(true).unwrap();
        Connection(socket)
    }
}

pub(crate) struct Connection(TcpStream);

impl Connection {
    /// Reads one request, or returns `None` if the client has closed the connection.
    pub(crate) fn request(&mut self) -> Option<String> {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let text = String::from_utf8_lossy(&request);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is_length = name.eq_ignore_ascii_case("content-length");
                    is_length.then(|| value.trim().parse::<usize>().unwrap())
                });
                if body.len() >= length.unwrap_or_default() {
                    return Some(text.into_owned());
                }
            }
            match self.0.read(&mut buffer).unwrap() {
                0 => return None,
                read => request.extend_from_slice(&buffer[..read]),
            }
        }
    }

    pub(crate) fn respond(&mut self, body: &str) {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        self.send(&(head + body));
    }

    pub(crate) fn begin_stream(&mut self) {
        self.send(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
             transfer-encoding: chunked\r\n\r\n",
        );
    }

    pub(crate) fn chunk(&mut self, text: &str) {
        self.send(&format!("{:x}\r\n{text}\r\n", text.len()));
    }

    pub(crate) fn end_stream(&mut self) {
        self.send(&format!("{:x}\r\n{DONE}\r\n0\r\n\r\n", DONE.len()));
    }

    fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }

    /// Waits until the client has closed the connection.
    pub(crate) fn wait_for_close(mut self) {
        let end = self.0.read(&mut [0]);
        let is_gone = |kind| {
            use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
            [BrokenPipe, ConnectionAborted, ConnectionReset].contains(&kind)
        };
        match end {
            Ok(read) => assert_eq!(read, 0),
            Err(error) => assert!(is_gone(error.kind()), "{error}"),
        }
    }
}
