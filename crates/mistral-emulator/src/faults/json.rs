//! Faults as JSON, as the header and the control routes have them.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::filter::RequestFilter;
use super::{ALWAYS, Fault};

impl Fault {
    /// Returns all members that are set.
    pub(crate) fn to_json(&self) -> Map<String, Value> {
        let mut members = self.settings_to_json();
        let times = match self.times {
            ALWAYS => "always".into(),
            times => times.into(),
        };
        members.insert("times".into(), times);
        if let Some(filter) = self.filter.to_json() {
            members.insert("match".into(), filter);
        }
        members
    }

    /// Returns the members that apply to a single request.
    pub(super) fn settings_to_json(&self) -> Map<String, Value> {
        let mut members = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        };
        let millis = |delay: Duration| json!(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX));
        put("status", self.status.map(Value::from));
        put("body", self.body.as_deref().map(Value::from));
        put(
            "headers",
            (!self.headers.is_empty()).then(|| self.headers_as_json()),
        );
        put("delay_ms", self.delay.map(millis));
        put("token_delay_ms", self.token_delay.map(millis));
        put(
            "stall_after_events",
            self.stall_after_events.map(Value::from),
        );
        put("cut_after_bytes", self.cut_after_bytes.map(Value::from));
        put("close", self.close.then_some(Value::Bool(true)));
        members
    }

    fn headers_as_json(&self) -> Value {
        let mut all = Map::new();
        for (name, value) in &self.headers {
            match all.entry(name.clone()).or_insert_with(|| json!([])) {
                Value::Array(values) => values.push(value.as_str().into()),
                other => *other = json!([value]),
            }
        }
        for values in all.values_mut() {
            if let Some([single]) = values.as_array().map(Vec::as_slice) {
                *values = single.clone();
            }
        }
        all.into()
    }

    /// Reads a fault for the queue, which may have `times` and `match`.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let members = value.as_object().ok_or("it is not a JSON object")?;
        let mut fault = Self::default();
        for (name, value) in members {
            fault.set_queue_member(name, value)?;
        }
        fault.check()?;
        Ok(fault)
    }

    /// Sets the property that a member of a queued fault or reply stands for.
    pub(crate) fn set_queue_member(&mut self, name: &str, value: &Value) -> Result<(), String> {
        match name {
            "times" => {
                let count = value.as_u64().and_then(|times| u32::try_from(times).ok());
                self.times = match (count, value.as_str()) {
                    (Some(times), _) if times > 0 => times,
                    (_, Some("always")) => ALWAYS,
                    _ => {
                        return Err(format!(
                            "its member \"times\" must be a whole number from 1, or \"always\", \
                             but is {value}"
                        ));
                    }
                };
            }
            "match" => self.filter = RequestFilter::from_json(value)?,
            _ => self.set_member(name, value)?,
        }
        Ok(())
    }

    /// Reports a status or a header that cannot be sent.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.scripted_response()
            .and_then(|_| self.response_headers())
            .map(drop)
    }

    /// Sets the property that a member of the JSON object stands for.
    pub(super) fn set_member(&mut self, name: &str, value: &Value) -> Result<(), String> {
        let expected = |what: &str| format!("its member {name:?} must be {what}, but is {value}");
        let number = || {
            value
                .as_u64()
                .ok_or_else(|| expected("a whole number from 0"))
        };
        let size = || number().map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        match name {
            "status" => {
                let status = number()?.try_into();
                self.status = Some(status.map_err(|_| expected("a status from 200 to 999"))?);
            }
            "body" => {
                let text = value.as_str().ok_or_else(|| expected("a string"))?;
                self.body = Some(text.to_owned());
            }
            "headers" => {
                let headers = value.as_object().ok_or_else(|| expected("an object"))?;
                for (header, value) in headers {
                    let values = value
                        .as_array()
                        .map_or(std::slice::from_ref(value), Vec::as_slice);
                    for value in values {
                        let text = value
                            .as_str()
                            .ok_or_else(|| expected("an object of strings"))?;
                        self.headers.push((header.clone(), text.to_owned()));
                    }
                }
            }
            "delay_ms" => self.delay = Some(Duration::from_millis(number()?)),
            "token_delay_ms" => self.token_delay = Some(Duration::from_millis(number()?)),
            "stall_after_events" => self.stall_after_events = Some(size()?),
            "cut_after_bytes" => self.cut_after_bytes = Some(size()?),
            "close" => self.close = value.as_bool().ok_or_else(|| expected("true or false"))?,
            _ => return Err(format!("it has no member {name:?}")),
        }
        Ok(())
    }
}
