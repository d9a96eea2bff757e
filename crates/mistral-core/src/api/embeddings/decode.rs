//! Decodes embedding responses faster than a general JSON parser.
//!
//! Vectors make up nearly all of a response. They are cut out and parsed here, and the JSON
//! parser reads the small remainder. The result equals that of the JSON parser alone: a
//! response with anything unusual is left to it completely.

use memchr::{memchr, memchr2, memmem};

use super::response::{Embedding, EmbeddingResponse};
use crate::error::{DecodeError, decode};

/// The key that precedes a vector. Within a JSON string its quotes would be escaped.
const EMBEDDING_KEY: &[u8] = b"\"embedding\"";
/// The prefix of a string that replaces a vector. No unescaped JSON string can start with it.
const PLACEHOLDER: char = '\0';
/// The powers of ten by which serde_json divides a float.
const POWERS_OF_TEN: [f64; 32] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22, 1e23, 1e24, 1e25, 1e26, 1e27, 1e28, 1e29, 1e30, 1e31,
];
/// The maximum number of digits that always fit into a `u64`.
const MAX_DIGITS: usize = 19;

/// Decodes an embedding response.
pub(super) fn decode_response(json: &[u8]) -> Result<EmbeddingResponse, DecodeError> {
    match fast_decode(json) {
        Some(response) => Ok(response),
        None => decode(json),
    }
}

fn fast_decode(json: &[u8]) -> Option<EmbeddingResponse> {
    let finder = memmem::Finder::new(EMBEDDING_KEY);
    let (mut rest, mut remainder) = (json, Vec::new());
    let mut vectors = Vec::new();
    let mut dimension = 0;
    while let Some(at) = finder.find(rest) {
        let (before, after) = rest.split_at_checked(at + EMBEDDING_KEY.len())?;
        if memchr(b'\\', before).is_some() {
            return None;
        }
        remainder.extend_from_slice(before);
        rest = after;
        let value = skip_whitespace(after);
        if value.first() != Some(&b':') {
            continue; // the value of `object` is "embedding", too
        }
        let value = skip_whitespace(value.get(1..)?);
        let (vector, after) = parse_vector(value, dimension)?;
        if let Embedding::Numbers(numbers) = &vector {
            dimension = numbers.len();
        }
        remainder.extend_from_slice(format!(":\"\\u0000{}\"", vectors.len()).as_bytes());
        vectors.push(Some(vector));
        rest = after;
    }
    if vectors.is_empty() || memchr(b'\\', rest).is_some() {
        return None;
    }
    remainder.extend_from_slice(rest);
    let remainder = std::str::from_utf8(&remainder).ok()?;
    restore_vectors(serde_json::from_str(remainder).ok()?, vectors)
}

/// Replaces each placeholder with its vector. Returns `None` if a vector is not from `data`.
fn restore_vectors(
    mut response: EmbeddingResponse,
    mut vectors: Vec<Option<Embedding>>,
) -> Option<EmbeddingResponse> {
    for embedding in response
        .data
        .iter_mut()
        .filter_map(|data| data.embedding.as_mut())
    {
        if let Embedding::Base64(text) = embedding
            && let Some(number) = text.strip_prefix(PLACEHOLDER)
        {
            *embedding = vectors.get_mut(number.parse::<usize>().ok()?)?.take()?;
        }
    }
    vectors.iter().all(Option::is_none).then_some(response)
}

#[inline]
fn skip_whitespace(json: &[u8]) -> &[u8] {
    match json.first() {
        Some(byte) if *byte > b' ' => json, // the usual case
        _ => skip_some_whitespace(json),
    }
}

#[inline(never)]
fn skip_some_whitespace(json: &[u8]) -> &[u8] {
    let is_whitespace = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
    let length = json.iter().take_while(|byte| is_whitespace(byte)).count();
    json.get(length..).unwrap_or_default()
}

/// Parses the vector that `json` starts with, and returns it with the rest.
fn parse_vector(json: &[u8], dimension: usize) -> Option<(Embedding, &[u8])> {
    let (first, rest) = json.split_first()?;
    match first {
        b'[' => parse_numbers(rest, dimension),
        b'"' => parse_base64(rest),
        _ => None,
    }
}

fn parse_base64(json: &[u8]) -> Option<(Embedding, &[u8])> {
    let (text, rest) = json.split_at_checked(memchr2(b'"', b'\\', json)?)?;
    let rest = rest.strip_prefix(b"\"")?;
    let is_plain = text
        .iter()
        .fold(true, |plain, byte| plain & (*byte >= b' '));
    let text = std::str::from_utf8(text).ok().filter(|_| is_plain)?;
    Some((Embedding::Base64(text.to_owned()), rest))
}

