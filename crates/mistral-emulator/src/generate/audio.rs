//! Generated audio in the PCM and WAV formats, and the duration of recordings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Samples per second. Each sample has 16 bits; there is one channel.
const SAMPLE_RATE: u32 = 8_000;
const SAMPLES_PER_WORD: usize = 400;
/// Bounds the length of the audio of a long text.
const MAX_WORDS: usize = 200;
const AMPLITUDE: usize = 8_000;
const HEADER_BYTES: usize = 44;
/// The assumed duration of a recording whose content is not available.
pub(crate) const PLACEHOLDER_SECONDS: f64 = 10.0;
/// Models listen in windows of this length, the last of which is padded.
const WINDOW_SECONDS: f64 = 30.0;
const TOKENS_PER_WINDOW: usize = 375;

/// Generates a tone whose length depends on the number of words and its pitch on the seed.
pub(crate) fn tone(seed: u64, words: usize) -> Vec<i16> {
    let period = 20 + usize::try_from(seed % 60).unwrap_or(0);
    (0..SAMPLES_PER_WORD * words.clamp(1, MAX_WORDS))
        .map(|index| {
            let level = index % period * 2 * AMPLITUDE / period;
            i16::try_from(level).unwrap_or(0) - i16::try_from(AMPLITUDE).unwrap_or(0)
        })
        .collect()
}

/// Encodes samples without a header.
pub(crate) fn pcm(samples: &[i16]) -> Vec<u8> {
    samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect()
}

/// Encodes samples as a WAV file.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let data = pcm(samples);
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + data.len());
    bytes.extend(b"RIFF");
    bytes.extend(length.saturating_add(36).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    for number in [1_u16, 1] {
        bytes.extend(number.to_le_bytes());
    }
    for number in [SAMPLE_RATE, SAMPLE_RATE * 2] {
        bytes.extend(number.to_le_bytes());
    }
    for number in [2_u16, 16] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// Returns the number of tokens of a recording.
pub(crate) fn tokens(seconds: f64) -> usize {
    let windows = (seconds / WINDOW_SECONDS).ceil().max(1.0) as usize;
    windows.saturating_mul(TOKENS_PER_WINDOW)
}

/// Returns the duration of a recording that is given as a URL, which is not fetched, as a data
/// URL or in Base64.
pub(crate) fn seconds_of_reference(reference: &str) -> f64 {
    if reference.starts_with("https://") || reference.starts_with("http://") {
        return PLACEHOLDER_SECONDS;
    }
    let encoded = match reference.strip_prefix("data:") {
        Some(rest) => rest.split_once(',').map_or("", |(_, data)| data),
        None => reference,
    };
    let recording = STANDARD.decode(encoded.trim());
    recording.map_or(PLACEHOLDER_SECONDS, |bytes| duration_seconds(&bytes))
}

/// Returns the duration of a recording, which is exact for WAV and estimated otherwise.
pub(crate) fn duration_seconds(recording: &[u8]) -> f64 {
    let rate = recording
        .strip_prefix(b"RIFF")
        .filter(|rest| rest.get(4..8) == Some(b"WAVE"))
        .and_then(|rest| rest.get(24..28))
        .and_then(|rate| rate.try_into().ok())
        .map(u32::from_le_bytes)
        .filter(|rate| *rate > 0);
    let (bytes, rate) = match rate {
        Some(rate) => (recording.len().saturating_sub(HEADER_BYTES), rate),
        // 128 kilobits per second is usual for compressed audio.
        None => (recording.len(), 16_000),
    };
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / f64::from(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wav_header_states_duration() {
        let samples = tone(3, 20);
        let wav = wav(&samples);
        assert_eq!(wav.len(), HEADER_BYTES + 2 * samples.len());
        assert!((duration_seconds(&wav) - 1.0).abs() < 1e-9);
        assert!((duration_seconds(&[0; 32_000]) - 2.0).abs() < 1e-9);
        assert!(duration_seconds(b"RIFF").abs() < 0.001);
    }

    #[test]
    fn audio_tokens_count_whole_windows() {
        for (seconds, expected) in [(0.0, 375), (5.0, 375), (30.0, 375), (30.5, 750)] {
            assert_eq!(tokens(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn audio_reference_is_decoded_unless_it_is_a_url() {
        let two_seconds = STANDARD.encode([0; 32_000]);
        let data_url = format!("data:audio/mpeg;base64,{two_seconds}");
        for (reference, expected) in [
            (two_seconds.as_str(), 2.0),
            (data_url.as_str(), 2.0),
            ("https://example.com/a.mp3", PLACEHOLDER_SECONDS),
            ("not base64", PLACEHOLDER_SECONDS),
        ] {
            assert!(
                (seconds_of_reference(reference) - expected).abs() < 1e-9,
                "{reference}"
            );
        }
    }

    #[test]
    fn tone_alternates_between_extremes() {
        let samples = tone(0, 1);
        assert_eq!(samples.len(), SAMPLES_PER_WORD);
        assert!(samples.iter().any(|sample| *sample > 7_000));
        assert!(samples.contains(&-8_000));
        assert_ne!(tone(1, 1), samples);
    }
}
