//! A server that misbehaves as it is told, byte by byte, and counts what comes in.

use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What the server does next, once it has read a request.
#[derive(Debug, Clone)]
pub enum Act {
    Send(Vec<u8>),
    /// One byte at a time.
    Drip(Vec<u8>),
    /// Nothing more until the client leaves.
    Stall,
    /// Sends the end (FIN) and waits for the client to leave.
    HalfClose,
    Close,
    /// Ends the connection without ceremony (RST).
    Reset,
}

/// A request as it was read.
#[derive(Debug)]
pub struct Request {
    pub text: String,
    /// Counted from 0 over all connections.
    pub number: usize,
}

impl Request {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.text, name)
    }
}

/// What the server has seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub requests: usize,
    /// Connections there have been in all.
    pub connections: usize,
    /// Connections that are open now.
    pub open: usize,
    /// Streams of HTTP/2 that the client has given up.
    pub resets: usize,
}

#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<watch::Sender<Counts>>);

impl Counter {
    pub fn requests(&self) -> usize {
        self.0.borrow().requests
    }

    /// Counts a request, and says how many there were before it.
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

/// A connection that is counted as open until this is dropped.
struct Open(Counter);

impl Open {
    fn count(counter: &Counter) -> Self {
        counter.0.send_modify(|counts| {
            counts.connections += 1;
            counts.open += 1;
        });
        Self(counter.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.0.send_modify(|counts| counts.open -= 1);
    }
}

/// A server on a port of its own. Dropping it ends the listening, not the connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    counter: Counter,
    listening: JoinHandle<()>,
}

impl Server {
    /// Speaks HTTP/1.1, and does with every request what `script` says.
    pub async fn start(script: impl Fn(&Request) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let script = Arc::new(script);
        Self::serving(move |socket, counter| {
            let script = Arc::clone(&script);
            async move { converse(socket, &*script, &counter).await }
        })
        .await
    }

    /// Hands every connection to `serve`.
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
                let open = Open::count(&counts);
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

    /// Waits until what the server has seen is as `wanted`.
    pub async fn until(&self, wanted: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.counter.0.subscribe();
        let reached = timeout(PATIENCE, counts.wait_for(wanted)).await;
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

async fn converse(
    mut socket: TcpStream,
    script: &(dyn Fn(&Request) -> Vec<Act> + Send + Sync),
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

/// Does one thing. Breaks when the connection is over.
async fn perform(act: Act, socket: &mut TcpStream) -> ControlFlow<()> {
    let sent = match act {
        Act::Send(bytes) => socket.write_all(&bytes).await,
        Act::Drip(bytes) => drip(socket, &bytes).await,
        Act::Stall => {
            gone(socket).await;
            return ControlFlow::Break(());
        }
        Act::HalfClose => {
            let _ = socket.shutdown().await;
            gone(socket).await;
            return ControlFlow::Break(());
        }
        Act::Close => return ControlFlow::Break(()),
        Act::Reset => {
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
        tokio::task::yield_now().await; // so that the client reads it alone, mostly
    }
    Ok(())
}

/// Waits until the client closes its side, or breaks off.
pub async fn gone(socket: &mut TcpStream) {
    let mut rest = [0; 1024];
    while matches!(socket.read(&mut rest).await, Ok(read) if read > 0) {}
}

/// Reads one request with its body; `None` if the connection ends instead.
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
