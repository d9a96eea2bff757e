//! Pseudorandom numbers and ids, which are the same on every run.

/// Hashes bytes. The hash does not depend on the run or the platform.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let folded = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |state, byte| {
        (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    mix(folded)
}

fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// A pseudorandom number generator that depends only on its seed.
#[derive(Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// Returns a number less than `limit`, or 0 if `limit` is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next_u64() % limit).unwrap_or(0)
    }

    pub(crate) fn alphanumeric(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..length)
            .filter_map(|_| LETTERS.get(self.below(LETTERS.len())))
            .map(|letter| char::from(*letter))
            .collect()
    }
}

/// Creates an id of 32 hexadecimal digits, the format of completion ids.
pub(crate) fn hex_id(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64())
}

/// Creates a UUID in the format of version 4.
pub(crate) fn uuid(seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let (high, low) = (rng.next_u64(), rng.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | ((low >> 48) & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_format_and_depend_on_seed() {
        assert_eq!(hex_id(1).len(), 32);
        assert_ne!(hex_id(1), hex_id(2));
        let id = uuid(7);
        let lengths: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(matches!(id.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }

    #[test]
    fn rng_repeats_for_same_seed() {
        let draw = || Rng::new(hash("prompt".as_bytes())).alphanumeric(9);
        assert_eq!(draw(), draw());
        assert_eq!(draw().len(), 9);
    }
}
