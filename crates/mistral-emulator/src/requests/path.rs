//! Validates path parameters, with the server's error details.

use serde_json::Value;

use super::fields::error_detail;
use crate::responses::ApiError;

/// Validates a parameter that must be a UUID.
pub(crate) fn validate_uuid(name: &str, id: &str) -> Result<(), ApiError> {
    if is_uuid(id) {
        return Ok(());
    }
    Err(invalid(
        name,
        "uuid_parsing",
        "Input should be a valid UUID",
        id,
    ))
}

/// Parses a parameter that must be a number, such as that of a version.
pub(crate) fn parse_number(name: &str, text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| {
        let message = "Input should be a valid integer, unable to parse string as an integer";
        invalid(name, "int_parsing", message, text)
    })
}

pub(crate) fn is_uuid(id: &str) -> bool {
    let lengths = id.split('-').map(str::len);
    let is_hex = |byte| byte == b'-' || u8::is_ascii_hexdigit(&byte);
    lengths.eq([8, 4, 4, 4, 12]) && id.bytes().all(is_hex)
}

fn invalid(name: &str, error_type: &str, message: &str, input: &str) -> ApiError {
    let location: [Value; 2] = ["path".into(), name.into()];
    ApiError::validation(vec![error_detail(
        error_type,
        &location,
        message,
        &input.into(),
    )])
}
