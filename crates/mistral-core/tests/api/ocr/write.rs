//! OCR responses written to files.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mistral_core::ErrorKind;
use mistral_core::ocr::{Document, OcrFiles, OcrRequest, OcrResponse, TableFormat};
use mistral_emulator::Emulator;
use mistral_sdk::{Client, MistralApi};
use serde_json::{Value, json};

/// The directory of a test, which the test creates, removed at its end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let name = format!("mistral-ocr-{name}-{}", std::process::id());
        Self(std::env::temp_dir().join(name).join("made"))
    }

    /// The names of the files in it, in order.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.0.parent().unwrap());
    }
}

fn response(pages: Value) -> OcrResponse {
    serde_json::from_value(json!({ "pages": pages })).unwrap()
}

/// A page with a link to each of these images, given by id and data.
fn page<'a>(index: u64, images: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let images: Vec<_> = images
        .into_iter()
        .map(|(id, image_base64)| json!({ "id": id, "image_base64": image_base64 }))
        .collect();
    let links = images.iter().map(|image| {
        let id = image["id"].as_str().unwrap();
        format!("![{id}]({id})")
    });
    let markdown = links.collect::<Vec<_>>().join("\n\n");
    json!({ "index": index, "markdown": markdown, "images": images })
}

fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// The file names of images with these ids, whose bytes are `hi`.
async fn names_of(dir: &Dir, ids: &[&str], image: &str) -> Vec<String> {
    let page = page(0, ids.iter().map(|id| (*id, image.into())));
    let files = response(json!([page])).write_to(&dir.0).await.unwrap();
    let names: Vec<_> = files.images.iter().map(|it| name_of(it).into()).collect();
    for path in &files.images {
        assert_eq!(path.parent(), Some(&*dir.0));
        assert_eq!(fs::read(path).unwrap(), b"hi");
    }
    assert_eq!(dir.names().len(), ids.len() + 1, "{names:?}");
    names
}

#[tokio::test]
async fn write_to_creates_markdown_and_images() {
    let dir = Dir::new("whole");
    let emulator = Emulator::start().unwrap();
    let api = MistralApi::new(emulator.api_key()).unwrap();
    let client = Client::new(api.base_url(emulator.url()).unwrap()).unwrap();
    let document = Document::url("https://example.com/deed.pdf");
    let request = OcrRequest::new("mistral-ocr-latest", document)
        .include_image_base64(true)
        .table_format(TableFormat::Html)
        .extract_header(true);
    let response = client.ocr().process(&request).await.unwrap();
    let files = response.write_to(&dir.0).await.unwrap();

    assert_eq!(files.markdown, dir.0.join("document.md"));
    let names: Vec<_> = files.images.iter().map(|path| name_of(path)).collect();
    assert_eq!(names, ["img-0.jpeg", "img-1.jpeg", "img-2.jpeg"]);
    for (path, page) in files.images.iter().zip(&response.pages) {
        assert_eq!(fs::read(path).unwrap(), page.images[0].bytes().unwrap());
    }
    let table = &response.pages[1].tables[0].content;
    assert!(table.starts_with("<table>"));
    let markdown = dir.read("document.md");
    let second = format!("![img-1.jpeg](img-1.jpeg)\n\n{table}\n\nPage 2 of 3\n\n# Page 3");
    assert!(markdown.contains(&second), "{markdown}");
    assert!(!markdown.contains("tbl-") && !markdown.contains("The Mistral emulator"));
}

#[test]
fn blocking_write_to_creates_the_same_files() {
    let dir = Dir::new("blocking");
    let response = response(json!([page(0, [("img-0.png", "aGk=".into())])]));
    let files: OcrFiles = response.blocking_write_to(&dir.0).unwrap();
    assert_eq!(files.images, [dir.0.join("img-0.png")]);
    assert_eq!(dir.read("document.md"), "![img-0.png](img-0.png)\n");
    assert_eq!(dir.read("img-0.png"), "hi");
}