fn parse_numbers(json: &[u8], dimension: usize) -> Option<(Embedding, &[u8])> {
    let mut numbers = Vec::with_capacity(dimension);
    let mut rest = skip_whitespace(json);
    loop {
        let (number, after) = parse_number(rest)?;
        numbers.push(number);
        let (next, after) = skip_whitespace(after).split_first()?;
        match next {
            b',' => rest = skip_whitespace(after),
            b']' => {
                numbers.shrink_to_fit();
                return Some((Embedding::Numbers(numbers), after));
            }
            _ => return None,
        }
    }
}

/// Parses the number that `json` starts with.
fn parse_number(json: &[u8]) -> Option<(f32, &[u8])> {
    parse_plain_number(json).or_else(|| parse_other_number(json))
}

/// Parses a number with an exponent or with too many digits, by means of serde_json.
#[cold]
fn parse_other_number(json: &[u8]) -> Option<(f32, &[u8])> {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    let length = json.iter().take_while(|byte| is_part(byte)).count();
    let (number, after) = json.split_at_checked(length)?;
    let is_float = |byte: &u8| matches!(byte, b'.' | b'e' | b'E');
    if !number.iter().any(is_float) {
        return None; // serde_json does not round an integer by way of an `f64`
    }
    let float: f64 = serde_json::from_slice(number).ok()?;
    #[allow(clippy::cast_possible_truncation)] // rounding to `f32` is intended
    let float = float as f32;
    float.is_finite().then_some((float, after))
}

/// Parses a number without an exponent whose digits fit into a `u64`.
fn parse_plain_number(json: &[u8]) -> Option<(f32, &[u8])> {
    let (is_negative, digits) = match json.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, json),
    };
    let (significand, after) = match digits.strip_prefix(b"0") {
        Some(after) => (0, after),
        None => parse_digits(digits, 0, 0)?,
    };
    let (magnitude, after) = match after.strip_prefix(b".") {
        Some(fraction) => {
            let zeros = match significand {
                0 => fraction.iter().take_while(|byte| **byte == b'0').count(),
                _ => 0,
            };
            let before = digits.len() - after.len();
            let digits = fraction.get(zeros..)?;
            let digits_before = if significand == 0 { 0 } else { before };
            let (significand, after) = match digits.first() {
                Some(b'0'..=b'9') => parse_digits(digits, significand, digits_before)?,
                _ if zeros > 0 => (significand, digits),
                _ => return None,
            };
            let power = POWERS_OF_TEN.get(fraction.len() - after.len())?;
            #[allow(clippy::cast_precision_loss)] // as serde_json does
            let float = significand as f64 / power;
            #[allow(clippy::cast_possible_truncation)] // rounding to `f32` is intended
            (float as f32, after)
        }
        #[allow(clippy::cast_precision_loss)] // rounding to `f32` is intended
        None => (significand as f32, after),
    };
    if matches!(after.first(), Some(b'e' | b'E' | b'.' | b'0'..=b'9')) {
        return None;
    }
    Some((if is_negative { -magnitude } else { magnitude }, after))
}

/// Parses one or more digits, which follow the `digits_before` that make up `significand`.
fn parse_digits(json: &[u8], mut significand: u64, digits_before: usize) -> Option<(u64, &[u8])> {
    let mut rest = json;
    while let Some((eight, after)) = rest.split_first_chunk::<8>() {
        let Some(value) = parse_eight_digits(*eight) else {
            break;
        };
        significand = significand.wrapping_mul(100_000_000).wrapping_add(value);
        rest = after;
    }
    while let Some((digit @ b'0'..=b'9', after)) = rest.split_first() {
        significand = significand
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'));
        rest = after;
    }
    let count = json.len() - rest.len();
    (count > 0 && digits_before + count <= MAX_DIGITS).then_some((significand, rest))
}

