use std::task::Poll;

use super::blocking_stream::{AsyncSource, BlockingStream};
use crate::call::pages;
use crate::call::pages::Page;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The pages of a list: a blocking iterator that requests each page on demand.
///
/// It starts with the page that the call requests. An error ends it.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::blocking::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::files::ListFilesRequest;
///
/// let request = ListFilesRequest::new().page_size(50);
/// for file in client.files().list(&request).pages().items() {
///     println!("{}", file?.filename);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Pages<T: Page>(BlockingStream<pages::Pages<T>>);

impl<T: Page> Pages<T> {
    pub(super) fn new(pages: pages::Pages<T>, mode: Blocking) -> Self {
        Self(BlockingStream::new(pages, mode))
    }

    /// Returns the items of all pages.
    pub fn items(self) -> Items<T> {
        Items(BlockingStream::new(self.0.inner.items(), self.0.mode))
    }
}

impl<T: Page> Iterator for Pages<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The items of all pages of a list: a blocking iterator. Created by [`Pages::items`].
#[derive(Debug)]
pub struct Items<T: Page>(BlockingStream<pages::Items<T>>);

impl<T: Page> Iterator for Items<T> {
    type Item = Result<T::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<T: Page> AsyncSource for pages::Pages<T> {
    type Element = T;
    const SENDS_REQUESTS: bool = true;

    fn next_buffered(&mut self) -> Poll<Option<Result<T>>> {
        if self.has_ended() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    fn with_context(&self, error: Error) -> Error {
        self.error(error)
    }
}

impl<T: Page> AsyncSource for pages::Items<T> {
    type Element = T::Item;
    const SENDS_REQUESTS: bool = true;

    fn next_buffered(&mut self) -> Poll<Option<Result<T::Item>>> {
        match self.pop_buffered() {
            None if !self.pages().has_ended() => Poll::Pending,
            item => Poll::Ready(item.map(Ok)),
        }
    }

    fn with_context(&self, error: Error) -> Error {
        self.pages().error(error)
    }
}
