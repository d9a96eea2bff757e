use std::task::Poll;

use super::waiting::{Source, Waiting};
use crate::call::pages;
use crate::call::pages::Page;
use crate::error::{Error, Result};
use crate::mode::Blocking;

/// The pages of a list: an iterator that asks for one after the other, as they are wanted.
///
/// It begins with the page that the request asks for. After an error there are no more.
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
pub struct Pages<T: Page>(Waiting<pages::Pages<T>>);

impl<T: Page> Pages<T> {
    pub(super) fn new(pages: pages::Pages<T>, mode: Blocking) -> Self {
        Self(Waiting::new(pages, mode))
    }

    /// The elements of all pages.
    pub fn items(self) -> Items<T> {
        Items(Waiting::new(self.0.source.items(), self.0.mode))
    }
}

impl<T: Page> Iterator for Pages<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

/// The elements of all pages of a list: an iterator. Made by [`Pages::items`].
#[derive(Debug)]
pub struct Items<T: Page>(Waiting<pages::Items<T>>);

impl<T: Page> Iterator for Items<T> {
    type Item = Result<T::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl<T: Page> Source for pages::Pages<T> {
    type Piece = T;
    const SENDS: bool = true;

    fn arrived(&mut self) -> Poll<Option<Result<T>>> {
        if self.has_ended() {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    }

    fn error(&self, error: Error) -> Error {
        self.error(error)
    }
}

impl<T: Page> Source for pages::Items<T> {
    type Piece = T::Item;
    const SENDS: bool = true;

    fn arrived(&mut self) -> Poll<Option<Result<T::Item>>> {
        match self.next_buffered() {
            None if !self.pages().has_ended() => Poll::Pending,
            item => Poll::Ready(item.map(Ok)),
        }
    }

    fn error(&self, error: Error) -> Error {
        self.pages().error(error)
    }
}
