//! The first frame of an HTTP/2 server, which tells how many streams it allows at once.

const FRAME_HEADER: usize = 9;
const SETTINGS: u8 = 4;
const ACK: u8 = 1;
const SETTING: usize = 6;
const MAX_CONCURRENT_STREAMS: u16 = 3;

/// Reads the SETTINGS frame that a server starts its connection with, in whatever pieces it
/// arrives.
#[derive(Debug, Default)]
pub(super) struct SettingsReader {
    /// The bytes of the frame's header, or of the current setting.
    part: Vec<u8>,
    /// The number of bytes of the frame's payload that are to be read, once its header is read.
    remaining: Option<usize>,
    max_streams: Option<u32>,
}

/// The content of the frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FirstFrame {
    /// More bytes are needed.
    Incomplete,
    /// The largest number of streams at once. `None`: no limit.
    MaxStreams(Option<u32>),
}

impl SettingsReader {
    /// Reads the next bytes that the server has sent.
    #[cold] // once per connection
    pub(super) fn read(&mut self, bytes: &[u8]) -> FirstFrame {
        for byte in bytes {
            self.part.push(*byte);
            match &mut self.remaining {
                None if self.part.len() < FRAME_HEADER => continue,
                None => match payload_length(&self.part) {
                    Some(length) => self.remaining = Some(length),
                    None => return FirstFrame::MaxStreams(None), // not a server of HTTP/2
                },
                Some(remaining) => {
                    *remaining = remaining.saturating_sub(1);
                    if self.part.len() < SETTING && *remaining > 0 {
                        continue;
                    }
                    self.max_streams = max_streams(&self.part).or(self.max_streams);
                }
            }
            self.part.clear();
            if self.remaining == Some(0) {
                return FirstFrame::MaxStreams(self.max_streams);
            }
        }
        FirstFrame::Incomplete
    }
}

/// Returns the length of the payload of a SETTINGS frame.
fn payload_length(header: &[u8]) -> Option<usize> {
    match *header {
        [high, middle, low, SETTINGS, flags, ..] if flags & ACK == 0 => {
            usize::try_from(u32::from_be_bytes([0, high, middle, low])).ok()
        }
        _ => None,
    }
}

fn max_streams(setting: &[u8]) -> Option<u32> {
    match *setting {
        [id_high, id_low, a, b, c, d]
            if u16::from_be_bytes([id_high, id_low]) == MAX_CONCURRENT_STREAMS =>
        {
            Some(u32::from_be_bytes([a, b, c, d]))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(settings: &[(u16, u32)]) -> Vec<u8> {
        let length = u8::try_from(settings.len() * SETTING).unwrap();
        let mut frame = vec![0, 0, length, SETTINGS, 0, 0, 0, 0, 0];
        for (id, value) in settings {
            frame.extend(id.to_be_bytes());
            frame.extend(value.to_be_bytes());
        }
        frame
    }

    #[test]
    fn settings_frame_is_read_however_split() {
        for (settings, expected) in [
            (&[][..], None),
            (&[(3, 10)], Some(10)),
            (&[(1, 4096), (3, 128), (4, 65_535)], Some(128)),
            (&[(3, 7), (3, 0)], Some(0)),
            (&[(2, 0), (6, 100)], None),
        ] {
            let mut bytes = frame(settings);
            bytes.extend(*b"more frames"); // not looked at
            for size in [1, 2, 5, 9, 10, 100] {
                let mut reader = SettingsReader::default();
                let mut read = bytes.chunks(size).map(|chunk| reader.read(chunk));
                let found = read.find(|found| *found != FirstFrame::Incomplete);
                assert_eq!(
                    found,
                    Some(FirstFrame::MaxStreams(expected)),
                    "{settings:?}"
                );
            }
        }
    }

    #[test]
    fn settings_frame_of_no_http2_server_sets_no_limit() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request"[..],
            &[0, 0, 0, 4, 1, 0, 0, 0, 0],
        ] {
            let mut reader = SettingsReader::default();
            assert_eq!(reader.read(bytes), FirstFrame::MaxStreams(None));
        }
    }
}
