// says: `_` not covered
// says: a wildcard pattern

use mistral_sdk::{Error, ErrorKind};

pub fn program(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::Timeout => "timeout",
    }
}
