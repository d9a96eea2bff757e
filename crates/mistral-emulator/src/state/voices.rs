//! The voices that speech can have: those the server comes with and those that were created.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::generate::audio as sound;
use crate::generate::random::{hash, uuid};
use crate::json::set;

/// How many words long the sample is that a voice has without one of its own.
const SAMPLE_WORDS: usize = 5;

#[derive(Debug, Clone)]
struct Voice {
    card: Value,
    sample: Vec<u8>,
}

/// Why a voice cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    Unknown,
    Preset,
}

#[derive(Debug)]
pub(crate) struct Voices {
    voices: Mutex<Vec<Voice>>,
    made: AtomicU64,
}

impl Voices {
    /// The voices of a new server.
    pub(crate) fn new() -> Self {
        let presets = [
            ("Paul", "en_paul_neutral", "male", "en"),
            ("Marie", "fr_marie_neutral", "female", "fr"),
        ];
        let voices = presets.map(|(name, slug, gender, language)| {
            let mut card = card(uuid(hash(slug.as_bytes())), "2026-01-01T00:00:00Z");
            set(&mut card, "name", name.into());
            set(&mut card, "slug", slug.into());
            set(&mut card, "gender", gender.into());
            set(&mut card, "languages", json!([language]));
            set(&mut card, "type", "preset".into());
            Voice {
                sample: sample(&card),
                card,
            }
        });
        Self {
            voices: Mutex::new(voices.into()),
            made: AtomicU64::new(0),
        }
    }

    /// The voices of a type, or all of them, in the order in which they were made.
    pub(crate) fn list(&self, kind: Option<&str>) -> Vec<Value> {
        let voices = lock(&self.voices);
        let cards = voices.iter().map(|voice| &voice.card);
        let wanted =
            |card: &&Value| kind.is_none_or(|kind| card.get("type") == Some(&Value::from(kind)));
        cards.filter(wanted).cloned().collect()
    }

    /// The voice of that id or slug.
    pub(crate) fn find(&self, name: &str) -> Option<Value> {
        let voices = lock(&self.voices);
        let voice = voices.iter().find(|voice| voice.is_named(name))?;
        Some(voice.card.clone())
    }

    /// The recording that a voice was made from.
    pub(crate) fn sample(&self, name: &str) -> Option<Vec<u8>> {
        let voices = lock(&self.voices);
        let voice = voices.iter().find(|voice| voice.is_named(name))?;
        Some(voice.sample.clone())
    }

    /// Makes a voice of a request that was checked before.
    pub(crate) fn create(
        &self,
        request: &Value,
        recording: Option<Vec<u8>>,
        created_at: &str,
    ) -> Value {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let id = uuid(hash(format!("voice {number}").as_bytes()));
        let mut card = card(id, created_at);
        set(&mut card, "type", "custom".into());
        set(&mut card, "kind", "ivc".into());
        set(&mut card, "user_id", uuid(hash(b"user")).into());
        let name = request.get("name").and_then(Value::as_str);
        set(&mut card, "slug", slug(name.unwrap_or_default()).into());
        change(&mut card, request);
        let sample = recording.unwrap_or_else(|| sample(&card));
        lock(&self.voices).push(Voice {
            card: card.clone(),
            sample,
        });
        card
    }

    /// Gives a voice the members that the request has.
    pub(crate) fn update(&self, id: &str, request: &Value) -> Result<Value, Refusal> {
        let mut voices = lock(&self.voices);
        let place = custom(&voices, id)?;
        let voice = voices.get_mut(place).ok_or(Refusal::Unknown)?;
        change(&mut voice.card, request);
        Ok(voice.card.clone())
    }

    pub(crate) fn delete(&self, id: &str) -> Result<Value, Refusal> {
        let mut voices = lock(&self.voices);
        let place = custom(&voices, id)?;
        Ok(voices.remove(place).card)
    }
}

impl Voice {
    fn is_named(&self, name: &str) -> bool {
        ["id", "slug"]
            .iter()
            .any(|member| self.card.get(member) == Some(&Value::from(name)))
    }
}

/// The place of a voice that may be changed.
fn custom(voices: &[Voice], id: &str) -> Result<usize, Refusal> {
    let has_id = |voice: &Voice| voice.card.get("id") == Some(&Value::from(id));
    let place = voices.iter().position(has_id).ok_or(Refusal::Unknown)?;
    let voice = voices.get(place).ok_or(Refusal::Unknown)?;
    if voice.card.get("type") == Some(&Value::from("custom")) {
        Ok(place)
    } else {
        Err(Refusal::Preset)
    }
}

fn card(id: String, created_at: &str) -> Value {
    json!({
        "id": id,
        "name": null,
        "slug": null,
        "description": null,
        "languages": [],
        "gender": null,
        "age": null,
        "tags": null,
        "color": null,
        "retention_notice": 30,
        "created_at": created_at,
        "user_id": null,
        "type": null,
        "kind": null,
        "trimmed_seconds": null,
    })
}

/// Takes over the members that a card has and the request gives.
fn change(card: &mut Value, request: &Value) {
    let empty = Map::new();
    for (name, value) in request.as_object().unwrap_or(&empty) {
        if !value.is_null() && card.get(name).is_some() {
            set(card, name, value.clone());
        }
    }
}

fn sample(card: &Value) -> Vec<u8> {
    let id = card.get("id").and_then(Value::as_str).unwrap_or_default();
    sound::wav(&sound::tone(hash(id.as_bytes()), SAMPLE_WORDS))
}

fn slug(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join("_")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_lives_until_it_is_deleted() {
        let voices = Voices::new();
        let presets = voices.list(None).len();
        let made = voices.create(&json!({"name": "Ada L."}), Some(vec![1]), "now");
        let id = made["id"].as_str().unwrap();
        assert_eq!(voices.list(None).len(), presets + 1);
        assert_eq!(voices.find("ada_l"), Some(made.clone()));
        assert_eq!(voices.sample(id), Some(vec![1]));
        let changed = voices
            .update(id, &json!({"age": 36, "tags": null}))
            .unwrap();
        assert_eq!(changed["age"], 36);
        assert_eq!(voices.find(id), Some(changed.clone()));
        assert_eq!(voices.delete(id), Ok(changed));
        assert_eq!(voices.delete(id), Err(Refusal::Unknown));
        assert_eq!(voices.find(id), None);
        let next = voices.create(&json!({"name": "Ada L."}), None, "now");
        assert_ne!(next["id"], made["id"]);
    }

    #[test]
    fn presets_stay_as_they_are() {
        let voices = Voices::new();
        let preset = voices.list(Some("preset"))[0].clone();
        let id = preset["id"].as_str().unwrap();
        assert_eq!(voices.update(id, &json!({"age": 1})), Err(Refusal::Preset));
        assert_eq!(voices.delete(id), Err(Refusal::Preset));
        assert_eq!(voices.find("en_paul_neutral"), Some(preset));
        assert!(voices.list(Some("custom")).is_empty());
    }
}
