//! Reads query parameters against a table and reports problems as the server does.

use axum::extract::FromRequestParts;
use axum::extract::Query as Pairs;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::fields::{error_detail, format_choices};
use crate::responses::ApiError;
use crate::time;

/// One parameter of a query.
pub(crate) type Parameter = (&'static str, ParameterType);

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ParameterType {
    String,
    Boolean,
    /// A whole number that is not less than this.
    Integer(i64),
    Timestamp,
    Enum(&'static [&'static str]),
    /// Any number of texts, each with the name before it.
    Strings,
    /// Any number of these texts, each with the name before it.
    Enums(&'static [&'static str]),
}

pub(crate) const PAGE: Parameter = ("page", ParameterType::Integer(0));
pub(crate) const PAGE_SIZE: Parameter = ("page_size", ParameterType::Integer(1));
const DEFAULT_PAGE_SIZE: usize = 100;

/// The parameters of a request as they were sent.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Pairs::from_request_parts(parts, state).await {
            Ok(Pairs(pairs)) => Ok(Self(pairs)),
            Err(error) => Err(ApiError::detail(
                StatusCode::BAD_REQUEST,
                &error.body_text(),
            )),
        }
    }
}

impl Query {
    /// Reads the parameters of a table; the error lists every problem found.
    pub(crate) fn read(&self, table: &[Parameter]) -> Result<Parameters, ApiError> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for (name, kind) in table {
            let sent = self.0.iter().filter(|(sent, _)| sent == name);
            for (_, text) in sent.filter(|(_, text)| !text.is_empty()) {
                match read(*kind, text) {
                    Ok(value) => add(&mut values, name, *kind, value),
                    Err((kind, message)) => {
                        let location = ["query".into(), (*name).into()];
                        errors.push(error_detail(
                            kind,
                            &location,
                            &message,
                            &text.as_str().into(),
                        ));
                    }
                }
            }
        }
        if errors.is_empty() {
            Ok(Parameters(values))
        } else {
            Err(ApiError::validation_plain(errors))
        }
    }

    /// The parameters that are not in a table.
    pub(crate) fn others(&self, table: &[Parameter]) -> impl Iterator<Item = &(String, String)> {
        self.0
            .iter()
            .filter(|(sent, _)| table.iter().all(|(name, _)| sent != name))
    }
}

fn add(values: &mut Map<String, Value>, name: &str, kind: ParameterType, value: Value) {
    if let ParameterType::Strings | ParameterType::Enums(_) = kind {
        let list = values.entry(name).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(value);
        }
    } else {
        values.insert(name.to_owned(), value);
    }
}

fn read(kind: ParameterType, text: &str) -> Result<Value, (&'static str, String)> {
    match kind {
        ParameterType::String | ParameterType::Strings => Ok(text.into()),
        ParameterType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true.into()),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(false.into()),
            _ => Err((
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input".into(),
            )),
        },
        ParameterType::Integer(least) => match text.trim().parse::<i64>() {
            Ok(number) if number < least => Err((
                "greater_than_equal",
                format!("Input should be greater than or equal to {least}"),
            )),
            Ok(number) => Ok(number.into()),
            Err(_) => Err((
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer".into(),
            )),
        },
        ParameterType::Timestamp => time::seconds(text).map(Value::from).ok_or((
            "datetime_from_date_parsing",
            "Input should be a valid datetime or date".into(),
        )),
        ParameterType::Enum(choices) | ParameterType::Enums(choices) => {
            if choices.contains(&text) {
                Ok(text.into())
            } else {
                Err((
                    "enum",
                    format!("Input should be {}", format_choices(choices)),
                ))
            }
        }
    }
}

/// The parameters of a query that is good.
#[derive(Debug)]
pub(crate) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// Whether nothing was asked of a member, or just this.
    pub(crate) fn allow(&self, name: &str, found: Option<&str>) -> bool {
        match self.0.get(name) {
            None => true,
            Some(Value::Array(wanted)) => wanted.iter().any(|wanted| wanted.as_str() == found),
            Some(wanted) => wanted.as_str() == found,
        }
    }

    /// The page that is asked for.
    pub(crate) fn page<T>(&self, items: Vec<T>) -> Vec<T> {
        let number = |name| self.integer(name).and_then(|it| usize::try_from(it).ok());
        let size = number("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
        let skipped = number("page").unwrap_or(0).saturating_mul(size);
        items.into_iter().skip(skipped).take(size).collect()
    }
}
