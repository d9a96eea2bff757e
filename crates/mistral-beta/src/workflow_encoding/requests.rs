//! Requests with payloads.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::canonical::canonical_json;
use super::{EncodingError, WorkflowEncoding, hex};

/// The namespace of UUIDs of domain names (RFC 9562, section 6.6).
const DNS: [u8; 16] = [
    0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8,
];

/// The place of the payload in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payload {
    /// `input`, which moves to `encoded_input`.
    Execution,
    /// `input` of a query, a signal or an update.
    Invocation,
    /// `schedule.input` of a new schedule, whose hash is sent along.
    NewSchedule,
    /// `schedule.input` of a change.
    Schedule,
}

impl Payload {
    pub(super) fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "workflows.execute_workflow" | "workflows.execute_workflow_registration" => {
                Self::Execution
            }
            "workflows.executions.query_workflow_execution"
            | "workflows.executions.signal_workflow_execution"
            | "workflows.executions.update_workflow_execution" => Self::Invocation,
            "workflows.schedules.schedule_workflow" => Self::NewSchedule,
            "workflows.schedules.update_schedule" => Self::Schedule,
            _ => return None,
        })
    }
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl WorkflowEncoding {
    /// Encodes the payload in the body of a request to `path`. `None` if it has none.
    pub(super) async fn encode_request(
        &self,
        payload: Payload,
        path: &str,
        body: &[u8],
    ) -> Result<Option<Vec<u8>>, EncodingError> {
        let Ok(mut body) = serde_json::from_slice::<Fields>(body) else {
            return Ok(None);
        };
        // The workflow or the execution: `…/{id}/execute`.
        let id = path.rsplit('/').nth(1).unwrap_or_default();
        let has_payload = match payload {
            Payload::Execution => self.encode_execution(&mut body, id).await?,
            Payload::Invocation => {
                let execution_id = decode_percent(id);
                self.encode_input(&mut body, Some(&execution_id)).await?
            }
            Payload::Schedule | Payload::NewSchedule => {
                let schedule = body.get("schedule");
                let Some(mut schedule) =
                    schedule.and_then(|it| serde_json::from_str::<Fields>(it.get()).ok())
                else {
                    return Ok(None);
                };
                let hash = (payload == Payload::NewSchedule).then(|| self.input_hash(&schedule));
                let has_payload = self.encode_input(&mut schedule, None).await?;
                if let Some(hash) = hash.transpose()?.flatten().filter(|_| has_payload) {
                    schedule.insert("input_hash".to_owned(), raw(&hash)?);
                }
                body.insert("schedule".to_owned(), raw(&schedule)?);
                has_payload
            }
        };
        if !has_payload {
            return Ok(None);
        }
        let body = serde_json::to_vec(&body).map_err(not_json)?;
        Ok(Some(body))
    }

    /// Replaces `input`, if there is one that is not encoded already.
    async fn encode_input(
        &self,
        fields: &mut Fields,
        execution_id: Option<&str>,
    ) -> Result<bool, EncodingError> {
        let Some(input) = plain_input(fields) else {
            return Ok(false);
        };
        let encoded = self.encode(input, execution_id).await?;
        fields.insert("input".to_owned(), raw(&encoded)?);
        Ok(true)
    }

    async fn encode_execution(
        &self,
        body: &mut Fields,
        workflow: &str,
    ) -> Result<bool, EncodingError> {
        let Some(input) = plain_input(body) else {
            return Ok(false);
        };
        let given = body.get("execution_id");
        let given = given.and_then(|id| serde_json::from_str::<String>(id.get()).ok());
        let execution_id = match given.filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => new_execution_id(workflow)?,
        };
        let encoded = raw(&self.encode(input, Some(&execution_id)).await?)?;
        body.insert("encoded_input".to_owned(), encoded);
        body.insert("input".to_owned(), raw(&())?);
        body.insert("execution_id".to_owned(), raw(&execution_id)?);
        Ok(true)
    }

    /// Returns the hash of a schedule's input, by which the server recognizes the same input.
    fn input_hash(&self, schedule: &Fields) -> Result<Option<String>, EncodingError> {
        let Some(input) = plain_input(schedule) else {
            return Ok(None);
        };
        let input = serde_json::from_str(input).map_err(not_json)?;
        let text = canonical_json(&input);
        Ok(Some(match &self.encryption {
            Some(encryption) => hex(encryption.hash(&text).as_ref()),
            None => hex(digest(&SHA256, text.as_bytes()).as_ref()),
        }))
    }
}

/// Returns the JSON of `input`, if there is one that is not encoded already.
fn plain_input(fields: &Fields) -> Option<&str> {
    let input = fields.get("input")?.get();
    let members = serde_json::from_str::<BTreeMap<String, &RawValue>>(input);
    let is_encoded = members.is_ok_and(|it| it.contains_key("b64payload"));
    (input != "null" && !is_encoded).then_some(input)
}

fn raw(value: &impl Serialize) -> Result<Box<RawValue>, EncodingError> {
    to_raw_value(value).map_err(not_json)
}

#[cold]
fn not_json(cause: serde_json::Error) -> EncodingError {
    EncodingError::caused("the request is not JSON", cause.into())
}

/// Returns an id that begins with the hash of the workflow's name.
fn new_execution_id(workflow: &str) -> Result<String, EncodingError> {
    let mut random = [0; 16];
    let failed = |_| EncodingError::new("there is no random execution id");
    rand::fill(&mut random).map_err(failed)?;
    Ok(uuid5(workflow) + &uuid5(&hex(&random)))
}

/// Returns the UUID of a name (RFC 9562, version 5) as 32 digits.
fn uuid5(name: &str) -> String {
    let text = [&DNS, name.as_bytes()].concat();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &text);
    let bytes = hash.as_ref().iter().take(16).enumerate();
    let bytes = bytes.map(|(position, &byte)| match position {
        6 => byte & 0x0f | 0x50,
        8 => byte & 0x3f | 0x80,
        _ => byte,
    });
    hex(&bytes.collect::<Vec<_>>())
}

fn decode_percent(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let digits = after.get(..2);
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}
