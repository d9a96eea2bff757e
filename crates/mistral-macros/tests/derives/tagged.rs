//! Unions that are told apart by a field.

use mistral_core::json::{ApiObject, ApiUnion};
use serde_json::{Map, Value, json};

use crate::{read, round_trip};

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Text {
    #[api(required)]
    text: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
struct Image {
    #[api(required)]
    width: u32,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type", default = "text")]
enum Chunk {
    #[api("text", alias = "input_text")]
    Text(Text),
    #[api("image")]
    Image(Box<Image>),
    Unknown(Value),
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "role")]
enum Message {
    #[api("user")]
    User(Text),
    #[api("system")]
    System(Text),
    #[deprecated]
    #[api("image")]
    Image(Image),
    Unknown(Value),
}

#[test]
fn union_tag_first_round_trips() {
    let chunk: Chunk = round_trip(&json!({ "type": "text", "text": "a", "new": [1] }));
    assert!(matches!(chunk, Chunk::Text(Text { text, .. }) if text == "a"));
    let chunk = serde_json::from_str(r#"{"type":"image","width":"3"}"#).unwrap();
    assert!(matches!(&chunk, Chunk::Image(image) if image.width == 3));
    assert_eq!(
        serde_json::to_string(&chunk).unwrap(),
        r#"{"type":"image","width":3}"#
    );
}

#[test]
fn union_tag_last_is_read() {
    let chunk = serde_json::from_str(r#"{"width":3,"a":{"b":1},"type":"image"}"#).unwrap();
    assert!(matches!(&chunk, Chunk::Image(image) if image.width == 3));
    let text = serde_json::to_string(&chunk).unwrap();
    assert_eq!(text, r#"{"type":"image","width":3,"a":{"b":1}}"#);
}

#[test]
fn union_tag_missing_is_the_default_or_unknown() {
    for json in [json!({ "text": "a" }), json!({ "text": "a", "type": null })] {
        let chunk: Chunk = read(&json).unwrap();
        assert!(matches!(chunk, Chunk::Text(_)));
        let message: Message = round_trip(&json);
        assert_eq!(message, Message::Unknown(json));
    }
}

#[test]
fn union_unknown_value_is_kept() {
    for json in [
        json!({ "type": "video", "text": "a" }),
        json!({ "type": 3, "text": "a" }),
        json!([{ "type": "text" }]),
        json!("text"),
        json!(3),
        json!(null),
    ] {
        assert_eq!(round_trip::<Chunk>(&json), Chunk::Unknown(json));
    }
}

#[test]
fn union_known_member_malformed_is_kept_as_unknown() {
    for json in [
        json!({ "type": "image", "width": [] }),
        json!({ "a": 1, "type": "image" }),
    ] {
        assert_eq!(round_trip::<Chunk>(&json), Chunk::Unknown(json));
    }
}

#[test]
fn union_known_member_that_is_an_error_of_the_server_is_an_error() {
    let json = json!({ "type": "image", "error": { "message": "no luck" } });
    let error = read::<Chunk>(&json).unwrap_err();
    assert!(error.contains("width"), "{error}");
}

#[test]
fn union_alias_is_read_as_its_variant() {
    let chunk: Chunk = read(&json!({ "type": "input_text", "text": "a" })).unwrap();
    assert!(matches!(&chunk, Chunk::Text(text) if text.extra.is_empty()));
    let json = json!({ "type": "text", "text": "a" });
    assert_eq!(serde_json::to_value(chunk).unwrap(), json);
}

#[test]
fn union_is_converted_from_members_of_one_variant() {
    let image = Image {
        width: 1,
        extra: Map::new(),
    };
    let boxed = Chunk::Image(Box::new(image.clone()));
    assert_eq!(Chunk::from(image.clone()), boxed);
    assert_eq!(Chunk::from(Box::new(image.clone())), boxed);
    #[expect(deprecated)]
    let deprecated = Message::Image(image.clone());
    assert_eq!(Message::from(image), deprecated);
    let text = Text {
        text: "a".to_owned(),
        extra: Map::new(),
    };
    assert_eq!(Chunk::from(text.clone()), Chunk::Text(text.clone()));
    // `Message` has two variants for this type.
    let user = serde_json::to_value(Message::User(text.clone())).unwrap();
    assert_eq!(user, json!({ "role": "user", "text": "a" }));
    let system = serde_json::to_value(Message::System(text)).unwrap();
    assert_eq!(system, json!({ "role": "system", "text": "a" }));
}

#[test]
fn union_extra_wins_over_the_tag() {
    let mut extra = Map::new();
    extra.insert("type".to_owned(), json!("other"));
    let text = "a".to_owned();
    let chunk = Chunk::from(Text { text, extra });
    let json = json!({ "type": "other", "text": "a" });
    assert_eq!(serde_json::to_value(chunk).unwrap(), json);
}

#[derive(Debug, Clone, PartialEq, ApiObject)]
#[api(tag = "type", tag_value = "sound")]
struct Sound {
    #[api(required)]
    seconds: u32,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "type")]
enum Media {
    #[api("sound")]
    Sound(Sound),
    #[api("music")]
    Music(Sound),
    Unknown(Value),
}

#[test]
fn object_with_tag_writes_it_when_used_alone() {
    let sound = Sound {
        seconds: 3,
        extra: Map::new(),
    };
    let json = serde_json::to_string(&[&sound]).unwrap();
    assert_eq!(json, r#"[{"type":"sound","seconds":3}]"#);
    let sound: Sound = round_trip(&json!({ "type": "newer", "seconds": 3 }));
    assert_eq!(sound.seconds, 3);
}

#[test]
fn object_with_tag_in_a_union_has_the_tag_of_the_union() {
    let media: Media = round_trip(&json!({ "type": "music", "seconds": 3 }));
    assert!(matches!(media, Media::Music(sound) if sound.extra.is_empty()));
}

#[derive(Debug, Clone, PartialEq, ApiUnion)]
#[api(tag = "kind")]
enum Post {
    #[api("chunk", union)]
    Chunk(Box<Chunk>),
    #[api("text")]
    Text(Text),
    Unknown(Value),
}

#[test]
fn union_of_a_union_has_both_tags() {
    let json = json!({ "kind": "chunk", "type": "image", "width": 3 });
    let post: Post = round_trip(&json);
    let Post::Chunk(chunk) = post else {
        panic!("{post:?}");
    };
    assert!(matches!(&*chunk, Chunk::Image(image) if image.extra.is_empty()));
    let newer = json!({ "kind": "chunk", "type": "video", "width": 3 });
    assert!(matches!(round_trip(&newer), Post::Chunk(it) if matches!(*it, Chunk::Unknown(_))));
}
