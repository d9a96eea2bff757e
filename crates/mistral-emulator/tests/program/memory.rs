//! The memory of a program that serves for long.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::{CHAT, Server, request};

/// The resident memory of a process in kilobytes.
fn resident(process: u32) -> i64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The program ran 100,000 calls and 200 uploads of 1 MB by hand; this is the short form.
#[test]
fn program_memory_is_flat() {
    if !std::path::Path::new("/proc/self/status").exists() {
        eprintln!("skipped: this system does not tell the resident memory");
        return;
    }
    let count = |name: &str, default: usize| {
        std::env::var(name).map_or(default, |value| value.parse().unwrap())
    };
    let calls = count("MISTRAL_EMULATOR_TEST_CALLS", 2_000);
    let uploads = count("MISTRAL_EMULATOR_TEST_UPLOADS", 24);
    let server = Server::start(&[]);
    // Fills the log of requests, which is bounded.
    let run = |calls: usize, uploads: usize| {
        let mut connection = BufReader::new(server.connect());
        let chat = request("POST", "/v1/chat/completions", CHAT, "keep-alive");
        for _ in 0..calls {
            exchange(&mut connection, chat.as_bytes());
        }
        let content = "x".repeat(1024 * 1024);
        for _ in 0..uploads {
            let id = upload(&mut connection, &content);
            let delete = request("DELETE", &format!("/v1/files/{id}"), "", "keep-alive");
            exchange(&mut connection, delete.as_bytes());
        }
    };
    run(1_000, 6);
    let before = resident(server.child.id());
    run(calls, uploads);
    let grown = resident(server.child.id()) - before;
    println!("{calls} calls and {uploads} uploads: {before} kB, {grown:+} kB");
    assert!(grown < 8 * 1024, "{before} kB grew by {grown} kB");
}

/// Sends a request and returns the body of the response.
fn exchange(connection: &mut BufReader<TcpStream>, request: &[u8]) -> String {
    connection.get_mut().write_all(request).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        connection.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body).unwrap();
    String::from_utf8(body).unwrap()
}

fn upload(connection: &mut BufReader<TcpStream>, content: &str) -> String {
    let form = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\nocr\r\n\
         --edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n\
         {content}\r\n--edge--\r\n"
    );
    let request = request("POST", "/v1/files", &form, "keep-alive")
        .replace("application/json", "multipart/form-data; boundary=edge");
    let file = exchange(connection, request.as_bytes());
    let (_, rest) = file.split_once("\"id\":\"").expect(&file);
    rest.split('"').next().unwrap().to_owned()
}