#[tokio::test]
async fn blocking_write_to_within_runtime_is_refused() {
    let dir = Dir::new("runtime");
    let error = response(json!([])).blocking_write_to(&dir.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(!dir.0.exists());
}

#[test]
fn write_to_without_runtime_is_an_error() {
    let dir = Dir::new("no-runtime");
    let response = response(json!([]));
    let writing = pin!(response.write_to(&dir.0));
    let Poll::Ready(Err(error)) = writing.poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits");
    };
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("blocking_write_to"), "{error}");
}

#[tokio::test]
async fn image_file_names_are_sanitized() {
    for (id, name) in [
        ("img-0.jpeg", "img-0.jpeg"),
        ("Figure 1.PNG", "Figure_1.PNG"),
        ("img-0", "img-0.png"), // by the media type
        ("", "image.png"),
        (".png", "image.png"),
        ("../../etc/x.png", "etc_x.png"),
        ("/etc/passwd", "etc_passwd.png"),
        (r"C:\Windows\win.png", "C__Windows_win.png"),
        ("img-0.png:stream", "img-0_png_stream.png"),
        ("con.png", "image-con.png"), // a device on Windows
        ("COM1", "image-COM1.png"),
        ("page.html", "page_html.png"), // not a page of a site
        ("document.md", "document_md.png"),
        ("-rf a*?.png", "image-rf_a.png"),
        ("figure\0\n.png", "figure.png"),
        ("figure é.png", "figure.png"),
        ("figure. .", "figure.png"),
    ] {
        let dir = Dir::new("names");
        let names = names_of(&dir, &[id], "data:image/png;base64,aGk=").await;
        assert_eq!(names, [name], "{id:?}");
        let markdown = dir.read("document.md");
        assert_eq!(markdown, format!("![{id}]({name})\n"));
    }
    let dir = Dir::new("long");
    let long = "a".repeat(1_000);
    let names = names_of(&dir, &[&long], "aGk=").await;
    assert_eq!(names, ["a".repeat(100)]);
}

#[tokio::test]
async fn image_file_extension_is_an_image_type_or_none() {
    let dir = Dir::new("extension");
    for (image, name) in [
        ("aGk=", "run_sh"),
        ("data:image/webp;base64,aGk=", "run_sh.webp"),
        ("data:IMAGE/JPEG;q=1;base64,aGk=", "run_sh.jpeg"),
        ("data:text/html;base64,aGk=", "run_sh"),
        ("data:image/x-new;base64,aGk=", "run_sh"),
    ] {
        assert_eq!(names_of(&dir, &["run.sh"], image).await, [name]);
        fs::remove_dir_all(&dir.0).unwrap();
    }
}

#[tokio::test]
async fn image_files_of_equal_ids_are_distinct_and_linked() {
    let dir = Dir::new("twice");
    let images = [("IMG-0.png", "Yw==".into()), ("img-0-2.png", "ZA==".into())];
    let mut last = page(2, images);
    last["markdown"] = "![](img-0-2.png) ![](IMG-0.png) [](img-0.png)".into();
    let response = response(json!([
        page(0, [("img-0.png", "YQ==".into())]),
        page(1, [("img-0.png", "Yg==".into())]),
        last,
    ]));
    let files = response.write_to(&dir.0).await.unwrap();
    let names: Vec<_> = files.images.iter().map(|path| name_of(path)).collect();
    // Some file systems take `IMG` and `img` for the same.
    let expected = ["img-0.png", "img-0-2.png", "IMG-0-3.png", "img-0-2-2.png"];
    assert_eq!(names, expected);
    let contents: Vec<_> = names.iter().map(|name| dir.read(name)).collect();
    assert_eq!(contents, ["a", "b", "c", "d"]);
    let markdown = "![img-0.png](img-0.png)\n\n![img-0.png](img-0-2.png)\n\n\
                    ![](img-0-2-2.png) ![](IMG-0-3.png) [](img-0.png)\n";
    assert_eq!(dir.read("document.md"), markdown);
}

