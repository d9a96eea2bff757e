//! Validates query parameters against a table, with the server's error details.

use axum::extract::FromRequestParts;
use axum::extract::Query as AxumQuery;
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value, json};

use super::fields::{error_detail, format_choices};
use crate::responses::ApiError;
use crate::time;

/// A query parameter: its name and its type.
pub(crate) type Parameter = (&'static str, ParameterType);

/// The type of a query parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ParameterType {
    String,
    Boolean,
    /// An integer with a minimum.
    Integer(i64),
    Timestamp,
    Enum(&'static [&'static str]),
    /// A parameter that may be repeated.
    Strings,
    /// A parameter that may be repeated, with a closed set of values.
    Enums(&'static [&'static str]),
}

pub(crate) const PAGE: Parameter = ("page", ParameterType::Integer(0));
pub(crate) const PAGE_SIZE: Parameter = ("page_size", ParameterType::Integer(1));
const DEFAULT_PAGE_SIZE: usize = 100;

/// Extracts the query parameters of a request as they were sent.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match AxumQuery::from_request_parts(parts, state).await {
            Ok(AxumQuery(pairs)) => Ok(Self(pairs)),
            Err(error) => Err(ApiError::detail(
                StatusCode::BAD_REQUEST,
                &error.body_text(),
            )),
        }
    }
}

impl Query {
    /// Validates the parameters of a table. The error lists every invalid parameter.
    pub(crate) fn validate(&self, table: &[Parameter]) -> Result<Parameters, ApiError> {
        let mut values = Map::new();
        let mut errors = Vec::new();
        for (name, ty) in table {
            let sent = self.0.iter().filter(|(sent, _)| sent == name);
            for (_, text) in sent.filter(|(_, text)| !text.is_empty()) {
                match parse(*ty, text) {
                    Ok(value) => add(&mut values, name, *ty, value),
                    Err((error_type, message)) => {
                        let location = ["query".into(), (*name).into()];
                        errors.push(error_detail(
                            error_type,
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
            Err(ApiError::validation(errors))
        }
    }

    /// Returns the parameters that are not in a table.
    pub(crate) fn others(&self, table: &[Parameter]) -> impl Iterator<Item = &(String, String)> {
        self.0
            .iter()
            .filter(|(sent, _)| table.iter().all(|(name, _)| sent != name))
    }
}

fn add(values: &mut Map<String, Value>, name: &str, ty: ParameterType, value: Value) {
    if let ParameterType::Strings | ParameterType::Enums(_) = ty {
        let list = values.entry(name).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(value);
        }
    } else {
        values.insert(name.to_owned(), value);
    }
}

/// Parses a value. An error is the type and the message of the error detail.
fn parse(ty: ParameterType, text: &str) -> Result<Value, (&'static str, String)> {
    match ty {
        ParameterType::String | ParameterType::Strings => Ok(text.into()),
        ParameterType::Boolean => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => Ok(true.into()),
            "false" | "0" | "no" | "off" | "f" | "n" => Ok(false.into()),
            _ => Err((
                "bool_parsing",
                "Input should be a valid boolean, unable to interpret input".into(),
            )),
        },
        ParameterType::Integer(min) => match text.trim().parse::<i64>() {
            Ok(number) if number < min => Err((
                "greater_than_equal",
                format!("Input should be greater than or equal to {min}"),
            )),
            Ok(number) => Ok(number.into()),
            Err(_) => Err((
                "int_parsing",
                "Input should be a valid integer, unable to parse string as an integer".into(),
            )),
        },
        ParameterType::Timestamp => time::parse_timestamp(text).map(Value::from).ok_or((
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

/// Validated query parameters.
#[derive(Debug)]
pub(crate) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(crate) fn string(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(crate) fn boolean(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(crate) fn integer(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// Whether a filter is absent or accepts the value.
    pub(crate) fn accepts(&self, name: &str, value: Option<&str>) -> bool {
        match self.0.get(name) {
            None => true,
            Some(Value::Array(accepted)) => {
                accepted.iter().any(|accepted| accepted.as_str() == value)
            }
            Some(accepted) => accepted.as_str() == value,
        }
    }

    /// Returns the items of the requested page.
    pub(crate) fn page<T>(&self, items: Vec<T>) -> Vec<T> {
        let number = |name| {
            self.integer(name)
                .and_then(|number| usize::try_from(number).ok())
        };
        let size = number("page_size").unwrap_or(DEFAULT_PAGE_SIZE);
        let skipped = number("page").unwrap_or(0).saturating_mul(size);
        items.into_iter().skip(skipped).take(size).collect()
    }
}
