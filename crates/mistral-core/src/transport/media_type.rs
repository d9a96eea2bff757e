//! The media types of the files that the API accepts.

use super::signature::{self, DOCX, ODT, PPTX, XLSX};

/// The media type of a file about which nothing is known.
pub(super) const UNKNOWN: &str = "application/octet-stream";

/// File extensions with their media types, sorted.
const BY_EXTENSION: &[(&str, &str)] = &[
    ("3gp", "video/3gpp"),
    ("aac", "audio/aac"),
    ("aif", "audio/aiff"),
    ("aiff", "audio/aiff"),
    ("amr", "audio/amr"),
    ("avif", "image/avif"),
    ("bmp", "image/bmp"),
    ("csv", "text/csv"),
    ("docx", DOCX),
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
    ("mkv", "video/x-matroska"),
    ("mov", "video/quicktime"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpga", "audio/mpeg"),
    ("odt", ODT),
    ("oga", "audio/ogg"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("pptx", PPTX),
    ("rtf", "application/rtf"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("weba", "audio/webm"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("xlsx", XLSX),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

/// The audio types of containers that may hold a film, or only its sound.
const SOUND_OF_VIDEO: &[(&str, &str)] = &[
    ("video/3gpp", "audio/3gpp"),
    ("video/mp4", "audio/mp4"),
    ("video/mpeg", "audio/mpeg"),
    ("video/quicktime", "audio/mp4"),
    ("video/webm", "audio/webm"),
    ("video/x-matroska", "audio/x-matroska"),
];

/// Returns the media type for the extension of a file name, if it is known.
pub(super) fn of_file_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    BY_EXTENSION
        .iter()
        .find(|(known, _)| extension.eq_ignore_ascii_case(known))
        .map(|(_, media_type)| *media_type)
}

/// Returns the media type of a file: by the extension of its name or, where that is not known, by
/// its first bytes.
pub(crate) fn of_file(name: &str, bytes: &[u8]) -> &'static str {
    of_file_name(name)
        .or_else(|| signature::of_bytes(bytes))
        .unwrap_or(UNKNOWN)
}

/// Returns the media type of a file by its first bytes or, where they are not known, by the
/// extension of its name.
pub(crate) fn of_content(name: &str, bytes: &[u8]) -> Option<&'static str> {
    signature::of_bytes(bytes).or_else(|| of_file_name(name))
}

/// Returns the media type of a recording in a container that may hold a film.
pub(crate) fn as_audio(media_type: &'static str) -> &'static str {
    let sound = SOUND_OF_VIDEO.iter().find(|(it, _)| *it == media_type);
    sound.map_or(media_type, |(_, sound)| sound)
}

/// Whether a file name has the extension of an image.
pub(crate) fn is_image(name: &str) -> bool {
    of_file_name(name).is_some_and(|media_type| media_type.starts_with("image/"))
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
    use super::{UNKNOWN, as_audio, image_extension, is_image, of_file};

    #[test]
    fn media_type_follows_the_extension() {
        assert_eq!(of_file("a.b/Report.PDF", b""), "application/pdf");
        assert_eq!(of_file("pdf", b""), UNKNOWN);
        assert_eq!(of_file("x.unknown", b""), UNKNOWN);
        assert_eq!(of_file("x.unknown", b"%PDF-1.7"), "application/pdf");
        assert_eq!(of_file("x.txt", b"%PDF-1.7"), "text/plain");
        assert_eq!(as_audio("video/webm"), "audio/webm");
        assert_eq!(as_audio("image/png"), "image/png");
        assert!(is_image("a.JPG") && !is_image("a.pdf") && !is_image("png"));
    }

    #[test]
    fn image_extension_is_known_for_images_alone() {
        assert_eq!(image_extension("image/jpeg"), Some("jpeg"));
        assert_eq!(image_extension("IMAGE/PNG"), Some("png"));
        assert_eq!(image_extension("text/html"), None);
    }
}
