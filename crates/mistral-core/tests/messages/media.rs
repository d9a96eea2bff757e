//! Images and recordings from files and from memory.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use mistral_core::ErrorKind;
use mistral_core::messages::ContentChunk;

/// The first bytes of formats, with their base64.
const PNG: (&[u8], &str) = (b"\x89PNG\r\n\x1a\n", "iVBORw0KGgo=");
const JPEG: (&[u8], &str) = (b"\xFF\xD8\xFF", "/9j/");
const WAV: (&[u8], &str) = (b"RIFF\0\0\0\0WAVE", "UklGRgAAAABXQVZF");

#[test]
fn image_from_bytes_is_a_data_url_with_its_media_type() {
    for ((bytes, base64), media_type) in [(PNG, "image/png"), (JPEG, "image/jpeg")] {
        let url = format!("data:{media_type};base64,{base64}");
        let image = ContentChunk::image_from_bytes(bytes).unwrap();
        assert_eq!(image, ContentChunk::image_url(url));
    }
    for (bytes, words) in [
        (
            &b"%PDF-1.7"[..],
            "these bytes are not an image, but `application/pdf`",
        ),
        (b"hello", "`ContentChunk::image_url`"),
        (b"", "not recognized"),
    ] {
        let error = ContentChunk::image_from_bytes(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn audio_from_bytes_is_bare_base64() {
    let audio = ContentChunk::audio_from_bytes(WAV.0).unwrap();
    assert_eq!(audio, ContentChunk::input_audio(WAV.1));
    let unknown = ContentChunk::audio_from_bytes(b"hi!").unwrap();
    assert_eq!(unknown, ContentChunk::input_audio("aGkh"));
    let error = ContentChunk::audio_from_bytes(PNG.0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`image/png`"), "{error}");
}

#[tokio::test]
async fn media_from_path_is_read_and_recognized() {
    let folder = std::env::temp_dir().join(format!("mistral-media-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    // The first bytes win over the extension, which is for what they do not tell.
    let renamed = ContentChunk::image_from_path(write("a.jpg", PNG.0)).await;
    let by_name = ContentChunk::image_from_path(write("b.jpg", b"hi!")).await;
    let audio = ContentChunk::audio_from_path(write("a.wav", WAV.0)).await;
    let text = ContentChunk::image_from_path(write("a.txt", b"hi!")).await;
    let missing = folder.join("gone.png");
    let image_error = ContentChunk::image_from_path(&missing).await.unwrap_err();
    let audio_error = ContentChunk::audio_from_path(&missing).await.unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();

    let url = format!("data:image/png;base64,{}", PNG.1);
    assert_eq!(renamed.unwrap(), ContentChunk::image_url(url));
    let url = "data:image/jpeg;base64,aGkh";
    assert_eq!(by_name.unwrap(), ContentChunk::image_url(url));
    assert_eq!(audio.unwrap(), ContentChunk::input_audio(WAV.1));
    let error = text.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("a.txt"), "{error}");
    for error in [image_error, audio_error] {
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().contains("gone.png"), "{error}");
    }
}

#[test]
fn media_from_path_without_runtime_is_an_error() {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(image) = pin!(ContentChunk::image_from_path("a.png")).poll(&mut context) else {
        unreachable!("there is nothing to wait for")
    };
    let Poll::Ready(audio) = pin!(ContentChunk::audio_from_path("a.wav")).poll(&mut context) else {
        unreachable!("there is nothing to wait for")
    };
    for (error, instead) in [(image, "image_from_bytes"), (audio, "audio_from_bytes")] {
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(instead), "{error}");
    }
}
