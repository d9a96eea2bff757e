//! The media types of the files that the API accepts.

/// File extensions with their media types, sorted.
const BY_EXTENSION: &[(&str, &str)] = &[
    ("aac", "audio/aac"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    (
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    ("epub", "application/epub+zip"),
    ("flac", "audio/flac"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("htm", "text/html"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    (
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    ("rtf", "application/rtf"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    (
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// Returns the media type for the extension of a file name.
pub(crate) fn of_file_name(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    BY_EXTENSION
        .iter()
        .find(|(known, _)| extension.is_some_and(|it| it.eq_ignore_ascii_case(known)))
        .map_or("application/octet-stream", |(_, media_type)| media_type)
}

/// Whether a file name has the extension of an image.
pub(crate) fn is_image(name: &str) -> bool {
    of_file_name(name).starts_with("image/")
}

/// Returns the file extension for the media type of an image.
pub(crate) fn image_extension(media_type: &str) -> Option<&'static str> {
    BY_EXTENSION
        .iter()
        .find(|(_, known)| known.starts_with("image/") && media_type.eq_ignore_ascii_case(known))
        .map(|(extension, _)| *extension)
}

#[cfg(test)]
mod tests {
    use super::{image_extension, is_image, of_file_name};

    #[test]
    fn media_type_follows_the_extension() {
        assert_eq!(of_file_name("a.b/Report.PDF"), "application/pdf");
        assert_eq!(of_file_name("pdf"), "application/octet-stream");
        assert_eq!(of_file_name("x.unknown"), "application/octet-stream");
        assert!(is_image("a.JPG") && !is_image("a.pdf") && !is_image("png"));
    }

    #[test]
    fn image_extension_is_known_for_images_alone() {
        assert_eq!(image_extension("image/jpeg"), Some("jpeg"));
        assert_eq!(image_extension("IMAGE/PNG"), Some("png"));
        assert_eq!(image_extension("text/html"), None);
    }
}
