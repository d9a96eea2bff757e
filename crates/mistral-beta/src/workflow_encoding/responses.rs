//! Responses with payloads.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{EncodedPayload, EncodingError, WorkflowEncoding};

/// The place of the payloads in a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Payloads {
    /// `result`.
    Result,
    /// `input` of a schedule.
    Schedule,
    /// `input` of every element of `schedules`.
    Schedules,
    /// The attributes of events.
    Events,
    /// The same in a stream of events.
    EventStream,
}

type Fields = BTreeMap<String, Box<RawValue>>;

impl Payloads {
    pub(super) fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "workflows.execute_workflow"
            | "workflows.execute_workflow_registration"
            | "workflows.executions.get_workflow_execution"
            | "workflows.executions.query_workflow_execution"
            | "workflows.executions.update_workflow_execution" => Self::Result,
            "workflows.schedules.get_schedule" => Self::Schedule,
            "workflows.schedules.get_schedules" => Self::Schedules,
            "events.get_workflow_events" | "workflows.events.get_workflow_events" => Self::Events,
            "events.get_stream_events"
            | "workflows.events.get_stream_events"
            | "workflows.executions.stream" => Self::EventStream,
            _ => return None,
        })
    }
}

impl WorkflowEncoding {
    /// Decodes the payloads in the body of a response. `None` if it has none.
    pub(super) async fn decode_response(
        &self,
        payloads: Payloads,
        body: &[u8],
    ) -> Result<Option<Vec<u8>>, EncodingError> {
        if payloads == Payloads::Events || payloads == Payloads::EventStream {
            return self.decode_events(body).await;
        }
        let Ok(mut body) = serde_json::from_slice::<Fields>(body) else {
            return Ok(None);
        };
        let has_payload = match payloads {
            Payloads::Result => self.decode_field(&mut body, "result").await?,
            Payloads::Schedule => self.decode_input(&mut body).await,
            _ => self.decode_schedules(&mut body).await?,
        };
        if !has_payload {
            return Ok(None);
        }
        serde_json::to_vec(&body).map(Some).map_err(not_json)
    }

    async fn decode_schedules(&self, body: &mut Fields) -> Result<bool, EncodingError> {
        let schedules = body.get("schedules");
        let schedules = schedules.map(|it| serde_json::from_str::<Vec<Box<RawValue>>>(it.get()));
        let Some(Ok(mut schedules)) = schedules else {
            return Ok(false);
        };
        for schedule in &mut schedules {
            let Ok(mut fields) = serde_json::from_str::<Fields>(schedule.get()) else {
                continue;
            };
            if self.decode_input(&mut fields).await {
                *schedule = serde_json::value::to_raw_value(&fields).map_err(not_json)?;
            }
        }
        let schedules = serde_json::value::to_raw_value(&schedules).map_err(not_json)?;
        body.insert("schedules".to_owned(), schedules);
        Ok(true)
    }

    /// Decodes the input of a schedule, which is left as it is if that fails: the rest of the
    /// schedule is of use, too.
    async fn decode_input(&self, schedule: &mut Fields) -> bool {
        let decoded = self.decode_field(schedule, "input").await;
        decoded.unwrap_or_else(|error| {
            tracing::warn!(%error, "the input of a schedule is returned as it is encoded");
            false
        })
    }

    async fn decode_field(&self, fields: &mut Fields, name: &str) -> Result<bool, EncodingError> {
        let field = fields.get(name);
        let encoded = field.and_then(|it| serde_json::from_str::<EncodedPayload>(it.get()).ok());
        let Some(encoded) = encoded else {
            return Ok(false);
        };
        let json = self.decode(&encoded).await?;
        fields.insert(
            name.to_owned(),
            RawValue::from_string(json).map_err(not_json)?,
        );
        Ok(true)
    }
}

#[cold]
pub(super) fn not_json(_: serde_json::Error) -> EncodingError {
    // The cause may quote the payload.
    EncodingError::new("the decoded payload is not JSON")
}
