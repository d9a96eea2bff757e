//! The small part of MessagePack that compressed payloads use.

use super::EncodingError;

/// Appends a text of fewer than 32 bytes.
pub(super) fn push_text(packed: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).unwrap_or_default() & 0x1f;
    packed.push(0xa0 | length);
    packed.extend_from_slice(text.as_bytes());
}

pub(super) fn push_bytes(packed: &mut Vec<u8>, bytes: &[u8]) -> Result<(), EncodingError> {
    if let Ok(length) = u8::try_from(bytes.len()) {
        packed.extend([0xc4, length]);
    } else if let Ok(length) = u16::try_from(bytes.len()) {
        packed.push(0xc5);
        packed.extend(length.to_be_bytes());
    } else {
        let length = u32::try_from(bytes.len())
            .map_err(|_| EncodingError::new("the compressed payload is larger than 4 GiB"))?;
        packed.push(0xc6);
        packed.extend(length.to_be_bytes());
    }
    packed.extend_from_slice(bytes);
    Ok(())
}

/// Reads MessagePack. Every method returns `None` if the next value is not of its kind.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(packed: &'a [u8]) -> Self {
        Self { rest: packed }
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// Reads an unsigned number of `width` bytes.
    fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.take(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | usize::from(byte)),
        )
    }

    fn marker(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn map_length(&mut self) -> Option<usize> {
        match self.marker()? {
            marker @ 0x80..=0x8f => Some(usize::from(marker & 0x0f)),
            0xde => self.number(2),
            0xdf => self.number(4),
            _ => None,
        }
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = match self.marker()? {
            marker @ 0xa0..=0xbf => usize::from(marker & 0x1f),
            0xd9 => self.number(1)?,
            0xda => self.number(2)?,
            0xdb => self.number(4)?,
            _ => return None,
        };
        std::str::from_utf8(self.take(length)?).ok()
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = match self.marker()? {
            0xc4 => self.number(1)?,
            0xc5 => self.number(2)?,
            0xc6 => self.number(4)?,
            _ => return None,
        };
        self.take(length)
    }

    /// Skips a value that is neither a list nor a map.
    pub(super) fn skip(&mut self) -> Option<()> {
        let length = match self.marker()? {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => 0,
            marker @ 0xa0..=0xbf => usize::from(marker & 0x1f),
            0xcc | 0xd0 => 1,
            0xcd | 0xd1 => 2,
            0xca | 0xce | 0xd2 => 4,
            0xcb | 0xcf | 0xd3 => 8,
            0xc4 | 0xd9 => self.number(1)?,
            0xc5 | 0xda => self.number(2)?,
            0xc6 | 0xdb => self.number(4)?,
            _ => return None,
        };
        self.take(length).map(drop)
    }
}
