//! Serves connections. Each request is recorded, subjected to faults and routed.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;

use crate::faults::Fault;
use crate::faults::header::FAULT_HEADER;
use crate::faults::inject::{CountingIo, FlushCounter, inject_fault};
use crate::responses::ApiError;
use crate::routes::batch::BatchRouter;
use crate::state::{AppState, request_id};

/// Serves a connection until either side closes it.
pub(crate) async fn serve(stream: TcpStream, state: Arc<AppState>, router: Router) {
    let flushes = Arc::new(FlushCounter::default());
    let connection = CountingIo {
        inner: TokioIo::new(stream),
        flushes: Arc::clone(&flushes),
    };
    let service = service_fn(move |request| {
        handle(
            request,
            Arc::clone(&state),
            router.clone(),
            Arc::clone(&flushes),
        )
    });
    let server = auto::Builder::new(TokioExecutor::new());
    // The client disconnected, or a fault cut the connection.
    drop(server.serve_connection(connection, service).await);
}

/// Handles a request. An error closes the connection without a response.
async fn handle(
    request: Request<Incoming>,
    state: Arc<AppState>,
    router: Router,
    flushes: Arc<FlushCounter>,
) -> io::Result<Response> {
    let started = Instant::now();
    let (mut request, body) = request.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
    state.record(&request, &body);
    let number = state.next_request_number();
    let id = request_id(number);
    let fault = match state.next_fault() {
        Some(fault) => Ok(fault),
        None => Fault::from_headers(&request.headers).map(Option::unwrap_or_default),
    };
    request.extensions.insert(id.clone());
    request.extensions.insert(BatchRouter(router.clone()));
    let response = match fault {
        Ok(fault) => handle_with_fault(&fault, request, body, router, &flushes).await,
        Err(reason) => Ok(invalid_fault(&reason)),
    };
    let mut response = response?;
    state.add_response_headers(&mut response, number, &id, started);
    Ok(response)
}

async fn handle_with_fault(
    fault: &Fault,
    request: Parts,
    body: Bytes,
    router: Router,
    flushes: &Arc<FlushCounter>,
) -> io::Result<Response> {
    if let Some(delay) = fault.delay {
        tokio::time::sleep(delay).await;
    }
    if fault.close {
        return Err(io::Error::new(
            io::ErrorKind::ConnectionAborted,
            "closed by a fault",
        ));
    }
    let (scripted, headers) = match (fault.scripted_response(), fault.response_headers()) {
        (Ok(scripted), Ok(headers)) => (scripted, headers),
        (Err(reason), _) | (_, Err(reason)) => return Ok(invalid_fault(&reason)),
    };
    let mut response = match scripted {
        Some(response) => response,
        None => {
            let request = Request::from_parts(request, Body::from(body));
            match TowerToHyperService::new(router).call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    };
    response.headers_mut().extend(headers);
    Ok(inject_fault(response, fault, flushes))
}

fn invalid_fault(reason: &str) -> Response {
    let message = format!("The fault ({FAULT_HEADER}) cannot be used: {reason}");
    ApiError::bad_request("invalid_request_error", None, message).into_response()
}
