// says: consider using one of the following associated functions
// says: Message::user

use mistral_sdk::chat::Message;

pub fn program() -> Message {
    Message::new("user", "Hello")
}
