//! A server with precomputed responses.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use crate::scenarios::Scenario;

pub(crate) const CHUNKS: usize = 20_000;

/// Prints the server's URL, then serves until the process is killed.
pub(crate) fn run() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let responses = Scenario::ALL.map(|(_, scenario)| (scenario, response(scenario)));
    let responses = Arc::new(responses);
    for socket in listener.incoming().map_while(Result::ok) {
        let responses = Arc::clone(&responses);
        // A connection ends with an error when the client closes it.
        std::thread::spawn(move || serve(socket, &*responses).unwrap_or_default());
    }
}

fn response(scenario: Scenario) -> Vec<u8> {
    let body = scenario.response(CHUNKS);
    let (kind, length) = (scenario.content_type(), body.len());
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
    [head.into_bytes(), body].concat()
}

fn serve(mut socket: TcpStream, responses: &[(Scenario, Vec<u8>)]) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let mut reader = BufReader::new(socket.try_clone()?);
    loop {
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().map_err(io::Error::other)?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let body = String::from_utf8_lossy(&body);
        let requested = match body {
            body if body.contains("\"base64\"") => Scenario::Base64,
            body if body.contains("\"input\"") => Scenario::Floats,
            body if body.contains("\"stream\"") => Scenario::Stream,
            _ => Scenario::Chat,
        };
        for (_, answer) in responses
            .iter()
            .filter(|(scenario, _)| *scenario == requested)
        {
            socket.write_all(answer)?;
        }
    }
}
