//! The voices of speech: presets and those that were created.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use crate::generate::audio;
use crate::generate::random::{hash, uuid};
use crate::json::set_member;

/// The length of the generated sample of a voice without a recording.
const SAMPLE_WORDS: usize = 5;

#[derive(Debug, Clone)]
struct Voice {
    card: Value,
    sample: Vec<u8>,
}

/// The reason why a voice cannot be updated or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VoiceError {
    NotFound,
    Preset,
}

#[derive(Debug)]
pub(crate) struct Voices {
    voices: Mutex<Vec<Voice>>,
    created: AtomicU64,
}

impl Voices {
    /// Removes all voices but the presets, as they were.
    pub(crate) fn reset(&self) {
        let presets = Self::new().voices;
        *lock(&self.voices) = presets.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.created.store(0, Ordering::Relaxed);
    }

    /// Creates the presets.
    pub(crate) fn new() -> Self {
        let presets = [
            ("Paul", "en_paul_neutral", "male", "en"),
            ("Marie", "fr_marie_neutral", "female", "fr"),
        ];
        let voices = presets.map(|(name, slug, gender, language)| {
            let mut card = card(uuid(hash(slug.as_bytes())), "2026-01-01T00:00:00Z");
            set_member(&mut card, "name", name.into());
            set_member(&mut card, "slug", slug.into());
            set_member(&mut card, "gender", gender.into());
            set_member(&mut card, "languages", json!([language]));
            set_member(&mut card, "type", "preset".into());
            Voice {
                sample: sample(&card),
                card,
            }
        });
        Self {
            voices: Mutex::new(voices.into()),
            created: AtomicU64::new(0),
        }
    }

    /// Returns the voices of a type, or all of them, in the order of creation.
    pub(crate) fn list(&self, voice_type: Option<&str>) -> Vec<Value> {
        let voices = lock(&self.voices);
        let cards = voices.iter().map(|voice| &voice.card);
        let has_type = |card: &&Value| {
            voice_type.is_none_or(|voice_type| card.get("type") == Some(&Value::from(voice_type)))
        };
        cards.filter(has_type).cloned().collect()
    }

    /// Returns the voice with an id or slug.
    pub(crate) fn find(&self, name: &str) -> Option<Value> {
        let voices = lock(&self.voices);
        let voice = voices.iter().find(|voice| voice.has_id_or_slug(name))?;
        Some(voice.card.clone())
    }

    /// Returns the sample of the voice with an id or slug.
    pub(crate) fn sample(&self, name: &str) -> Option<Vec<u8>> {
        let voices = lock(&self.voices);
        let voice = voices.iter().find(|voice| voice.has_id_or_slug(name))?;
        Some(voice.sample.clone())
    }

    /// Creates a voice from a validated request.
    pub(crate) fn create(
        &self,
        request: &Value,
        recording: Option<Vec<u8>>,
        created_at: &str,
    ) -> Value {
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        let id = uuid(hash(format!("voice {number}").as_bytes()));
        let mut card = card(id, created_at);
        set_member(&mut card, "type", "custom".into());
        set_member(&mut card, "kind", "ivc".into());
        set_member(&mut card, "user_id", uuid(hash(b"user")).into());
        let name = request.get("name").and_then(Value::as_str);
        set_member(&mut card, "slug", slug(name.unwrap_or_default()).into());
        apply_changes(&mut card, request);
        let sample = recording.unwrap_or_else(|| sample(&card));
        lock(&self.voices).push(Voice {
            card: card.clone(),
            sample,
        });
        card
    }

    /// Updates a voice with the fields of a validated request.
    pub(crate) fn update(&self, id: &str, request: &Value) -> Result<Value, VoiceError> {
        let mut voices = lock(&self.voices);
        let index = find_custom(&voices, id)?;
        let voice = voices.get_mut(index).ok_or(VoiceError::NotFound)?;
        apply_changes(&mut voice.card, request);
        Ok(voice.card.clone())
    }

    pub(crate) fn delete(&self, id: &str) -> Result<Value, VoiceError> {
        let mut voices = lock(&self.voices);
        let index = find_custom(&voices, id)?;
        Ok(voices.remove(index).card)
    }
}

impl Voice {
    fn has_id_or_slug(&self, name: &str) -> bool {
        ["id", "slug"]
            .iter()
            .any(|member| self.card.get(member) == Some(&Value::from(name)))
    }
}

/// Returns the index of a custom voice, which may be updated and deleted.
fn find_custom(voices: &[Voice], id: &str) -> Result<usize, VoiceError> {
    let has_id = |voice: &Voice| voice.card.get("id") == Some(&Value::from(id));
    let index = voices.iter().position(has_id).ok_or(VoiceError::NotFound)?;
    let voice = voices.get(index).ok_or(VoiceError::NotFound)?;
    if voice.card.get("type") == Some(&Value::from("custom")) {
        Ok(index)
    } else {
        Err(VoiceError::Preset)
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

/// Copies the fields of the request that a card has.
fn apply_changes(card: &mut Value, request: &Value) {
    let empty = Map::new();
    for (name, value) in request.as_object().unwrap_or(&empty) {
        if !value.is_null() && card.get(name).is_some() {
            set_member(card, name, value.clone());
        }
    }
}

fn sample(card: &Value) -> Vec<u8> {
    let id = card.get("id").and_then(Value::as_str).unwrap_or_default();
    audio::wav(&audio::tone(hash(id.as_bytes()), SAMPLE_WORDS))
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
    fn voice_exists_until_deleted() {
        let voices = Voices::new();
        let presets = voices.list(None).len();
        let created = voices.create(&json!({"name": "Ada L."}), Some(vec![1]), "now");
        let id = created["id"].as_str().unwrap();
        assert_eq!(voices.list(None).len(), presets + 1);
        assert_eq!(voices.find("ada_l"), Some(created.clone()));
        assert_eq!(voices.sample(id), Some(vec![1]));
        let changed = voices
            .update(id, &json!({"age": 36, "tags": null}))
            .unwrap();
        assert_eq!(changed["age"], 36);
        assert_eq!(voices.find(id), Some(changed.clone()));
        assert_eq!(voices.delete(id), Ok(changed));
        assert_eq!(voices.delete(id), Err(VoiceError::NotFound));
        assert_eq!(voices.find(id), None);
        let next = voices.create(&json!({"name": "Ada L."}), None, "now");
        assert_ne!(next["id"], created["id"]);
    }

    #[test]
    fn voice_presets_cannot_be_changed() {
        let voices = Voices::new();
        let preset = voices.list(Some("preset"))[0].clone();
        let id = preset["id"].as_str().unwrap();
        assert_eq!(
            voices.update(id, &json!({"age": 1})),
            Err(VoiceError::Preset)
        );
        assert_eq!(voices.delete(id), Err(VoiceError::Preset));
        assert_eq!(voices.find("en_paul_neutral"), Some(preset));
        assert!(voices.list(Some("custom")).is_empty());
    }
}
