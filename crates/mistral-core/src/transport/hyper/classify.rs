//! The meaning of hyper's and reqwest's errors.

use std::error::Error as StdError;
use std::io;

use super::connect::BoxError;
use crate::transport::{TransportError, TransportErrorKind};

/// Determines the point at which an exchange failed from the causes of its error.
#[cold]
pub(in crate::transport) fn classify(
    error: impl StdError + Send + Sync + 'static,
    is_timeout: bool,
) -> TransportError {
    // An error of a request body comes back wrapped: its own kind is the right one.
    let own = causes(&error).find_map(own_error);
    if let Some(own) = own {
        return TransportError::new(own.kind(), own.source_text());
    }
    if is_connect(&error)
        && let Some(problem) = certificate_problem(&error)
    {
        return certificate_error(&problem);
    }
    let kind = match (is_connect(&error), is_timeout) {
        (true, true) => TransportErrorKind::ConnectTimeout,
        (true, false) => TransportErrorKind::Connect,
        (false, _) if is_too_large(&error) => TransportErrorKind::TooLarge,
        (false, _) if is_unprocessed(&error) => TransportErrorKind::NotSent,
        (false, true) => TransportErrorKind::Timeout,
        (false, false) => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind, error)
}

/// Converts an error of establishing a connection.
#[cold]
pub(super) fn connect_error(error: BoxError) -> TransportError {
    let own = causes(&*error).find_map(own_error);
    if let Some(own) = own {
        return TransportError::new(own.kind(), own.source_text());
    }
    if let Some(problem) = certificate_problem(&*error) {
        return certificate_error(&problem);
    }
    let kind = match is_timeout(&*error) {
        true => TransportErrorKind::ConnectTimeout,
        false => TransportErrorKind::Connect,
    };
    TransportError::new(kind, error)
}

fn certificate_error(problem: &str) -> TransportError {
    let message = format!(
        "could not connect: the certificate of the server is not accepted ({problem}): check the \
         host of the base URL and the clock of this machine, and trust the authority that signed \
         the certificate, in the system or with `SSL_CERT_FILE`"
    );
    TransportError::new(TransportErrorKind::Config, message)
}

/// Creates the error for a connection that has ended before the request was written.
#[cold]
pub(super) fn not_written() -> TransportError {
    let message = "the connection ended before the request was written";
    TransportError::new(TransportErrorKind::NotSent, message)
}

/// Returns the error of this crate that `cause` is or holds.
fn own_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a TransportError> {
    // The source of an `io::Error` is that of the error it holds.
    let held = cause
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    cause
        .downcast_ref()
        .or_else(|| held.and_then(|held| held.downcast_ref()))
}

fn is_connect(error: &(dyn StdError + 'static)) -> bool {
    use hyper_util::client::legacy::Error;
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<Error>());
    causes.any(Error::is_connect)
}

/// Returns the problem with the server's certificate for which a connection was not established.
///
/// It is recognized by its text: the type is that of a TLS library which this crate, with the
/// transport on reqwest, does not depend on.
fn certificate_problem(error: &(dyn StdError + 'static)) -> Option<String> {
    const PROBLEMS: [&str; 4] = [
        "invalid peer certificate",
        "certificate verify failed",
        "certificate was not trusted",
        "certificate chain",
    ];
    let inner = |cause: &(dyn StdError + 'static)| {
        // An I/O error is not the source of the error that it wraps: it skips that one.
        let mut texts = vec![cause.to_string()];
        let mut io = cause.downcast_ref::<io::Error>();
        while let Some(wrapped) = io.and_then(io::Error::get_ref) {
            texts.push(wrapped.to_string());
            io = wrapped.downcast_ref();
        }
        texts
    };
    causes(error).flat_map(inner).find(|text| {
        let text = text.to_ascii_lowercase();
        PROBLEMS.iter().any(|problem| text.contains(problem))
    })
}

pub(in crate::transport) fn is_timeout(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes.any(|error| error.kind() == io::ErrorKind::TimedOut)
}

/// Whether the server certainly did not process the request: it was never written, or the server
/// reported that over HTTP/2.
fn is_unprocessed(error: &(dyn StdError + 'static)) -> bool {
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<::hyper::Error>()
            && error.is_canceled()
        {
            return true;
        }
        if let Some(error) = cause.downcast_ref::<h2::Error>() {
            return is_unprocessed_stream(error);
        }
    }
    false
}

/// Whether the server has reported that it did not process a stream (RFC 9113, section 8.7).
pub(super) fn is_unprocessed_stream(error: &h2::Error) -> bool {
    error.is_remote()
        && match error.reason() {
            Some(h2::Reason::NO_ERROR) => error.is_go_away(),
            Some(h2::Reason::REFUSED_STREAM) => error.is_reset(),
            _ => false,
        }
}

fn is_too_large(error: &(dyn StdError + 'static)) -> bool {
    let mut causes = causes(error).filter_map(|cause| cause.downcast_ref::<::hyper::Error>());
    // hyper has a method for it, but only with its `server` feature.
    causes.any(|error| error.is_parse() && error.to_string().contains("too large"))
}

/// Returns the error and its causes.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}
