//! A server that misbehaves by script, byte by byte, and counts requests and connections.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The timeout of every wait in a test.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(60);

/// An action of the server after it has read a request.
#[derive(Debug, Clone)]
pub enum Action {
    Send(Vec<u8>),
    /// Sends one byte at a time.
    Drip(Vec<u8>),
    /// Sends nothing until the client closes the connection.
    Stall,
    /// Sends FIN and waits until the client closes the connection.
    HalfClose,
    Close,
    /// Resets the connection (RST).
    Reset,
}

/// A received request.
#[derive(Debug)]
pub struct Request {
    pub text: String,
    /// The number of the request over all connections, from 0.
    pub number: usize,
}

impl Request {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.text, name)
    }
}

/// The server's counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub requests: usize,
    /// All connections so far.
    pub connections: usize,
    /// Connections that are open.
    pub open: usize,
    /// HTTP/2 streams that the client has reset.
    pub resets: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<watch::Sender<Counts>>);

impl Counter {
    pub fn requests(&self) -> usize {
        self.0.borrow().requests
    }

    pub fn connections(&self) -> usize {
        self.0.borrow().connections
    }

    /// Counts a request and returns the number of earlier ones.
    pub fn request(&self) -> usize {
        let mut before = 0;
        self.0.send_modify(|counts| {
            before = counts.requests;
            counts.requests += 1;
        });
        before
    }

    pub fn reset(&self) {
        self.0.send_modify(|counts| counts.resets += 1);
    }
}

/// Counts a connection as open until it is dropped.
struct OpenConnection(Counter);

impl OpenConnection {
    fn count(counter: &Counter) -> Self {
        counter.0.send_modify(|counts| {
            counts.connections += 1;
            counts.open += 1;
        });
        Self(counter.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.0.send_modify(|counts| counts.open -= 1);
    }
}

/// A server on an ephemeral port. Dropping it stops listening and keeps the connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    counter: Counter,
    listening: JoinHandle<()>,
}

impl Server {
    /// Starts an HTTP/1.1 server that handles every request by `script`.
    pub async fn start(script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> Self {
        let script = Arc::new(script);
        Self::serving(move |socket, counter| {
            let script = Arc::clone(&script);
            async move { serve_http1(socket, &*script, &counter).await }
        })
        .await
    }

    /// Starts a server that passes every connection to `serve`.
    pub async fn serving<F>(serve: impl Fn(TcpStream, Counter) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let counter = Counter::default();
        let counts = counter.clone();
        let listening = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                socket.set_nodelay(true).unwrap();
                let open = OpenConnection::count(&counts);
                let serving = serve(socket, counts.clone());
                tokio::spawn(async move {
                    serving.await;
                    drop(open);
                });
            }
        });
        Self {
            address,
            counter,
            listening,
        }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn counts(&self) -> Counts {
        *self.counter.0.borrow()
    }

    /// Waits until the counters satisfy `wanted`.
    pub async fn until(&self, wanted: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.counter.0.subscribe();
        let reached = timeout(TEST_TIMEOUT, counts.wait_for(wanted)).await;
        *reached
            .unwrap_or_else(|_| panic!("it stays at {:?}", self.counts()))
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn serve_http1(
    mut socket: TcpStream,
    script: &(dyn Fn(&Request) -> Vec<Action> + Send + Sync),
    counter: &Counter,
) {
    while let Some(text) = read_request(&mut socket).await {
        let number = counter.request();
        for act in script(&Request { text, number }) {
            if perform(act, &mut socket).await.is_break() {
                return;
            }
        }
    }
}

/// Performs one action. Breaks when the connection has ended.
async fn perform(act: Action, socket: &mut TcpStream) -> ControlFlow<()> {
    let sent = match act {
        Action::Send(bytes) => socket.write_all(&bytes).await,
        Action::Drip(bytes) => drip(socket, &bytes).await,
        Action::Stall => {
            wait_for_close(socket).await;
            return ControlFlow::Break(());
        }
        Action::HalfClose => {
            let _ = socket.shutdown().await;
            wait_for_close(socket).await;
            return ControlFlow::Break(());
        }
        Action::Close => return ControlFlow::Break(()),
        Action::Reset => {
            socket.set_zero_linger().unwrap();
            return ControlFlow::Break(());
        }
    };
    if sent.is_ok() {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

async fn drip(socket: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        socket.write_all(&[*byte]).await?;
        tokio::task::yield_now().await; // so that the client usually reads the byte alone
    }
    Ok(())
}

/// Waits until the client closes or resets the connection.
pub async fn wait_for_close(socket: &mut TcpStream) {
    let mut rest = [0; 1024];
    while matches!(socket.read(&mut rest).await, Ok(read) if read > 0) {}
}

/// Reads one request with its body, or returns `None` if the connection has ended.
pub async fn read_request(socket: &mut TcpStream) -> Option<String> {
    const HEAD_END: &[u8] = b"\r\n\r\n";
    let mut read = Vec::new();
    let head = loop {
        if let Some(at) = read.windows(4).position(|bytes| bytes == HEAD_END) {
            break at + HEAD_END.len();
        }
        match socket.read_buf(&mut read).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    };
    let text = String::from_utf8_lossy(&read[..head]).into_owned();
    let length = header(&text, "content-length").map(|length| length.parse::<usize>().unwrap());
    let is_chunked = header(&text, "transfer-encoding").is_some();
    while match length {
        Some(length) => read.len() < head + length,
        None => is_chunked && !read.ends_with(b"0\r\n\r\n"),
    } {
        match socket.read_buf(&mut read).await {
            Ok(0) | Err(_) => return None,
            Ok(_) => {}
        }
    }
    Some(text)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
