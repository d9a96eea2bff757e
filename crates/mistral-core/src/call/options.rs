//! The options that all types of calls have.

/// Implements the constructor and the options of a type of calls.
macro_rules! call_options {
    ($call:ident $(<$result:ident: $bound:ident> $own:ident = $initial:expr)?) => {
        impl<$($result: $bound,)? M: Mode> $call<$($result,)? M> {
            pub(crate) fn new(pipeline: &Arc<Pipeline>, mode: &M, request: ApiRequest) -> Self {
                Self {
                    pipeline: Arc::clone(pipeline),
                    mode: mode.clone(),
                    request: PendingRequest::new(request),
                    $($own: $initial,)?
                }
            }
        }

        impl<$($result,)? M: Mode> $call<$($result,)? M> {
            fn update(mut self, change: impl FnOnce(&mut RequestParts) -> Result<()>) -> Self {
                self.request = self.request.update(change);
                self
            }

            #[cfg(feature = "blocking")]
            pub(crate) fn operation(&self) -> std::borrow::Cow<'static, str> {
                let parts = self.request.parts();
                parts.map(|parts| parts.operation.name.clone()).unwrap_or_default()
            }

            /// Splits the call into an asynchronous one and its mode.
            #[cfg(feature = "blocking")]
            pub(crate) fn split(self) -> ($call<$($result,)?>, M) {
                let call = $call {
                    pipeline: self.pipeline,
                    mode: Async,
                    request: self.request,
                    $($own: self.$own,)?
                };
                (call, self.mode)
            }

            /// Sets the timeout of the whole call, retries included. For a stream, the call ends
            /// with the last event. Default: the client's.
            pub fn timeout(self, timeout: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.total = Some(timeout);
                    Ok(())
                })
            }

            /// Sets the timeout for establishing a connection. Default: the client's.
            ///
            /// The built-in transport uses a separate connection pool for each timeout.
            pub fn connect_timeout(self, timeout: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.connect = Some(timeout);
                    Ok(())
                })
            }

            /// Sets the timeout from sending the request to the head of the response, per attempt.
            /// Default: the client's.
            pub fn first_byte_timeout(self, timeout: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.first_byte = Some(timeout);
                    Ok(())
                })
            }

            /// Sets the longest wait for the next bytes of the response body, streamed or not. The
            /// time that the program takes between two reads does not count. Default: the client's.
            pub fn idle_timeout(self, timeout: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.idle = Some(timeout);
                    Ok(())
                })
            }

            /// Sets the retry policy. Default: the client's.
            pub fn retry(self, policy: $crate::retry::RetryPolicy) -> Self {
                self.update(|request| {
                    request.options_mut().retry = Some(policy);
                    Ok(())
                })
            }

            /// Sends a second request when the response to the first one takes long; see
            /// [`ClientBuilder::hedge`](crate::ClientBuilder::hedge). `None`: never. Default: the
            /// client's.
            ///
            /// Without effect on calls that are not hedged, such as uploads.
            #[inline]
            pub fn hedge(self, hedging: impl Into<Option<$crate::retry::Hedging>>) -> Self {
                let hedging = hedging.into();
                self.update(|request| request.set_hedging(hedging))
            }

            /// Sets a header. It replaces a header of the same name. With an `authorization`
            /// header, the provider's credentials are not sent.
            pub fn header<N, V>(self, name: N, value: V) -> Self
            where
                N: TryInto<http::HeaderName>,
                V: TryInto<http::HeaderValue>,
            {
                self.update(|request| request.set_header(name, value))
            }

            /// Sends a header with a secret in place of the provider's credentials, for operations
            /// that the API authenticates otherwise: `x-api-key`, for example.
            ///
            /// ```
            /// # fn call(client: &mistral_sdk::Client) -> mistral_sdk::Call<serde_json::Value> {
            /// let call = client.request(http::Method::GET, "/v1/users/me");
            /// call.credential("x-api-key", "the user's key")
            /// # }
            /// ```
            pub fn credential<N>(self, name: N, secret: impl Into<secrecy::SecretString>) -> Self
            where
                N: TryInto<http::HeaderName>,
            {
                self.update(|request| request.set_credential(name, &secret.into()))
            }

            /// Adds a query parameter.
            pub fn query(self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.update(|request| {
                    request
                        .options_mut()
                        .query
                        .push((name.into(), value.into()));
                    Ok(())
                })
            }

            /// Sets a field of the body that the type of the request does not have.
            pub fn extra_body(self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.update(|request| {
                    request
                        .options_mut()
                        .extra_body
                        .insert(name.into(), value.into());
                    Ok(())
                })
            }

            /// Sets the body to `body` as JSON.
            ///
            /// Intended for [`Client::request`](crate::Client::request).
            pub fn json(self, body: &impl serde::Serialize) -> Self {
                self.update(|request| request.set_json(body))
            }

            /// Sets the base URL. Default: the provider's.
            pub fn base_url(self, url: &str) -> Self {
                self.update(|request| {
                    request.options_mut().base_url = Some($crate::provider::parse_base_url("`base_url`", url)?);
                    Ok(())
                })
            }
        }

        impl<$($result,)? M: Mode> std::fmt::Debug for $call<$($result,)? M> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let operation = self.request.parts().map(|parts| &parts.operation.name);
                f.debug_struct(stringify!($call))
                    .field("operation", &operation)
                    .finish_non_exhaustive()
            }
        }
    };
}
