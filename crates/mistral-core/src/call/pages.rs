//! Lists that come page by page.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::Result;

/// One page of a list.
pub trait Page: DeserializeOwned + Send + 'static {
    /// What the list is of.
    type Item: Send + 'static;

    /// How the next page is asked for.
    const PAGING: Paging;

    /// The elements of this page.
    fn into_items(self) -> Vec<Self::Item>;

    /// How many elements this page has.
    fn len(&self) -> usize;

    /// How many elements all pages have together, if the server said so.
    fn total(&self) -> Option<u64>;

    /// Whether this page has no elements.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How the next page of a list is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// By its number in the parameter `page`, counted from 0.
    Number,
    /// By the number of elements before it, in the parameter `offset`.
    Offset,
}

impl Paging {
    fn parameter(self) -> &'static str {
        match self {
            Self::Number => "page",
            Self::Offset => "offset",
        }
    }
}

type Fetch<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

impl<T: Page> Call<T> {
    /// All pages of the list, from the one on that this call asks for.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }
}

/// The pages of a list, asked for one after the other, as they are wanted.
///
/// Take them with [`next`](Self::next) or as a [`Stream`], or the elements with
/// [`items`](Self::items). It begins with the page that the request asks for. After an
/// error there are no more.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let emulator = mistral_emulator::Emulator::start()?;
/// # let client = mistral_sdk::Client::new(
/// #     mistral_sdk::MistralApi::new(emulator.api_key())?.base_url(emulator.url())?,
/// # )?;
/// use mistral_sdk::files::ListFilesRequest;
///
/// let request = ListFilesRequest::new().page_size(50);
/// let mut files = client.files().list(&request).pages().items();
/// while let Some(file) = files.next().await {
///     println!("{}", file?.filename);
/// }
/// # Ok(()) }
/// ```
pub struct Pages<T: Page> {
    /// The call for the next page; `None` when there is none.
    call: Option<Call<T>>,
    fetching: Option<Fetch<T>>,
    /// How many elements the largest page so far had.
    largest: u64,
}

impl<T: Page> Pages<T> {
    pub(crate) fn new(call: Call<T>) -> Self {
        Self {
            call: Some(call),
            fetching: None,
            largest: 0,
        }
    }

    /// The next page, or `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    /// The elements of all pages.
    pub fn items(self) -> Items<T> {
        Items {
            pages: self,
            items: VecDeque::new(),
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let Some(call) = &mut self.call else {
            return Poll::Ready(None);
        };
        let fetching = self
            .fetching
            .get_or_insert_with(|| call.again().into_future());
        let page = ready!(fetching.as_mut().poll(cx));
        self.fetching = None;
        match page {
            Ok(page) => {
                let (length, is_first) = (page.len() as u64, self.largest == 0);
                self.largest = self.largest.max(length);
                let number = call.query_number(T::PAGING.parameter()).unwrap_or_default();
                let (next, end) = match T::PAGING {
                    Paging::Offset => (number + length, number + length),
                    // How long pages really are is for the server to say.
                    Paging::Number => (number + 1, number * self.largest + length),
                };
                if length == 0 || page.total().is_some_and(|total| end >= total) {
                    self.call = None;
                } else {
                    call.set_query(T::PAGING.parameter(), next);
                }
                let is_more = length > 0 || is_first;
                Poll::Ready(is_more.then_some(Ok(page)))
            }
            Err(error) => {
                self.call = None;
                Poll::Ready(Some(Err(error)))
            }
        }
    }
}

impl<T: Page> Stream for Pages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_page(cx)
    }
}

impl<T: Page> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("next", &self.call)
            .finish_non_exhaustive()
    }
}

/// The elements of all pages of a list. Made by [`Pages::items`].
pub struct Items<T: Page> {
    pages: Pages<T>,
    items: VecDeque<T::Item>,
}

impl<T: Page> Items<T> {
    /// The next element, or `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<T::Item>> {
        poll_fn(|cx| self.poll_item(cx)).await
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T::Item>>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(self.pages.poll_page(cx)) {
                Some(Ok(page)) => self.items = page.into_items().into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T: Page> Unpin for Items<T> {}

impl<T: Page> Stream for Items<T> {
    type Item = Result<T::Item>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_item(cx)
    }
}

impl<T: Page> fmt::Debug for Items<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .field("waiting", &self.items.len())
            .finish()
    }
}

/// What an iterator that waits must know.
#[cfg(feature = "blocking")]
impl<T: Page> Pages<T> {
    pub(crate) fn has_ended(&self) -> bool {
        self.call.is_none()
    }

    pub(crate) fn error(&self, error: crate::error::Error) -> crate::error::Error {
        let operation = self.call.as_ref().map(Call::operation);
        error.at(operation.unwrap_or_default(), 0)
    }
}

#[cfg(feature = "blocking")]
impl<T: Page> Items<T> {
    pub(crate) fn pages(&self) -> &Pages<T> {
        &self.pages
    }

    /// The next element, if its page is here already.
    pub(crate) fn arrived(&mut self) -> Option<T::Item> {
        self.items.pop_front()
    }
}