#[tokio::test]
async fn image_without_data_keeps_its_link() {
    let dir = Dir::new("absent");
    let images = [("../a.png", Value::Null), ("../b.png", "".into())];
    let files = response(json!([page(0, images)]))
        .write_to(&dir.0)
        .await
        .unwrap();
    assert_eq!(files.images.len(), 0);
    assert_eq!(dir.names(), ["document.md"]);
    let markdown = "![../a.png](../a.png)\n\n![../b.png](../b.png)\n";
    assert_eq!(dir.read("document.md"), markdown);
}

#[tokio::test]
async fn tables_are_inserted_at_their_links() {
    let dir = Dir::new("tables");
    let mut page = page(0, [("a b.png", "aGk=".into())]);
    page["tables"] = json!([
        { "id": "tbl-0.md", "content": "| ![](a b.png) |\n| --- |", "format": "markdown" },
        { "id": "tbl-1.md", "content": "| 1 |\n| --- |", "format": "markdown" },
        { "id": "tbl-2.md", "content": "| 2 |\n| --- |", "format": "markdown" },
    ]);
    page["markdown"] = "Above\n\n[tbl-0.md](tbl-0.md)\n\nsee [tbl-1.md](tbl-1.md), [b](c)".into();
    let response = response(json!([page, { "index": 1, "markdown": "End" }]));
    response.write_to(&dir.0).await.unwrap();
    let markdown = "Above\n\n| ![](image-a_b.png) |\n| --- |\n\nsee \n\n| 1 |\n| --- |\n\n\
                    , [b](c)\n\n| 2 |\n| --- |\n\nEnd\n";
    assert_eq!(dir.read("document.md"), markdown);
}

