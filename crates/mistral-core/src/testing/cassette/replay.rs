//! Replays recorded responses.

use std::collections::BTreeSet;
use std::path::Path;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};

use super::difference::differences;
use super::scrub::Scrubber;
use super::tape::{End, Tape, TapeExchange, TapeRequest, TapeResponse};
use super::unusable;
use crate::error::Result;
use crate::testing::config_error;
use crate::testing::playing::{Step, body};
use crate::transport::{Body, TransportError, TransportErrorKind};

/// The number of recorded calls that an error lists.
const LISTED: usize = 6;

const STOPS: &str = "the recording stops here, because the program did not read on when it was \
    made: record it anew";

/// One exchange of the file.
pub(super) struct Recording {
    request: TapeRequest,
    response: RecordedResponse,
    pub(super) used: bool,
}

#[derive(Clone)]
struct RecordedResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<Step>,
}

/// Decodes the whole file, so that an error is reported before the first request.
pub(super) fn recordings(path: &Path, tape: Tape) -> Result<Vec<Recording>> {
    let numbered = tape.exchanges.into_iter().zip(1_usize..);
    numbered
        .map(|(exchange, number)| {
            let TapeExchange {
                mut request,
                response,
                ..
            } = exchange;
            // The requests that it is compared with are scrubbed, unlike those of older cassettes.
            if let Some((path, query)) = request.url.split_once('?') {
                request.url = format!("{path}?{}", Scrubber::new(&[]).query(query));
            }
            match RecordedResponse::read(response) {
                Ok(response) => Ok(Recording {
                    request,
                    response,
                    used: false,
                }),
                Err(why) => Err(unusable(
                    path,
                    format_args!("is damaged: exchange {number}: {why}: record it anew"),
                )),
            }
        })
        .collect()
}

impl RecordedResponse {
    fn read(response: TapeResponse) -> Result<Self, String> {
        let status = StatusCode::from_u16(response.status)
            .map_err(|_| format!("{} is not a status", response.status))?;
        let mut headers = HeaderMap::new();
        for (name, value) in response.headers {
            let wrong = || format!("the header `{name}` cannot be sent");
            let key = HeaderName::try_from(&name).map_err(|_| wrong())?;
            headers.insert(key, HeaderValue::try_from(value).map_err(|_| wrong())?);
        }
        let chunks = response.body.chunks();
        let chunks = chunks.map_err(|error| format!("a chunk is not base64: {error}"))?;
        let ending = match response.end {
            End::Proper => None,
            End::Broken => Some((TransportErrorKind::Interrupted, "as it was recorded")),
            End::Dropped => Some((TransportErrorKind::Config, STOPS)),
        };
        let ending = ending.map(|(kind, message)| Step::Error(kind, message));
        Ok(Self {
            status,
            headers,
            body: chunks.into_iter().map(Step::Bytes).chain(ending).collect(),
        })
    }

    fn into_response(self) -> Response<Body> {
        let mut response = Response::new(body(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

/// Returns the response of the first recording of `request` that has not been replayed.
pub(super) fn next_response(
    path: &Path,
    request: &TapeRequest,
    recordings: &mut [Recording],
) -> Result<Response<Body>, TransportError> {
    let fits = |it: &&mut Recording| {
        !it.used
            && it.is_same_call(request)
            && differences(&it.request.body, &request.body).is_empty()
    };
    match recordings.iter_mut().find(fits) {
        Some(recording) => {
            recording.used = true;
            Ok(recording.response.clone().into_response())
        }
        None => Err(config_error(format!(
            "the cassette `{}` {}. If the program is meant to send this request, \
             record the cassette again",
            path.display(),
            no_recording_message(request, recordings)
        ))),
    }
}

impl Recording {
    fn is_same_call(&self, request: &TapeRequest) -> bool {
        self.request.method == request.method && self.request.url == request.url
    }
}

/// Returns the message for a request that no recording matches.
fn no_recording_message(request: &TapeRequest, recordings: &[Recording]) -> String {
    let call = format!("{} {}", request.method, request.url);
    let nearest = recordings
        .iter()
        .zip(1_usize..)
        .filter(|(recording, _)| recording.is_same_call(request))
        .map(|(recording, number)| (differences(&recording.request.body, &request.body), number))
        .min_by_key(|(differences, _)| differences.len());
    let Some((differences, number)) = nearest else {
        let calls = recordings
            .iter()
            .map(|it| format!("{} {}", it.request.method, it.request.url));
        let calls: BTreeSet<_> = calls.collect();
        let mut listed: Vec<_> = calls.iter().take(LISTED).map(String::as_str).collect();
        if calls.len() > LISTED {
            listed.push("…");
        }
        let listed = if listed.is_empty() {
            "nothing".to_owned()
        } else {
            listed.join(", ")
        };
        return format!("has no recording of {call}, but of {listed}");
    };
    match differences.first() {
        None => format!("has replayed every recording of {call} with this body already"),
        Some(first) => {
            let others = match differences.len() - 1 {
                0 => String::new(),
                1 => ", and 1 other differs".to_owned(),
                more => format!(", and {more} others differ"),
            };
            format!(
                "has no recording of {call} with this body. In the nearest, exchange {number}, \
                 {first}{others}"
            )
        }
    }
}