/// Parses eight ASCII digits, or returns `None` if one is not a digit.
fn parse_eight_digits(bytes: [u8; 8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let word = u64::from_le_bytes(bytes);
    // The upper nibble of an ASCII digit is 3, and remains 3 when 6 is added to the byte.
    let upper = |word: u64| word & 0xF0F0_F0F0_F0F0_F0F0;
    if upper(word) != ZEROS || upper(word.wrapping_add(0x0606_0606_0606_0606)) != ZEROS {
        return None;
    }
    // Combines pairs of digits, then pairs of pairs, then both halves.
    let word = word - ZEROS;
    let word = word.wrapping_mul(10).wrapping_add(word >> 8);
    let low = (word & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let high = ((word >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    Some(low.wrapping_add(high) >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// Generates responses, most of which are valid.
    fn response_json() -> impl Strategy<Value = String> {
        let digits = "[0-9]{0,12}";
        let number = prop_oneof![
            4 => (select(vec!["", "-"]), "(0|[1-9][0-9]{0,21})", select(vec!["", "."]), digits)
                .prop_map(|(sign, whole, point, rest)| format!("{sign}{whole}{point}{rest}")),
            2 => any::<f32>().prop_map(|number| number.to_string()),
            2 => any::<f64>().prop_map(|number| number.to_string()),
            2 => any::<i64>().prop_map(|number| number.to_string()),
            1 => (0.0..0.1f64).prop_map(|number| number.to_string()),
            1 => select(vec!["-0", "-0.0", "00.1", "1e3", "1.5E-7", "1e999", "null", "\"1\"", "[1]", "-", ".5", "1.",
                "0.0000000000000000000000000000001", "0.00000000000000000000000000000000001"])
                .prop_map(str::to_owned),
        ];
        let blank = || select(vec!["", "", "", " ", "\n\t"]);
        let list = (proptest::collection::vec(number, 0..5), blank(), blank()).prop_map(
            |(numbers, one, other)| {
                let comma = format!("{one},{other}");
                format!("[{one}{}{other}]", numbers.join(&comma))
            },
        );
        let text = select(vec![
            r#""AACAPw==""#,
            r#""""#,
            r#""\u0000""#,
            r#""\u00000""#,
            r#""a\"b""#,
            "\"a\nb\"",
            r#""é""#,
            "\"a",
            "7",
            "{}",
            r#"{"embedding":[1]}"#,
        ]);
        let vector = prop_oneof![4 => list, 2 => text.prop_map(str::to_owned)];
        let key = select(vec![
            r#""embedding""#,
            r#""embedding""#,
            r#""embedding""#,
            r#""embedding""#,
            r#""other""#,
            r#""an \"embedding""#,
            r#""emb\u0065dding""#,
        ]);
        let item = (key, blank(), vector, 0..3i64).prop_map(|(key, blank, vector, index)| {
            format!(r#"{{"object":"embedding",{key}{blank}:{blank}{vector},"index":{index}}}"#)
        });
        let end = select(vec![
            "",
            r#","id":"1""#,
            r#","embedding":[1,2]"#,
            r#","embedding":"x""#,
            r#","new":{"embedding":[3]}"#,
            r#","new":"\\""#,
            r#","data":[]"#,
            ",",
        ]);
        (proptest::collection::vec(item, 0..4), end)
            .prop_map(|(items, end)| format!(r#"{{"data":[{}]{end}}}"#, items.join(",")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn fast_decode_of_json_equals_parser(json in response_json()) {
            let read = fast_decode(json.as_bytes());
            match serde_json::from_str::<EmbeddingResponse>(&json) {
                Ok(parsed) => if let Some(read) = read {
                    prop_assert_eq!(format!("{:?}", read), format!("{:?}", parsed));
                },
                Err(error) => prop_assert!(read.is_none(), "{} was read: {}", json, error),
            }
        }

        #[test]
        fn fast_decode_of_corrupted_bytes_equals_parser(
            json in response_json(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        ) {
            let mut json = json.into_bytes();
            let at = at.index(json.len());
            json[at] = byte;
            if let Some(read) = fast_decode(&json) {
                let parsed = serde_json::from_slice::<EmbeddingResponse>(&json).unwrap();
                prop_assert_eq!(format!("{:?}", read), format!("{:?}", parsed));
            }
        }
    }

    #[test]
    fn fast_decode_of_usual_responses_succeeds() {
        for vector in [
            "[1e-5,-1.5E+3,0.00000000000000000000012345678901234567890]",
            "[0.5,-0.12345678901234567, 3]",
            "[ 1.25 ]",
            r#""AACAPw==""#,
        ] {
            let json = format!(
                r#"{{"id":"1","object":"list","data":[{{"object":"embedding","embedding":{vector},"index":0}},
                {{"object": "embedding", "embedding": {vector}, "index": 1}}],"usage":{{"total_tokens":3}}}}"#
            );
            let read = fast_decode(json.as_bytes()).unwrap();
            assert_eq!(read, serde_json::from_str(&json).unwrap());
            assert_eq!(read.data.len(), 2);
        }
    }
}
