//! The methods for structured output in a build without it: the compiler names the feature.

use super::{COMPLETE, Chat, ChatCompletionRequest, STREAM};
use crate::call::Call;
use crate::error::Error;
use crate::mode::Mode;
use crate::mode::misuse::NeedsSchemars;
use crate::pipeline::request::ApiRequest;

impl<M: Mode> Chat<M> {
    #[doc(hidden)]
    pub fn parse<T: NeedsSchemars>(&self, _: &ChatCompletionRequest) -> Call<T::Parsed, M> {
        let error = Error::config("enable the feature `schemars`");
        self.client.call(ApiRequest::invalid(&COMPLETE, error))
    }

    #[doc(hidden)]
    pub fn parse_stream<T: NeedsSchemars>(&self, _: &ChatCompletionRequest) -> Call<T::Parsed, M> {
        let error = Error::config("enable the feature `schemars`");
        self.client.call(ApiRequest::invalid(&STREAM, error))
    }
}
