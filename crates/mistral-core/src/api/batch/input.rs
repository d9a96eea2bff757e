//! The requests of a batch: reading, checking and encoding them.

use std::collections::HashSet;
use std::task::{Context, Poll, ready};

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::batchable::Batchable;
use crate::call::input_stream::InputStream;
use crate::error::{Error, Result};

/// A request with its `custom_id`.
pub(super) type BatchItem<R> = (String, R);

/// The requests from the caller, checked to have the same target.
pub(super) struct BatchInput<R> {
    source: InputStream<'static, BatchItem<R>>,
    /// The target of the first request, which all others must share.
    pub(super) target: Option<BatchTarget>,
}

/// The model or agent that the requests of a batch are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BatchTarget {
    pub(super) model: Option<String>,
    pub(super) agent_id: Option<String>,
}

impl<R: Batchable> BatchInput<R> {
    pub(super) fn new(source: InputStream<'static, BatchItem<R>>) -> Self {
        Self {
            source,
            target: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<BatchItem<R>>>> {
        Poll::Ready(match ready!(self.source.as_mut().poll_next(cx)) {
            None => None,
            Some(Err(error)) => {
                let what = "the requests of the batch cannot be read";
                Some(Err(Error::io(what, error)))
            }
            Some(Ok((custom_id, request))) => Some(
                self.check(&custom_id, &request)
                    .map(|()| (custom_id, request)),
            ),
        })
    }

    fn check(&mut self, custom_id: &str, request: &R) -> Result<()> {
        let (model, agent_id) = (request.model(), request.agent_id());
        let target = self.target.get_or_insert_with(|| BatchTarget {
            model: model.map(str::to_owned),
            agent_id: agent_id.map(str::to_owned),
        });
        let first = (target.model.as_deref(), target.agent_id.as_deref());
        if first == (model, agent_id) {
            return Ok(());
        }
        let name = |(model, agent_id): (Option<&str>, Option<&str>)| {
            model.or(agent_id).unwrap_or_default().to_owned()
        };
        Err(Error::config(format!(
            "the request `{custom_id}` is for `{}`, the first one is for `{}`: all requests of \
             a batch share one model: create a batch for each model",
            name((model, agent_id)),
            name(first),
        )))
    }
}

/// Fails if two requests have the same `custom_id`.
pub(super) fn check_ids<R>(requests: &[BatchItem<R>]) -> Result<()> {
    let mut ids = HashSet::with_capacity(requests.len());
    match requests.iter().find(|(id, _)| !ids.insert(id)) {
        None => Ok(()),
        Some((id, _)) => Err(Error::config(format!(
            "two requests have the `custom_id` `{id}`: each request needs a `custom_id` of its own"
        ))),
    }
}

/// Requests, serialized as a JSON array.
pub(super) struct InlineRequests<'a, R>(pub(super) &'a [BatchItem<R>]);

impl<R: Serialize> Serialize for InlineRequests<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (custom_id, body) in self.0 {
            list.serialize_element(&InputLine { custom_id, body })?;
        }
        list.end()
    }
}

#[derive(serde::Serialize)]
struct InputLine<'a, R> {
    custom_id: &'a str,
    body: &'a R,
}

/// Encodes a request as a line of an input file.
pub(super) fn encode_line<R: Serialize>((custom_id, body): &BatchItem<R>) -> Result<Vec<u8>> {
    let mut line = Vec::with_capacity(256);
    serde_json::to_writer(&mut line, &InputLine { custom_id, body }).map_err(|error| {
        let what = format!("the request `{custom_id}` cannot be serialized as JSON");
        Error::config(what).with_source(error)
    })?;
    line.push(b'\n');
    Ok(line)
}
