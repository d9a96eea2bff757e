//! Clients and streams shared between threads.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use mistral_sdk::chat::CompletionChunk;
use mistral_sdk::files::ListFilesResponse;
use mistral_sdk::transport::HyperTransport;
use mistral_sdk::{Client, blocking};

use super::server::{EVENT, Server};
use super::{chat_request, chat_text, start, text_of};

#[test]
fn threads_slow_stream_and_other_calls_do_not_block_each_other() {
    let server = Server::start();
    let client = Client::builder(server.api()).build_blocking().unwrap();
    let (slow_reads, is_read) = channel();
    let (responded, has_responded) = channel();
    let (started, has_started) = channel();
    let script = server.run_script(move |server| {
        let mut slow = server.accept();
        slow.request().unwrap();
        slow.begin_stream();
        slow.chunk(EVENT);
        is_read.recv().unwrap(); // from here on, the slow thread waits for the second event
        let mut quick = server.accept();
        quick.request().unwrap();
        quick.respond(r#"{"data":[]}"#);
        quick.request().unwrap(); // the third call uses the connection of the second
        slow.chunk(EVENT);
        slow.end_stream();
        has_responded.recv().unwrap(); // the slow thread has ended; the other still waits
        quick.respond(r#"{"data":[]}"#);
    });
    let slow_client = client.clone();
    let slow = std::thread::spawn(move || {
        let mut stream = slow_client.chat().stream(&chat_request()).send().unwrap();
        stream.next().unwrap().unwrap();
        started.send(()).unwrap();
        slow_reads.send(()).unwrap();
        let text = stream.collect_response().unwrap().text().into_owned();
        responded.send(()).unwrap();
        text
    });
    has_started.recv().unwrap();
    assert!(client.models().list().send().unwrap().data.is_empty());
    assert!(client.models().list().send().unwrap().data.is_empty());
    assert_eq!(slow.join().unwrap(), "aa");
    script.join().unwrap();
}

#[test]
fn threads_public_types_are_send_and_sync() {
    fn assert_shareable<T: Clone + Send + Sync + 'static>() {}
    fn assert_send<T: Send + 'static>() {}
    assert_shareable::<blocking::Client>();
    assert_send::<blocking::EventStream<CompletionChunk>>();
    assert_send::<blocking::ByteStream>();
    assert_send::<blocking::Pages<ListFilesResponse>>();
    assert_send::<blocking::Items<ListFilesResponse>>();
}

#[test]
fn threads_share_one_client() {
    const THREADS: usize = 16;
    let (_emulator, client) = start();
    let expected = chat_text(&client);
    let together = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (client, together) = (client.clone(), Arc::clone(&together));
            let expected = expected.clone();
            std::thread::spawn(move || {
                together.wait();
                for _ in 0..4 {
                    let stream = client.chat().stream(&chat_request()).send().unwrap();
                    assert_eq!(text_of(stream), expected);
                    assert_eq!(chat_text(&client), expected);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn threads_stream_moves_between_threads() {
    let (_emulator, client) = start();
    let mut stream = client.chat().stream(&chat_request()).send().unwrap();
    let mut text = stream.next().unwrap().unwrap().text().into_owned();
    drop(client); // the stream does not need the client
    text += &std::thread::spawn(move || text_of(stream)).join().unwrap();
    assert!(text.contains("Manet"), "{text}");
}

#[test]
fn threads_two_clients_run_concurrently() {
    let ((_one, first), (_other, second)) = (start(), start());
    let mut streams =
        [&first, &second].map(|client| client.chat().stream(&chat_request()).send().unwrap());
    let mut texts = [String::new(), String::new()];
    while let [Some(one), Some(other)] = streams.each_mut().map(Iterator::next) {
        texts[0] += &one.unwrap().text();
        texts[1] += &other.unwrap().text();
    }
    assert!(texts[0].contains("Manet"));
    assert_eq!(texts[0], texts[1]);
}

/// A blocking client drives its own connections, so it depends on no other client, even if they
/// share a transport.
#[test]
fn pool_of_shared_transport_has_connections_of_each_client() {
    let server = Server::start();
    let transport = Arc::new(HyperTransport::new(Duration::from_secs(10)).unwrap());
    let client = || {
        let builder = Client::builder(server.api()).transport(Arc::clone(&transport));
        builder.build_blocking().unwrap()
    };
    let (one, other): (blocking::Client, _) = (client(), client());
    let script = server.run_script(|server| {
        for _ in 0..2 {
            let mut connection = server.accept();
            for _ in 0..2 {
                connection.request().unwrap();
                connection.respond(r#"{"data":[]}"#);
            }
            connection.wait_for_close();
        }
    });
    for client in [one, other] {
        client.models().list().send().unwrap();
        client.models().list().send().unwrap();
    }
    drop(transport);
    script.join().unwrap();
}
