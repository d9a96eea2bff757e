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
    /// An integer within a range, both bounds inclusive.
    IntegerIn(i64, i64),
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
        ParameterType::IntegerIn(min, max) => {
            let number = parse(ParameterType::Integer(min), text)?;
            match number.as_i64() {
                Some(found) if found > max => Err((
                    "less_than_equal",
                    format!("Input should be less than or equal to {max}"),
                )),
                _ => Ok(number),
            }
        }
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

/// The official Python SDK 3.7.0 sends this where a parameter that is JSON text is not set.
const UNSET_OF_PYTHON: &str = "~?~unset~?~sentinel~?~";

/// Creates the error of one parameter.
pub(crate) fn invalid(name: &str, error_type: &str, message: &str, input: &Value) -> ApiError {
    let location = ["query".into(), name.into()];
    ApiError::validation(vec![error_detail(error_type, &location, message, input)])
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

    /// Returns the items of the requested page, by default of 100 items.
    pub(crate) fn page<T>(&self, items: Vec<T>) -> Vec<T> {
        self.page_of(items, DEFAULT_PAGE_SIZE)
    }

    /// Returns the items of the requested page, with a default for its size.
    pub(crate) fn page_of<T>(&self, items: Vec<T>, default_size: usize) -> Vec<T> {
        let size = self.unsigned("page_size").unwrap_or(default_size);
        let skipped = self.unsigned("page").unwrap_or(0).saturating_mul(size);
        items.into_iter().skip(skipped).take(size).collect()
    }

    pub(crate) fn unsigned(&self, name: &str) -> Option<usize> {
        usize::try_from(self.integer(name)?).ok()
    }

    /// Returns the members of a parameter that is the text of a JSON object; none if it is absent.
    pub(crate) fn object(&self, name: &str) -> Result<Map<String, Value>, ApiError> {
        let Some(text) = self.string(name) else {
            return Ok(Map::new());
        };
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(Value::Null) => Ok(Map::new()),
            Ok(Value::String(text)) if text == UNSET_OF_PYTHON => Ok(Map::new()),
            _ => Err(invalid(
                name,
                "dict_type",
                "Input should be a valid dictionary",
                &text.into(),
            )),
        }
    }

    /// Returns an error if a parameter is absent.
    pub(crate) fn require(&self, names: &[&str]) -> Result<(), ApiError> {
        let missing: Vec<Value> = names
            .iter()
            .filter(|name| !self.0.contains_key(**name))
            .map(|name| {
                let location = ["query".into(), (*name).into()];
                error_detail("missing", &location, "Field required", &Value::Null)
            })
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(ApiError::validation(missing)),
        }
    }
}
