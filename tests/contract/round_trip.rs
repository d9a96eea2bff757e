//! Reads JSON as one of the SDK's types and writes it again.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The written value, and the parts that the type does not model.
pub(crate) struct RoundTripResult {
    pub(crate) written: Value,
    pub(crate) unmodelled: Vec<String>,
}

pub(crate) type RoundTrip = fn(&str) -> Result<RoundTripResult, String>;

pub(crate) fn round_trip<T: DeserializeOwned + Serialize + Debug>(
    json: &str,
) -> Result<RoundTripResult, String> {
    let read: T = serde_json::from_str(json).map_err(|error| format!("does not parse: {error}"))?;
    // Written as text, because converting a 32-bit float to a `Value` adds digits.
    let text = serde_json::to_string(&read).map_err(|error| format!("is not written: {error}"))?;
    let written = serde_json::from_str(&text).map_err(|error| format!("is no JSON: {error}"))?;
    Ok(RoundTripResult {
        written,
        unmodelled: unmodelled(&format!("{read:?}")),
    })
}

/// Returns the unmodelled parts, which types keep in `extra` and `Unknown`.
fn unmodelled(debug: &str) -> Vec<String> {
    let extra = debug.split("extra: {\"").skip(1).filter_map(not_null);
    let extra = extra.map(|field| format!("the field `{field}`"));
    let unknown = debug.split("Unknown(").skip(1);
    let unknown = unknown.map(|rest| format!("`{}`", rest.chars().take(60).collect::<String>()));
    extra.chain(unknown).collect()
}

/// Returns the first field of `extra` that is not null. Requests also keep the nulls of known
/// fields there.
fn not_null(extra: &str) -> Option<&str> {
    let (field, rest) = extra.split_once("\": ")?;
    match rest.strip_prefix("Null") {
        Some(rest) => not_null(rest.strip_prefix(", \"")?),
        None => Some(field),
    }
}

#[cfg(test)]
mod tests {
    use mistral_sdk::embeddings::EmbeddingRequest;
    use mistral_sdk::messages::UsageInfo;
    use mistral_sdk::models::ModelList;

    use super::*;

    #[test]
    fn contract_round_trip_reports_unmodelled_fields() {
        let back = round_trip::<UsageInfo>(r#"{"total_tokens":1,"new":{"a":1}}"#).unwrap();
        assert_eq!(back.unmodelled, ["the field `new`"]);
        assert_eq!(back.written["new"]["a"], 1);
        let request = r#"{"input":"a","model":"m","metadata":null,"new":1}"#;
        let back = round_trip::<EmbeddingRequest>(request).unwrap();
        assert_eq!(back.unmodelled, ["the field `new`"]);
        let back = round_trip::<ModelList>(r#"{"data":[{"type":"new"}]}"#).unwrap();
        assert_eq!(back.unmodelled.len(), 1, "{:?}", back.unmodelled);
        assert!(round_trip::<UsageInfo>("[]").is_err());
        let back = round_trip::<UsageInfo>(r#"{"total_tokens":1}"#).unwrap();
        assert_eq!(back.unmodelled, [""; 0]);
    }
}
