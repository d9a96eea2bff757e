//! The rules of completions that the table of fields cannot express.

use serde_json::Value;

use crate::json::array;
use crate::requests::fields;
use crate::responses::ApiError;
use crate::state::models::Model;

/// Validates a request whose fields and messages were validated.
pub(super) fn validate(request: &Value, model: &Model) -> Result<(), ApiError> {
    check_format(request)?;
    check_tool_choice(request)?;
    check_prompt_mode(request, model)?;
    check_capabilities(request, model)
}

/// Rejects a prompt that does not fit into the context of the model.
pub(super) fn check_context(prompt_tokens: usize, model: &Model) -> Result<(), ApiError> {
    let context = model.context();
    if u64::try_from(prompt_tokens).is_ok_and(|tokens| tokens <= context) {
        return Ok(());
    }
    Err(invalid_arguments(format!(
        "Prompt contains {prompt_tokens} tokens and 0 draft tokens, too large for model with \
         {context} maximum context length"
    )))
}

fn check_capabilities(request: &Value, model: &Model) -> Result<(), ApiError> {
    let flag = |name: &str| request.get(name) == Some(&Value::Bool(true));
    let has_chunk = |kind: &str| {
        let mut messages = array(request, "messages").iter();
        messages.any(|message| {
            let mut chunks = array(message, "content").iter();
            chunks.any(|chunk| chunk.get("type").and_then(Value::as_str) == Some(kind))
        })
    };
    let has_tools = !array(request, "tools").is_empty();
    for (is_refused, subject) in [
        (flag("logprobs") && !model.has_logprobs(), "Logprobs are"),
        (
            has_chunk("image_url") && !model.supports("vision"),
            "Image input is",
        ),
        (
            has_chunk("input_audio") && !model.supports("audio"),
            "Audio input is",
        ),
        (
            has_tools && !model.supports("function_calling"),
            "Function calling is",
        ),
    ] {
        if is_refused {
            return Err(invalid_arguments(format!(
                "{subject} not enabled for this model"
            )));
        }
    }
    Ok(())
}

fn invalid_arguments(message: impl Into<String>) -> ApiError {
    ApiError::bad_request("invalid_request_invalid_args", Some("3051"), message.into())
}

fn check_format(request: &Value) -> Result<(), ApiError> {
    let Some(format) = request.get("response_format") else {
        return Ok(());
    };
    if format.get("type").and_then(Value::as_str) != Some("json_schema") {
        return Ok(());
    }
    if format.get("json_schema").is_none_or(Value::is_null) {
        let location = [
            "body".into(),
            "response_format".into(),
            "json_schema".into(),
        ];
        let error = fields::error_detail("missing", &location, "Field required", format);
        return Err(ApiError::validation(vec![error]));
    }
    let choice = request
        .get("tool_choice")
        .filter(|choice| !choice.is_null());
    let is_free = choice.is_none_or(|choice| choice == "auto" || choice == "none");
    if !is_free && !array(request, "tools").is_empty() {
        return Err(invalid_arguments(
            "`json_schema` response type with tools is only compatible with `tool_choice: auto`",
        ));
    }
    Ok(())
}

fn check_tool_choice(request: &Value) -> Result<(), ApiError> {
    let Some(choice) = request.get("tool_choice") else {
        return Ok(());
    };
    let tools = array(request, "tools");
    if matches!(choice.as_str(), Some("any" | "required")) && tools.is_empty() {
        return Err(invalid_arguments("Tool choice cannot be set without tools"));
    }
    if let Some(name) = choice.pointer("/function/name").and_then(Value::as_str) {
        let named =
            |tool: &Value| tool.pointer("/function/name").and_then(Value::as_str) == Some(name);
        if !tools.iter().any(named) {
            return Err(invalid_arguments(format!(
                "Tool choice names an unknown tool: {name}"
            )));
        }
    }
    Ok(())
}

fn check_prompt_mode(request: &Value, model: &Model) -> Result<(), ApiError> {
    let is_set = request
        .get("prompt_mode")
        .is_some_and(|mode| !mode.is_null());
    if is_set && !model.reasons_by_default() {
        return Err(invalid_arguments(
            "Reasoning prompt mode is not enabled for this model",
        ));
    }
    Ok(())
}
