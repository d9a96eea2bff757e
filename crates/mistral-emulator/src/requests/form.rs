//! Bodies that are forms, read into the JSON that would say the same.

use axum::Form;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value, json};

use super::fields::{Field, Type};
use crate::responses::ApiError;

/// One field of a form, as it was sent.
#[derive(Debug)]
pub(crate) struct FormField {
    pub(crate) name: String,
    /// Only files have a name of their own.
    pub(crate) file_name: Option<String>,
    pub(crate) content: Bytes,
}

/// The parts of a form in either encoding; a body that is no form has none.
pub(crate) async fn parts(request: Request) -> Result<Vec<FormField>, ApiError> {
    match media_type(request.headers()).as_str() {
        "multipart/form-data" => multipart(request).await,
        "application/x-www-form-urlencoded" => {
            let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &())
                .await
                .map_err(|_| unreadable())?;
            let parts = fields.into_iter().map(|(name, value)| FormField {
                name,
                file_name: None,
                content: value.into(),
            });
            Ok(parts.collect())
        }
        _ => Ok(Vec::new()),
    }
}

async fn multipart(request: Request) -> Result<Vec<FormField>, ApiError> {
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|_| unreadable())?;
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        parts.push(FormField {
            name: field.name().unwrap_or_default().to_owned(),
            file_name: field.file_name().map(str::to_owned),
            content: field.bytes().await.map_err(|_| unreadable())?,
        });
    }
    Ok(parts)
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let ty = value.and_then(|value| value.split(';').next());
    ty.unwrap_or_default().trim().to_ascii_lowercase()
}

fn unreadable() -> ApiError {
    ApiError::detail(
        StatusCode::BAD_REQUEST,
        "There was an error parsing the body",
    )
}

/// The object that the parts stand for: the table tells what is a number, a flag or a list.
pub(crate) fn object(fields: &[Field], parts: &[FormField]) -> Value {
    let mut object = Map::new();
    for part in parts {
        let field = fields.iter().find(|field| field.name == part.name);
        let text = String::from_utf8_lossy(&part.content);
        match (field.map(|field| &field.ty), &part.file_name) {
            (_, Some(name)) => {
                let file = json!({ "filename": name, "size": part.content.len() });
                object.insert(part.name.clone(), file);
            }
            (Some(Type::Array(_, item)), None) => {
                let list = object.entry(part.name.clone()).or_insert_with(|| json!([]));
                if let Some(items) = list.as_array_mut() {
                    items.push(value(item, &text));
                }
            }
            (ty, None) => {
                let value = ty.map_or_else(|| json!(text), |ty| value(ty, &text));
                object.insert(part.name.clone(), value);
            }
        }
    }
    object.into()
}

/// What does not read as the kind stays text, for the check to refuse.
fn value(ty: &Type, text: &str) -> Value {
    let read = match ty {
        Type::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "on" | "yes" => Some(true.into()),
            "false" | "0" | "off" | "no" => Some(false.into()),
            _ => None,
        },
        Type::Integer(..) | Type::Number(..) => {
            serde_json::from_str(text).ok().filter(Value::is_number)
        }
        Type::AnyObject => serde_json::from_str(text).ok().filter(Value::is_object),
        _ => None,
    };
    read.unwrap_or_else(|| text.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests::fields::{NUMBER, optional};

    #[test]
    fn the_table_tells_what_a_text_means() {
        let fields = [
            optional("flag", Type::Boolean),
            optional("number", NUMBER),
            optional("map", Type::AnyObject),
            optional("list", Type::Array(0, &Type::String)),
            optional("file", Type::AnyObject),
        ];
        let part = |name: &str, content: &str| FormField {
            name: name.to_owned(),
            file_name: (name == "file").then(|| "a.wav".to_owned()),
            content: content.to_owned().into(),
        };
        let read = |sent: &[(&str, &str)]| {
            let parts: Vec<FormField> = sent.iter().map(|(name, text)| part(name, text)).collect();
            object(&fields, &parts)
        };
        assert_eq!(
            read(&[
                ("flag", "True"),
                ("number", "0.5"),
                ("map", r#"{"a": 1}"#),
                ("list", "a"),
                ("list", "1"),
                ("file", "RIFF"),
                ("other", "1"),
            ]),
            json!({
                "flag": true, "number": 0.5, "map": {"a": 1}, "list": ["a", "1"],
                "file": {"filename": "a.wav", "size": 4}, "other": "1",
            })
        );
        assert_eq!(
            read(&[("flag", "perhaps"), ("number", "[1]"), ("map", "1")]),
            json!({"flag": "perhaps", "number": "[1]", "map": "1"})
        );
    }
}
