//! Bounds that are never met: they make the compiler explain a usual mistake.
//!
//! A method or an implementation with such a bound exists only for the message: nothing can call
//! it.

use serde::de::DeserializeOwned;

/// The bound of what needs a type with a JSON Schema, in a build without them.
#[diagnostic::on_unimplemented(
    message = "structured output and typed tools are not compiled in: enable the feature \
               `schemars` of `mistral-sdk`",
    label = "needs the feature `schemars`",
    note = "in Cargo.toml: `mistral-sdk = {{ version = \"…\", features = [\"schemars\"] }}`; \
            `{Self}` then derives `schemars::JsonSchema`"
)]
pub trait NeedsSchemars: super::sealed::Sealed {
    /// The result, whose type is not known either.
    type Parsed: DeserializeOwned + Send + 'static;
}

/// The bound of `.send()` on a call of an asynchronous client.
#[diagnostic::on_unimplemented(
    message = "this call is asynchronous: send it with `.await` in place of `.send()`",
    label = "`.send()` is for the blocking client",
    note = "or use `mistral_sdk::blocking::Client`, with the feature `blocking`"
)]
pub trait SentByAwait: super::sealed::Sealed {}

/// The bound of `.next()` on a call that was not sent.
#[diagnostic::on_unimplemented(
    message = "the call has not been sent: `.await` it, and read the stream that it returns",
    label = "this is a call, not yet a stream",
    note = "for example `let mut stream = client.chat().stream(&request).await?;`"
)]
pub trait StreamedAfterAwait: super::sealed::Sealed {}

/// The bound of a `for` loop over an asynchronous stream.
#[diagnostic::on_unimplemented(
    message = "`for` cannot read an asynchronous stream: use `while let Some(event) = \
               stream.next().await`",
    label = "an asynchronous stream",
    note = "the streams of `mistral_sdk::blocking::Client` are iterators"
)]
pub trait ReadByNext: super::sealed::Sealed {}

/// The bound of a key that is set on the builder of a client.
#[diagnostic::on_unimplemented(
    message = "the key belongs to the provider: `Client::builder(MistralApi::new(key)?)`",
    label = "not a setting of the client",
    note = "`Client::from_env()` reads the provider and its key from the environment"
)]
pub trait KeyOfProvider: super::sealed::Sealed {}
