//! Constructors and setters.

use mistral_core::json::ApiRequest;
use serde_json::{Map, Value, json};

use crate::{read, round_trip};

/// A request with setters of each kind.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(keep_nulls)]
#[non_exhaustive]
pub(crate) struct Request {
    /// The model's id.
    #[api(required, into)]
    pub model: String,
    /// The texts.
    #[api(required, list)]
    pub texts: Vec<String>,
    /// The number of answers.
    #[api(required)]
    pub n: u64,
    /// The inner request.
    #[api(required, boxed)]
    pub inner: Box<Inner>,
    /// The temperature.
    pub temperature: Option<f64>,
    /// The stop text.
    #[api(into, rename = "stop_text")]
    pub stop: Option<String>,
    /// The words.
    #[api(list)]
    pub words: Option<Vec<String>>,
    /// Another inner request.
    #[api(boxed)]
    pub other: Option<Box<Inner>>,
    /// The tags.
    #[api(default, list)]
    pub tags: Vec<String>,
    /// Prepends a safety prompt.
    #[deprecated(note = "use `other`")]
    pub safe_prompt: Option<bool>,
    /// A field of another version.
    #[cfg(not(test))]
    pub absent: Option<NoSuchType>,
    /// A field of this version.
    #[cfg(test)]
    pub present: Option<bool>,
    /// Fields that this version of the SDK does not know.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

/// A request without required fields.
#[derive(Debug, Clone, Default, PartialEq, ApiRequest)]
pub(crate) struct Inner {
    /// The name.
    #[api(into)]
    pub name: Option<String>,
    /// All others.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

impl From<&str> for Inner {
    fn from(name: &str) -> Self {
        Self::new().name(name)
    }
}

fn request() -> Request {
    Request::new("m", ["a", "b"], 3, "inner")
}

#[test]
fn request_new_sets_required_fields() {
    let request = request();
    let json = json!({
        "model": "m", "texts": ["a", "b"], "n": 3, "inner": { "name": "inner" }, "tags": [],
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), json);
    assert_eq!(round_trip::<Request>(&json), request);
}

#[test]
fn request_setters_convert_their_argument() {
    let request = request()
        .temperature(0.5)
        .stop("s")
        .words(vec!["w"])
        .other(Inner::new())
        .tags(["t".to_owned()])
        .present(true);
    let json = json!({
        "model": "m", "texts": ["a", "b"], "n": 3, "inner": { "name": "inner" },
        "temperature": 0.5, "stop_text": "s", "words": ["w"], "other": {}, "tags": ["t"],
        "present": true,
    });
    assert_eq!(serde_json::to_value(&request).unwrap(), json);
    assert_eq!(round_trip::<Request>(&json), request);
}

#[test]
fn request_setter_removes_the_field_from_extra() {
    let request = request()
        .extra("stop_text", Value::Null)
        .extra("tags", 1)
        .extra("new", true);
    assert_eq!(
        serde_json::to_value(&request).unwrap()["stop_text"],
        json!(null)
    );
    assert_eq!(serde_json::to_value(&request).unwrap()["tags"], json!(1));
    let request = request.stop("s").tags(["t"]);
    let written = serde_json::to_value(&request).unwrap();
    assert_eq!(
        (&written["stop_text"], &written["tags"]),
        (&json!("s"), &json!(["t"]))
    );
    assert_eq!(written["new"], json!(true));
}

#[test]
fn request_deprecated_field_works() {
    #[expect(deprecated)]
    let request = request().safe_prompt(true);
    let json = serde_json::to_value(&request).unwrap();
    assert_eq!(json["safe_prompt"], json!(true));
    #[expect(deprecated)]
    let read = read::<Request>(&json).unwrap().safe_prompt;
    assert_eq!(read, Some(true));
}

/// The names of this crate through another one.
mod facade {
    pub(super) mod sdk {
        pub(crate) use mistral_core::json;
    }
}

#[derive(Debug, Clone, PartialEq, ApiRequest)]
#[api(crate = facade::sdk)]
struct ThroughFacade {
    #[api(required, into)]
    name: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
fn crate_path_is_used() {
    let request: ThroughFacade = round_trip(&json!({ "name": "a", "b": 1 }));
    assert_eq!(request, ThroughFacade::new("a").extra("b", 1));
}

/// A request that is deprecated as a whole.
#[deprecated]
#[derive(Debug, Clone, PartialEq, ApiRequest)]
struct Old {
    #[api(required)]
    #[deprecated]
    name: String,
    #[api(extra)]
    extra: Map<String, Value>,
}

#[test]
#[expect(deprecated)]
fn request_deprecated_as_a_whole_works() {
    let old: Old = round_trip(&json!({ "name": "a" }));
    assert_eq!(old, Old::new("a".to_owned()));
}

/// A value that is a list of words: a text, or a list of texts.
pub(crate) trait IntoWords<Kind> {
    /// Returns the words.
    fn into_words(self) -> Vec<String>;
}

impl IntoWords<String> for &str {
    fn into_words(self) -> Vec<String> {
        self.split(' ').map(str::to_owned).collect()
    }
}

impl<T: IntoIterator<Item = &'static str>> IntoWords<Vec<String>> for T {
    fn into_words(self) -> Vec<String> {
        self.into_iter().map(str::to_owned).collect()
    }
}

/// A request with arguments that a trait converts.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
pub(crate) struct Sentences {
    /// The words.
    #[api(required, argument = IntoWords::into_words)]
    pub first_words: Vec<String>,
    /// More words.
    #[api(argument = IntoWords::into_words)]
    pub more: Option<Vec<String>>,
    /// Other fields.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

#[test]
fn argument_is_converted_by_the_method_of_its_trait() {
    let of_text = Sentences::new("a b").more(["c"]);
    let of_list = Sentences::new(["a", "b"]).more("c");
    assert_eq!(of_text, of_list);
    assert_eq!(of_text.first_words, ["a", "b"]);
}

#[test]
fn from_json_reads_text_and_names_the_type() {
    let sentences = Sentences::from_json(r#"{"first_words":["a","b"],"x":1}"#).unwrap();
    assert_eq!(sentences, Sentences::new("a b").extra("x", 1));
    let error = Sentences::from_json("{}").unwrap_err().to_string();
    let expected = "the JSON is not a `Sentences`: missing field `first_words`";
    assert!(error.contains(expected), "{error}");
}

/// A request with a field that has one value.
#[derive(Debug, Clone, PartialEq, ApiRequest)]
pub(crate) struct Versioned {
    /// The name.
    #[api(required, into)]
    pub name: String,
    /// The kind of object.
    #[api(into, initial = "page")]
    pub object: Option<String>,
    /// The version.
    #[api(initial = 2)]
    pub version: Option<i64>,
    /// All others.
    #[api(extra)]
    pub extra: Map<String, Value>,
}

#[test]
fn request_new_sets_initial_values() {
    let request = Versioned::new("a");
    let json = json!({ "name": "a", "object": "page", "version": 2 });
    assert_eq!(serde_json::to_value(&request).unwrap(), json);
    let request = request.object("list");
    assert_eq!(request.object.as_deref(), Some("list"));
}

#[test]
fn request_without_initial_field_reads_it_as_absent() {
    let request: Versioned = read(&json!({ "name": "a" })).unwrap();
    assert_eq!((request.object, request.version), (None, None));
}
