use super::message::Message;

/// A value that is the messages of a request: a text, one message, or a list of either.
///
/// A text is a message from the user. Lists are arrays, slices, vectors, and everything else that
/// can be iterated over. `Kind` tells one message (`Message`) from a list (`Vec<Message>`), and is
/// inferred.
///
/// ```
/// use mistral_sdk::chat::{ChatCompletionRequest, Message};
///
/// let one = ChatCompletionRequest::new("mistral-small-latest", "Who painted Olympia?");
/// assert_eq!(one.messages, [Message::user("Who painted Olympia?")]);
///
/// let history = vec![Message::system("Be brief."), Message::user("Hello")];
/// let all = ChatCompletionRequest::new("mistral-small-latest", &history);
/// let last = ChatCompletionRequest::new("mistral-small-latest", history.iter().skip(1));
/// assert_eq!((all.messages.len(), last.messages.len()), (2, 1));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a message nor a list of messages",
    label = "expected a text, a `Message`, or a list of them",
    note = "a text is a message from the user: `\"Hello\"`",
    note = "for other roles use `Message::system`, `Message::assistant` or `Message::tool`: \
            `[Message::system(\"Be brief.\"), Message::user(\"Hello\")]`"
)]
pub trait IntoMessages<Kind> {
    /// Returns the messages.
    fn into_messages(self) -> Vec<Message>;
}

impl<T: Into<Message>> IntoMessages<Message> for T {
    #[inline]
    fn into_messages(self) -> Vec<Message> {
        vec![self.into()]
    }
}

impl<T> IntoMessages<Vec<Message>> for T
where
    T: IntoIterator,
    T::Item: Into<Message>,
{
    #[inline]
    fn into_messages(self) -> Vec<Message> {
        self.into_iter().map(Into::into).collect()
    }
}

impl From<&str> for Message {
    /// Creates a message from the user.
    #[inline]
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for Message {
    /// Creates a message from the user.
    #[inline]
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

impl From<&String> for Message {
    /// Creates a message from the user.
    #[inline]
    fn from(text: &String) -> Self {
        Self::user(text.as_str())
    }
}

impl From<&Self> for Message {
    /// Clones the message.
    #[inline]
    fn from(message: &Self) -> Self {
        message.clone()
    }
}
