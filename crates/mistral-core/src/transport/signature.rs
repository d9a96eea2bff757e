//! The media types of files by their first bytes.

use memchr::memmem;

pub(super) const DOCX: &str =
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
pub(super) const PPTX: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub(super) const ODT: &str = "application/vnd.oasis.opendocument.text";

/// The number of bytes that are enough to recognize every type but those in ZIP archives.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// The number of bytes at the start and at the end of a ZIP archive in which the names of its
/// members are searched.
const ARCHIVE_BYTES: usize = 64 * 1024;

/// The bytes at an offset, and the media type that they stand for.
const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xFF\xD8\xFF", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (8, b"AIFF", "audio/aiff"),
    (8, b"AIFC", "audio/aiff"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"%PDF-", "application/pdf"),
];

/// The brands of files in the ISO base media format, after `ftyp`.
const BRANDS: &[(&[u8], &str)] = &[
    (b"avif", "image/avif"),
    (b"avis", "image/avif"),
    (b"heic", "image/heic"),
    (b"heix", "image/heic"),
    (b"hevc", "image/heic"),
    (b"heim", "image/heic"),
    (b"heis", "image/heic"),
    (b"mif1", "image/heif"),
    (b"msf1", "image/heif"),
    (b"M4A ", "audio/mp4"),
    (b"M4B ", "audio/mp4"),
    (b"qt  ", "video/quicktime"),
    (b"3gp", "video/3gpp"),
];

/// The members by which archives are told apart.
const MEMBERS: &[(&[u8], &str)] = &[(b"word/", DOCX), (b"ppt/", PPTX), (b"xl/", XLSX)];

/// Returns the media type that the first bytes of a file stand for, or `None` if they are not
/// those of a type that the API accepts.
pub(crate) fn of_bytes(bytes: &[u8]) -> Option<&'static str> {
    let at = |offset: usize, signature: &[u8]| {
        let rest = bytes.get(offset..);
        rest.is_some_and(|rest| rest.starts_with(signature))
    };
    let in_container = |offset| offset == 0 || at(0, b"RIFF") || at(0, b"FORM");
    let known = SIGNATURES
        .iter()
        .find(|(offset, signature, _)| in_container(*offset) && at(*offset, signature));
    if let Some((_, _, media_type)) = known {
        return Some(media_type);
    }
    if at(4, b"ftyp") {
        let brand = BRANDS.iter().find(|(brand, _)| at(8, brand));
        return Some(brand.map_or("video/mp4", |(_, media_type)| media_type));
    }
    if at(0, b"\x1A\x45\xDF\xA3") {
        let head = bytes.get(..SIGNATURE_BYTES).unwrap_or(bytes);
        let is_webm = memmem::find(head, b"webm").is_some();
        return Some(if is_webm {
            "video/webm"
        } else {
            "video/x-matroska"
        });
    }
    if at(0, b"PK\x03\x04") {
        return Some(of_archive(bytes));
    }
    // The reserved bytes of a bitmap are zero.
    if at(0, b"BM") && at(6, b"\0\0\0\0") {
        return Some("image/bmp");
    }
    of_audio_frame(bytes).or_else(|| of_text(bytes))
}

/// Recognizes the header of an audio frame: MPEG audio or AAC in an ADTS stream.
fn of_audio_frame(bytes: &[u8]) -> Option<&'static str> {
    let [0xFF, second, third, ..] = bytes else {
        return None;
    };
    let (layer, bit_rate, frequency) = ((second >> 1) & 3, third >> 4, (third >> 2) & 3);
    match (second >> 4, layer) {
        (0xF, 0) if (second & 0xF6) == 0xF0 => Some("audio/aac"),
        // Layer I, which is not in use any more, would match the byte order mark of UTF-16.
        (0xE | 0xF, 1 | 2) if !matches!(bit_rate, 0 | 0xF) && frequency != 3 => Some("audio/mpeg"),
        _ => None,
    }
}

/// Recognizes markup, and a PDF after white space.
fn of_text(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = text.trim_ascii_start();
    let starts_with = |start: &[u8]| {
        let first = text.get(..start.len());
        first.is_some_and(|first| first.eq_ignore_ascii_case(start))
    };
    if starts_with(b"<!doctype html") || starts_with(b"<html") {
        return Some("text/html");
    }
    if starts_with(b"<?xml") {
        return Some("application/xml");
    }
    starts_with(b"%PDF-").then_some("application/pdf")
}

