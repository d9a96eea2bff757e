//! Paging through the list of files.

use futures::{FutureExt, StreamExt};
use mistral_core::audio::ListVoicesRequest;
use mistral_core::files::ListFilesRequest;
use mistral_core::testing::{MockReply, MockTransport};
use mistral_core::{Error, ErrorKind};
use serde_json::json;

use crate::common::{client_with, reply, scripted};

fn page(ids: &[&str], total: Option<u64>) -> MockReply {
    let data: Vec<_> = ids.iter().map(|id| json!({ "id": id })).collect();
    reply(200, &json!({ "data": data, "total": total }).to_string())
}

async fn ids(mock: &MockTransport, request: &ListFilesRequest) -> Result<Vec<String>, Error> {
    let items = client_with(mock).files().list(request).pages().items();
    let files: Vec<_> = items.collect().await;
    files
        .into_iter()
        .map(|file| file.map(|file| file.id))
        .collect()
}

fn queries(mock: &MockTransport) -> Vec<String> {
    let sent = mock.requests();
    sent.iter()
        .map(|sent| sent.uri.query().unwrap_or("").to_owned())
        .collect()
}

#[tokio::test]
async fn paging_files_ends_at_total_or_empty_page() {
    let mock = scripted([
        page(&["1", "2"], Some(5)),
        page(&["3", "4"], Some(5)),
        page(&["5"], Some(5)),
    ]);
    let request = ListFilesRequest::new().page_size(2);
    assert_eq!(
        ids(&mock, &request).await.unwrap(),
        ["1", "2", "3", "4", "5"]
    );
    assert_eq!(
        queries(&mock),
        ["page_size=2", "page_size=2&page=1", "page_size=2&page=2"]
    );

    // Without a total, an empty page is the end; and it may begin anywhere.
    let mock = scripted([page(&["7"], None), page(&[], None)]);
    assert_eq!(
        ids(&mock, &ListFilesRequest::new().page(3)).await.unwrap(),
        ["7"]
    );
    assert_eq!(queries(&mock), ["page=3", "page=4"]);

    // A page shorter than `page_size` does not end the list.
    let mock = scripted([page(&["1"], Some(2)), page(&["2"], Some(2))]);
    let request = ListFilesRequest::new().page_size(1000);
    assert_eq!(ids(&mock, &request).await.unwrap(), ["1", "2"]);
}

#[tokio::test]
async fn paging_ends_with_its_first_error() {
    let mock = scripted([page(&["1"], Some(9)), reply(404, "{}")]);
    let mut pages = client_with(&mock)
        .files()
        .list(&ListFilesRequest::new())
        .pages();
    assert_eq!(pages.next().await.unwrap().unwrap().data.len(), 1);
    assert_eq!(
        pages.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert!(pages.next().await.is_none());
    assert_eq!(mock.requests().len(), 2);

    let list = client_with(&mock).files().list(&ListFilesRequest::new());
    let mut pages = list.header("x y", "z").pages();
    assert_eq!(
        pages.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Config
    );
    assert!(pages.next().now_or_never().unwrap().is_none());
}

#[tokio::test]
async fn paging_from_the_last_possible_page_or_offset_ends() {
    for total in [None, Some(0), Some(u64::MAX)] {
        let mock = scripted([page(&["1", "2"], total)]);
        let request = ListFilesRequest::new().page(u64::MAX);
        assert_eq!(ids(&mock, &request).await.unwrap(), ["1", "2"]);
        assert_eq!(mock.requests().len(), 1);
        let body = json!({ "items": [{ "id": "1", "name": "a" }], "total": total });
        let mock = scripted([reply(200, &body.to_string())]);
        let request = ListVoicesRequest::new().offset(u64::MAX);
        let client = client_with(&mock);
        let voices = client.audio().voices().list(&request).pages().items();
        let voices: Vec<_> = voices.collect().await;
        assert_eq!(voices.len(), 1, "{voices:?}");
        assert_eq!(mock.requests().len(), 1);
    }
}
