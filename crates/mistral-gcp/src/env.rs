//! Variables of the environment.

use mistral_core::{Error, Result};

/// The value of the first of these variables that is set and not blank.
pub(crate) fn first_of(names: &[&str]) -> Result<Option<String>> {
    for name in names {
        if let Some(value) = variable(name)? {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn variable(name: &str) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value.trim().to_owned()).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            Err(Error::config(format!("{name} is not valid UTF-8")))
        }
    }
}
