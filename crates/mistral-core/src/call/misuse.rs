//! Methods that no program can call, so that the compiler explains a usual mistake.

use std::future::{Ready, ready};

use super::{Call, EventStream, StreamCall, StreamEvent};
use crate::error::{Error, Result};
use crate::mode::misuse::{ReadByNext, SentByAwait, StreamedAfterAwait};

fn unsent<T>() -> Result<T> {
    Err(Error::config("the call must be sent with `.await`"))
}

impl<T> Call<T> {
    #[doc(hidden)]
    pub fn send(self) -> Result<T>
    where
        T: SentByAwait,
    {
        unsent()
    }
}

impl<T: StreamEvent> StreamCall<T> {
    #[doc(hidden)]
    pub fn send(self) -> Result<EventStream<T>>
    where
        T: SentByAwait,
    {
        unsent()
    }

    #[doc(hidden)]
    #[expect(clippy::should_implement_trait)] // the mistake is to call it
    pub fn next(&mut self) -> Ready<Option<Result<T>>>
    where
        T: StreamedAfterAwait,
    {
        ready(None)
    }
}

#[doc(hidden)]
impl<T: StreamEvent + ReadByNext> Iterator for EventStream<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        None
    }
}
