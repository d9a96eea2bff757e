//! The options that every kind of call has.

/// What every kind of call has: how it is made, and its options.
macro_rules! call_options {
    ($call:ident $(<$answer:ident: $bound:ident> $own:ident = $initial:expr)?) => {
        impl<$($answer: $bound,)? M: Mode> $call<$($answer,)? M> {
            pub(crate) fn new(pipeline: &Arc<Pipeline>, mode: &M, request: ApiRequest) -> Self {
                Self {
                    pipeline: Arc::clone(pipeline),
                    mode: mode.clone(),
                    request,
                    $($own: $initial,)?
                }
            }
        }

        impl<$($answer,)? M: Mode> $call<$($answer,)? M> {
            fn update(mut self, change: impl FnOnce(&mut RequestParts) -> Result<()>) -> Self {
                self.request = self.request.update(change);
                self
            }

            #[cfg(feature = "blocking")]
            pub(crate) fn operation(&self) -> std::borrow::Cow<'static, str> {
                let parts = self.request.parts();
                parts.map(|parts| parts.operation.name.clone()).unwrap_or_default()
            }

            /// The call as one to be awaited, and the mode that it had.
            #[cfg(feature = "blocking")]
            pub(crate) fn split(self) -> ($call<$($answer,)?>, M) {
                let call = $call {
                    pipeline: self.pipeline,
                    mode: Async,
                    request: self.request,
                    $($own: self.$own,)?
                };
                (call, self.mode)
            }

            /// Sets how long the whole call may take, repetitions included and, for a
            /// stream, up to its last event.
            pub fn timeout(self, time: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.total = Some(time);
                    Ok(())
                })
            }

            /// Sets how long making a connection may take.
            ///
            /// With the built-in transport, calls with a time of their own have a
            /// connection pool of their own.
            pub fn connect_timeout(self, time: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.connect = Some(time);
                    Ok(())
                })
            }

            /// Sets how long the head of the response may take, per attempt.
            pub fn first_byte_timeout(self, time: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.first_byte = Some(time);
                    Ok(())
                })
            }

            /// Sets how long the body of the response may be silent, streamed or not.
            pub fn idle_timeout(self, time: std::time::Duration) -> Self {
                self.update(|request| {
                    request.options_mut().timeouts.idle = Some(time);
                    Ok(())
                })
            }

            /// Sets how often and how soon the call is repeated when it fails.
            pub fn retry(self, policy: $crate::RetryPolicy) -> Self {
                self.update(|request| {
                    request.options_mut().retry = Some(policy);
                    Ok(())
                })
            }

            /// Sends a header. It replaces one of the same name; with an `authorization`
            /// of its own, a call does without the provider's credentials.
            pub fn header<N, V>(self, name: N, value: V) -> Self
            where
                N: TryInto<http::HeaderName>,
                V: TryInto<http::HeaderValue>,
            {
                self.update(|request| request.set_header(name, value))
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

            /// Sends a field in the body that the request's type does not have.
            pub fn extra_body(self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
                self.update(|request| {
                    request
                        .options_mut()
                        .extra_body
                        .insert(name.into(), value.into());
                    Ok(())
                })
            }

            /// Sends `body` as JSON instead of the operation's own body.
            ///
            /// Meant for [`Client::request`](crate::Client::request).
            pub fn json(self, body: &impl serde::Serialize) -> Self {
                self.update(|request| request.set_json(body))
            }

            /// Sends the call to another base URL than the provider's.
            pub fn base_url(self, url: &str) -> Self {
                self.update(|request| {
                    request.options_mut().base_url = Some($crate::provider::parse_base_url("`base_url`", url)?);
                    Ok(())
                })
            }
        }

        impl<$($answer,)? M: Mode> std::fmt::Debug for $call<$($answer,)? M> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let operation = self.request.parts().map(|parts| &parts.operation.name);
                f.debug_struct(stringify!($call))
                    .field("operation", &operation)
                    .finish_non_exhaustive()
            }
        }
    };
}
