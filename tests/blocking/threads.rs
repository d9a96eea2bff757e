//! Many threads at once, and several clients.

use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use mistral_sdk::chat::CompletionChunk;
use mistral_sdk::files::ListFilesResponse;
use mistral_sdk::{Client, HyperTransport, blocking};

use super::server::{EVENT, Server};
use super::{answer, ask, start, text_of};

#[test]
fn threads_slow_stream_and_other_calls_do_not_block_each_other() {
    let server = Server::start();
    let client = Client::builder(server.api()).build_blocking().unwrap();
    let (slow_reads, is_read) = channel();
    let (answered, is_answered) = channel();
    let (begun, has_begun) = channel();
    let script = server.play(move |server| {
        let mut slow = server.accept();
        slow.request().unwrap();
        slow.begin_stream();
        slow.chunk(EVENT);
        is_read.recv().unwrap(); // the slow thread waits for the second event from here on
        let mut quick = server.accept();
        quick.request().unwrap();
        quick.answer(r#"{"data":[]}"#);
        quick.request().unwrap(); // the third call waits on the connection of the second
        slow.chunk(EVENT);
        slow.end_stream();
        is_answered.recv().unwrap(); // the slow thread has ended, the other waits on
        quick.answer(r#"{"data":[]}"#);
    });
    let slow_client = client.clone();
    let slow = std::thread::spawn(move || {
        let mut stream = slow_client.chat().stream(&ask()).send().unwrap();
        stream.next().unwrap().unwrap();
        begun.send(()).unwrap();
        slow_reads.send(()).unwrap();
        let text = stream.collect_response().unwrap().text().into_owned();
        answered.send(()).unwrap();
        text
    });
    has_begun.recv().unwrap();
    assert!(client.models().list().send().unwrap().data.is_empty());
    assert!(client.models().list().send().unwrap().data.is_empty());
    assert_eq!(slow.join().unwrap(), "aa");
    script.join().unwrap();
}

#[test]
fn threads_public_types_are_send_and_sync() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn handed_over<T: Send + 'static>() {}
    shared::<blocking::Client>();
    handed_over::<blocking::EventStream<CompletionChunk>>();
    handed_over::<blocking::ByteStream>();
    handed_over::<blocking::Pages<ListFilesResponse>>();
    handed_over::<blocking::Items<ListFilesResponse>>();
}

#[test]
fn threads_share_one_client() {
    const THREADS: usize = 16;
    let (_emulator, client) = start();
    let whole = answer(&client);
    let together = Arc::new(Barrier::new(THREADS));
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let (client, together) = (client.clone(), Arc::clone(&together));
            let whole = whole.clone();
            std::thread::spawn(move || {
                together.wait();
                for _ in 0..4 {
                    let stream = client.chat().stream(&ask()).send().unwrap();
                    assert_eq!(text_of(stream), whole);
                    assert_eq!(answer(&client), whole);
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
    let mut stream = client.chat().stream(&ask()).send().unwrap();
    let mut text = stream.next().unwrap().unwrap().text().into_owned();
    drop(client); // the stream needs it no more
    text += &std::thread::spawn(move || text_of(stream)).join().unwrap();
    assert!(text.contains("Manet"), "{text}");
}

#[test]
fn threads_two_clients_run_concurrently() {
    let ((_one, first), (_other, second)) = (start(), start());
    let mut streams = [&first, &second].map(|client| client.chat().stream(&ask()).send().unwrap());
    let mut texts = [String::new(), String::new()];
    while let [Some(one), Some(other)] = streams.each_mut().map(Iterator::next) {
        texts[0] += &one.unwrap().text();
        texts[1] += &other.unwrap().text();
    }
    assert!(texts[0].contains("Manet"));
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn pool_connection_is_reused_by_client_with_same_transport() {
    let server = Server::start();
    let transport = Arc::new(HyperTransport::new(Duration::from_secs(10)).unwrap());
    let client = || {
        let builder = Client::builder(server.api()).transport(Arc::clone(&transport));
        builder.build_blocking().unwrap()
    };
    let (one, other): (blocking::Client, _) = (client(), client());
    let script = server.play(|server| {
        let mut connection = server.accept();
        while connection.request().is_some() {
            connection.answer(r#"{"data":[]}"#);
        }
    });
    one.models().list().send().unwrap();
    other.models().list().send().unwrap(); // while nobody waits with the first
    drop((one, other, transport));
    script.join().unwrap();
}
