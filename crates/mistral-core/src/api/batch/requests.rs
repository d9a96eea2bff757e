//! The requests of a batch on their way from the caller to the wire.

use std::collections::HashSet;
use std::task::{Context, Poll, ready};

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::batchable::Batchable;
use crate::call::input_stream::InputStream;
use crate::error::{Error, Result};

/// A request, and what its result is told by.
pub(super) type Named<R> = (String, R);

/// The requests as the caller gives them, held to having one model.
pub(super) struct Requests<R> {
    source: InputStream<'static, Named<R>>,
    /// Who answers the first request, and so must answer all.
    pub(super) answers: Option<Answers>,
}

/// Who answers the requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) model: Option<String>,
    pub(super) agent_id: Option<String>,
}

impl<R: Batchable> Requests<R> {
    pub(super) fn new(source: InputStream<'static, Named<R>>) -> Self {
        Self {
            source,
            answers: None,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Named<R>>>> {
        Poll::Ready(match ready!(self.source.as_mut().poll_next(cx)) {
            None => None,
            Some(Err(error)) => {
                let what = format!("the requests of the batch cannot be read: {error}");
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
        let answers = self.answers.get_or_insert_with(|| Answers {
            model: model.map(str::to_owned),
            agent_id: agent_id.map(str::to_owned),
        });
        let first = (answers.model.as_deref(), answers.agent_id.as_deref());
        if first == (model, agent_id) {
            return Ok(());
        }
        let name = |(model, agent_id): (Option<&str>, Option<&str>)| {
            model.or(agent_id).unwrap_or_default().to_owned()
        };
        Err(Error::config(format!(
            "the request `{custom_id}` asks `{}`, the first one `{}`: a batch has one model \
             for all of its requests: make one batch of each",
            name((model, agent_id)),
            name(first),
        )))
    }
}

/// Fails if two requests could not be told apart.
pub(super) fn check_ids<R>(requests: &[Named<R>]) -> Result<()> {
    let mut ids = HashSet::with_capacity(requests.len());
    match requests.iter().find(|(id, _)| !ids.insert(id)) {
        None => Ok(()),
        Some((id, _)) => Err(Error::config(format!(
            "two requests have the `custom_id` `{id}`: their results could not be told apart"
        ))),
    }
}

/// Requests as a JSON list.
pub(super) struct List<'a, R>(pub(super) &'a [Named<R>]);

impl<R: Serialize> Serialize for List<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for (custom_id, body) in self.0 {
            list.serialize_element(&Line { custom_id, body })?;
        }
        list.end()
    }
}

#[derive(serde::Serialize)]
struct Line<'a, R> {
    custom_id: &'a str,
    body: &'a R,
}

/// A request as a line of a file.
pub(super) fn line<R: Serialize>((custom_id, body): &Named<R>) -> Result<Vec<u8>> {
    let mut line = Vec::with_capacity(256);
    serde_json::to_writer(&mut line, &Line { custom_id, body }).map_err(|error| {
        let what = format!("the request `{custom_id}` cannot be written as JSON");
        Error::config(what).with_source(error)
    })?;
    line.push(b'\n');
    Ok(line)
}