/// Tells documents apart that are ZIP archives.
fn of_archive(bytes: &[u8]) -> &'static str {
    // The first member of some is their media type, not compressed.
    let first = bytes.get(30..).unwrap_or_default();
    let media_type = first.strip_prefix(b"mimetype").unwrap_or_default();
    for known in ["application/epub+zip", ODT] {
        if media_type.starts_with(known.as_bytes()) {
            return known;
        }
    }
    let start = bytes.get(..ARCHIVE_BYTES).unwrap_or(bytes);
    let end = bytes.len().saturating_sub(ARCHIVE_BYTES);
    let end = bytes.get(end..).unwrap_or_default();
    let has = |member: &[u8]| {
        [start, end]
            .iter()
            .any(|it| memmem::find(it, member).is_some())
    };
    let member = MEMBERS.iter().find(|(member, _)| has(member));
    member.map_or("application/zip", |(_, media_type)| media_type)
}

#[cfg(test)]
mod tests {
    use super::{DOCX, ODT, of_bytes};

    #[test]
    fn media_type_follows_the_first_bytes() {
        for (bytes, expected) in [
            (
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(),
                Some("image/png"),
            ),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some("image/jpeg")),
            (b"GIF89a\x01\0", Some("image/gif")),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some("image/webp")),
            (b"BM\x46\0\0\0\0\0\0\0\x36", Some("image/bmp")),
            (b"BM is short for benchmark", None),
            (b"II*\0\x08\0", Some("image/tiff")),
            (b"MM\0*\0\0", Some("image/tiff")),
            (b"\0\0\0\x18ftypheic\0\0", Some("image/heic")),
            (b"\0\0\0\x18ftypmif1\0\0", Some("image/heif")),
            (b"\0\0\0\x1Cftypavif\0\0", Some("image/avif")),
            (b"\0\0\0\x18ftypM4A \0\0", Some("audio/mp4")),
            (b"\0\0\0\x18ftypisom\0\0", Some("video/mp4")),
            (b"\0\0\0\x14ftypqt  \0\0", Some("video/quicktime")),
            (b"\0\0\0\x14ftyp3gp5\0\0", Some("video/3gpp")),
            (b"\x1A\x45\xDF\xA3\x9F\x42\x82\x84webm", Some("video/webm")),
            (
                b"\x1A\x45\xDF\xA3\x42\x82\x88matroska",
                Some("video/x-matroska"),
            ),
            (b"RIFF\x24\0\0\0WAVEfmt ", Some("audio/wav")),
            (b"FORM\0\0\0\0AIFFCOMM", Some("audio/aiff")),
            (b"a text WAVE", None),
            (b"ID3\x04\0\0", Some("audio/mpeg")),
            (b"\xFF\xFB\x90\x44\0", Some("audio/mpeg")),
            (b"\xFF\xF3\x44\xC4", Some("audio/mpeg")),
            (b"\xFF\xF1\x50\x80", Some("audio/aac")),
            (b"\xFF\xF9\x50\x80", Some("audio/aac")),
            (b"\xFF\xFE\0\0", None), // UTF-32 or UTF-16
            (b"\xFF\xFEa\0b\0", None),
            (b"fLaC\0\0\0\x22", Some("audio/flac")),
            (b"OggS\0\x02", Some("audio/ogg")),
            (b"#!AMR\n", Some("audio/amr")),
            (b"%PDF-1.7\n", Some("application/pdf")),
            (b"\xEF\xBB\xBF\n%PDF-1.4", Some("application/pdf")),
            (b"{\\rtf1\\ansi", Some("application/rtf")),
            (b" <!DOCTYPE HTML>", Some("text/html")),
            (b"<html lang=en>", Some("text/html")),
            (b"<?xml version=", Some("application/xml")),
            (b"PK\x03\x04", Some("application/zip")),
            (b"{\"a\":1}", None),
            (b"plain words", None),
            (b"\xFF", None),
            (b"", None),
        ] {
            assert_eq!(of_bytes(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn media_type_of_archive_follows_its_members() {
        let archive = |first: &[u8], rest: &[u8]| {
            let mut bytes = b"PK\x03\x04".to_vec();
            bytes.resize(30, 0);
            [&bytes, first, rest].concat()
        };
        let docx = archive(b"[Content_Types].xml", b"..PK\x03\x04..word/document.xml");
        assert_eq!(of_bytes(&docx), Some(DOCX));
        let far = [&vec![0; 500_000][..], b"word/document.xml"].concat();
        assert_eq!(of_bytes(&archive(b"x", &far)), Some(DOCX));
        let epub = archive(b"mimetypeapplication/epub+zip", b"PK");
        assert_eq!(of_bytes(&epub), Some("application/epub+zip"));
        let odt = archive(b"mimetypeapplication/vnd.oasis.opendocument.text", b"PK");
        assert_eq!(of_bytes(&odt), Some(ODT));
    }
}
