//! Asks a running emulator whether it serves, for containers without another HTTP client.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(3);

/// Requests `/health`.
pub(crate) fn check(host: &str, port: u16) -> io::Result<()> {
    let host = match host {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        other => other,
    };
    let address = (host, port).to_socket_addrs()?.next();
    let address = address.ok_or_else(|| io::Error::other("the host has no address"))?;
    let mut connection = TcpStream::connect_timeout(&address, TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    write!(
        connection,
        "GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )?;
    let mut response = String::new();
    connection.read_to_string(&mut response)?;
    match response.starts_with("HTTP/1.1 200") {
        true => Ok(()),
        false => Err(io::Error::other(format!(
            "unexpected response: {}",
            response.lines().next().unwrap_or_default()
        ))),
    }
}