#[tokio::test]
async fn image_that_is_not_base64_is_named_and_nothing_written() {
    let dir = Dir::new("malformed");
    for malformed in ["data:image/png;base64,aGk", "%", "data:image/png,hi"] {
        let response = response(json!([
            page(6, [("img-0.png", "aGk=".into())]),
            page(7, [("img-1.png", malformed.into())]),
        ]));
        let error = response.write_to(&dir.0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        let text = error.to_string();
        assert!(text.contains("`img-1.png` of page 7"), "{text}");
        assert!(!dir.0.exists());
    }
}

#[tokio::test]
async fn image_or_table_that_cannot_be_read_is_named_and_nothing_written() {
    for (name, good, bad) in [
        ("images", json!({ "id": "a" }), json!({ "id": 5 })),
        (
            "tables",
            json!({ "id": "a", "content": "b" }),
            json!({ "id": "c" }),
        ),
    ] {
        let dir = Dir::new(name);
        let list = json!([good, bad]);
        let page = json!({ "index": 7, "markdown": "[a](a)", name: list });
        let mut response = response(json!([page]));
        let page = &response.pages[0];
        assert_eq!(
            (page.images.len() + page.tables.len(), &page.extra[name]),
            (1, &list)
        );
        assert_eq!(serde_json::to_value(page).unwrap()[name], list);
        let error = response.write_to(&dir.0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        for words in [name, "page 7"] {
            assert!(error.to_string().contains(words), "{error}");
        }
        assert!(!dir.0.exists());
        response.pages[0].extra.clear();
        response.write_to(&dir.0).await.unwrap();
    }
}

#[tokio::test]
async fn directory_that_cannot_be_created_is_named() {
    let dir = Dir::new("no-directory");
    fs::create_dir_all(dir.0.parent().unwrap()).unwrap();
    fs::write(&dir.0, "a file").unwrap();
    for path in [dir.0.clone(), dir.0.join("below")] {
        let error = response(json!([])).write_to(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let named = format!("directory `{}` cannot be written", path.display());
        assert!(error.to_string().contains(&named), "{error}");
    }
    assert_eq!(fs::read(&dir.0).unwrap(), b"a file");
}

#[tokio::test]
async fn failed_write_removes_only_its_own_files() {
    for in_the_way in ["document.md", "img-1.png"] {
        let dir = Dir::new("half");
        fs::create_dir_all(dir.0.join(in_the_way)).unwrap();
        fs::write(dir.0.join("mine.txt"), "mine").unwrap();
        let images = [("img-0.png", "aGk=".into()), ("img-1.png", "aGk=".into())];
        let response = response(json!([page(0, images)]));
        let error = response.write_to(&dir.0).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        let named = format!("file `{}`", dir.0.join(in_the_way).display());
        assert!(error.to_string().contains(&named), "{error}");
        assert_eq!(dir.names(), [in_the_way, "mine.txt"]);
    }
}

#[tokio::test]
async fn existing_files_are_overwritten() {
    let dir = Dir::new("again");
    let response = response(json!([page(0, [("img-0.png", "aGk=".into())])]));
    fs::create_dir_all(&dir.0).unwrap();
    fs::write(dir.0.join("img-0.png"), "a longer file than this").unwrap();
    let first = response.write_to(&dir.0).await.unwrap();
    assert_eq!(response.write_to(&dir.0).await.unwrap(), first);
    assert_eq!(dir.names(), ["document.md", "img-0.png"]);
    assert_eq!(dir.read("img-0.png"), "hi");
}

/// Each image tried the numbers of all images before it.
#[tokio::test]
async fn images_with_one_id_are_numbered_in_linear_time() {
    const IMAGES: usize = 3_000;
    let dir = Dir::new("one-id");
    let same = std::iter::repeat_n(("Img.png", json!("AAAA")), IMAGES);
    let others = [
        ("image-img-3.png", json!("AAAA")),
        ("img.png", json!("AAAA")),
    ];
    let response = response(json!([page(0, others.into_iter().chain(same))]));
    let files = response.write_to(&dir.0).await.unwrap();
    assert_eq!(files.images.len(), IMAGES + 2);
    assert_eq!(dir.names().len(), IMAGES + 3);
    let last = format!("image-Img-{}.png", IMAGES + 2);
    assert!(
        files.images.last().unwrap().ends_with(&last),
        "{:?}",
        files.images.last()
    );
}

#[tokio::test]
async fn tables_and_links_are_joined_in_linear_time() {
    let count = 20_000;
    let tables: Vec<_> = (0..count)
        .map(|number| json!({ "id": format!("tbl-{number}.md"), "content": number.to_string(), "format": "markdown" }))
        .collect();
    let markdown = "](x".repeat(200_000) + "[a](tbl-7.md)";
    let page = json!({ "index": 0, "markdown": markdown, "images": [], "tables": tables });
    let start = std::time::Instant::now();
    let dir = Dir::new("many-links");
    let files = response(json!([page])).write_to(&dir.0).await.unwrap();
    let elapsed = start.elapsed();
    assert!(elapsed < std::time::Duration::from_secs(15), "{elapsed:?}");
    let written = fs::read_to_string(files.markdown).unwrap();
    assert!(!written.contains("tbl-7.md"));
    assert!(written.ends_with("\n\n19998\n\n19999\n"));
}

#[tokio::test]
async fn link_to_an_id_with_parentheses_is_replaced() {
    let table = json!({ "id": "a(1).md", "content": "| a |", "format": "markdown" });
    let markdown = "See [the [table]](a(1).md), [b](a(1), [c](a(1).md.";
    let page = json!({ "index": 0, "markdown": markdown, "images": [], "tables": [table] });
    let dir = Dir::new("parentheses");
    response(json!([page])).write_to(&dir.0).await.unwrap();
    let expected = "See [the \n\n| a |\n\n, [b](a(1), [c](a(1).md.\n";
    assert_eq!(dir.read("document.md"), expected);
}
