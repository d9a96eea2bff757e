//! Paging: lists that the API returns in pages.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::call::Call;
use crate::error::Result;

/// One page of a list.
///
/// ```
/// use mistral_sdk::call::{NextPage, Page};
///
/// #[derive(serde::Deserialize)]
/// struct PromptPage {
///     data: Vec<String>,
///     next_page_token: Option<String>,
/// }
///
/// impl Page for PromptPage {
///     type Item = String;
///
///     fn into_items(self) -> Vec<String> {
///         self.data
///     }
///
///     fn len(&self) -> usize {
///         self.data.len()
///     }
///
///     fn next(&self) -> Option<NextPage> {
///         NextPage::token("page_token", self.next_page_token.as_deref())
///     }
/// }
/// ```
pub trait Page: DeserializeOwned + Send + 'static {
    /// An element of the list.
    type Item: Send + 'static;

    /// Returns the elements of this page.
    fn into_items(self) -> Vec<Self::Item>;

    /// Returns the number of elements of this page.
    fn len(&self) -> usize;

    /// Returns the position of the next page, or `None` if this page says that it is the last.
    fn next(&self) -> Option<NextPage>;

    /// Whether this page has no elements.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The position of the next page of a list, and the query parameter that requests it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NextPage {
    /// By its number, in the query parameter `page`. The list ends with an empty page, or once
    /// `total` elements were returned.
    Number {
        /// The number of the first page: 0 or 1.
        first: u64,
        /// The number of elements of all pages, if the server reports it.
        total: Option<u64>,
    },
    /// By the number of elements before it, in the query parameter `offset`. The list ends as
    /// with [`Number`](Self::Number).
    Offset {
        /// The number of elements of all pages, if the server reports it.
        total: Option<u64>,
    },
    /// By a token or cursor from this page. The list ends when a page repeats the token that
    /// requested it.
    Token {
        /// The query parameter that the token is sent in.
        parameter: &'static str,
        /// The token.
        token: String,
    },
}

impl NextPage {
    /// Requests the next page by its number, counted from 0.
    pub fn number(total: Option<i64>) -> Option<Self> {
        Self::number_from(0, total)
    }

    /// Requests the next page by its number, of pages whose first one has the number `first`.
    ///
    /// ```
    /// use mistral_sdk::call::NextPage;
    ///
    /// let next = NextPage::number_from(1, Some(250));
    /// assert_eq!(next, Some(NextPage::Number { first: 1, total: Some(250) }));
    /// ```
    pub fn number_from(first: u64, total: Option<i64>) -> Option<Self> {
        let total = total.and_then(|total| u64::try_from(total).ok());
        Some(Self::Number { first, total })
    }

    /// Requests the next page by its offset.
    pub fn offset(total: Option<i64>) -> Option<Self> {
        let total = total.and_then(|total| u64::try_from(total).ok());
        Some(Self::Offset { total })
    }

    /// Requests the next page by a token or cursor, which goes into the query parameter
    /// `parameter`. Without a token, or with an empty one, there is no next page.
    pub fn token(parameter: &'static str, token: Option<&str>) -> Option<Self> {
        let token = token.filter(|token| !token.is_empty())?.to_owned();
        Some(Self::Token { parameter, token })
    }
}

const PAGE: &str = "page";
const OFFSET: &str = "offset";

impl<T: Page> Call<T> {
    /// Returns all pages of the list, starting with the page that this call requests.
    pub fn pages(self) -> Pages<T> {
        Pages::new(self)
    }
}

/// The pages of a list, requested one after the other on demand.
///
/// Read them with [`next`](Self::next) or as a [`Stream`], or their elements with
/// [`items`](Self::items). The first page is the one that the call requests. After an error, there
/// are no more pages.
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
    /// The call for the next page, or `None` after the last one.
    call: Option<Call<T>>,
    fetching: Option<Call<T>>,
    has_started: bool,
    /// The number of elements of the largest page so far.
    largest: u64,
}

impl<T: Page> Pages<T> {
    pub(crate) fn new(call: Call<T>) -> Self {
        Self {
            call: Some(call),
            fetching: None,
            has_started: false,
            largest: 0,
        }
    }

    /// Returns the next page, or `None` after the last one.
    pub async fn next(&mut self) -> Option<Result<T>> {
        poll_fn(|cx| self.poll_page(cx)).await
    }

    /// Returns the elements of all pages.
    pub fn items(self) -> Items<T> {
        Items {
            pages: self,
            items: VecDeque::new(),
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let Some(call) = &mut self.call else {
                return Poll::Ready(None);
            };
            let fetching = self.fetching.get_or_insert_with(|| call.take_or_clone());
            let page = ready!(Pin::new(fetching).poll(cx));
            self.fetching = None;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    self.call = None;
                    return Poll::Ready(Some(Err(error)));
                }
            };
            let is_first = !std::mem::replace(&mut self.has_started, true);
            self.advance(page.next(), page.len() as u64);
            if is_first || !page.is_empty() {
                return Poll::Ready(Some(Ok(page)));
            }
        }
    }

    /// Prepares the call for the page after one of `length` elements.
    fn advance(&mut self, next: Option<NextPage>, length: u64) {
        self.largest = self.largest.max(length);
        let call = self.call.take();
        let number = |name| call.as_ref().and_then(|call| call.query_number(name));
        let set = match next {
            Some(NextPage::Number { first, total }) => {
                let page = number(PAGE).unwrap_or(first);
                // The server may return smaller pages than requested.
                let before = page.saturating_sub(first).saturating_mul(self.largest);
                let end = before.saturating_add(length);
                let has_more = length > 0 && total.is_none_or(|total| end < total);
                let next = page.checked_add(1).filter(|_| has_more);
                next.map(|page| (PAGE, page.to_string()))
            }
            Some(NextPage::Offset { total }) => {
                let end = number(OFFSET).unwrap_or_default().checked_add(length);
                let has_more = |end: &u64| length > 0 && total.is_none_or(|total| *end < total);
                end.filter(has_more).map(|end| (OFFSET, end.to_string()))
            }
            Some(NextPage::Token { parameter, token }) => {
                // A server that repeats its token would repeat this page, too.
                let is_repeated = call
                    .as_ref()
                    .is_some_and(|call| call.has_query(parameter, &token));
                (!is_repeated).then_some((parameter, token))
            }
            None => None,
        };
        self.call = call
            .zip(set)
            .map(|(call, (parameter, value))| call.set_query(parameter, value));
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

/// The elements of all pages of a list. Created by [`Pages::items`].
pub struct Items<T: Page> {
    pages: Pages<T>,
    items: VecDeque<T::Item>,
}

impl<T: Page> Items<T> {
    /// Returns the next element, or `None` after the last one.
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
            .field("buffered", &self.items.len())
            .finish()
    }
}

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

    /// Returns the next element if its page is buffered already.
    pub(crate) fn pop_buffered(&mut self) -> Option<T::Item> {
        self.items.pop_front()
    }
}
