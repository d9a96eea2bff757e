//! The login and the configuration of the tool `gcloud`.

use std::process::{Command, Stdio};
use std::time::Duration;

use mistral_core::provider::Token;

use super::Failure;

const PROGRAM: &str = if cfg!(windows) {
    "gcloud.cmd"
} else {
    "gcloud"
};
/// The assumed lifetime of a token, which `gcloud` does not print.
const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);

/// Fetches a token of the login.
pub(super) async fn token() -> Result<Token, Failure> {
    let token = run(&["auth", "print-access-token", "--quiet"]).await?;
    Ok(Token::new(token).expires_in(TOKEN_LIFETIME))
}

/// Returns the project of the configuration.
pub(super) async fn project() -> Result<String, Failure> {
    let project = run(&["config", "get-value", "project", "--quiet"]).await;
    match project.as_deref() {
        Ok("" | "(unset)") => Err("`gcloud` returned no project: none is configured".to_owned()),
        Ok(project) => return Ok(project.to_owned()),
        Err(error) => Err(format!("`gcloud` returned no project: {}", error.message)),
    }
    .map_err(Failure::from)
}

async fn run(arguments: &'static [&str]) -> Result<String, Failure> {
    // On another thread, so that the timeout of the whole lookup applies.
    let output = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).stdin(Stdio::null()).output()
    });
    let output = match output.await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("`gcloud` cannot be run: {error}").into()),
        Err(_) => return Err("the thread for `gcloud` panicked".to_owned().into()),
    };
    if !output.status.success() {
        return Err(format!("`gcloud` failed ({})", output.status).into());
    }
    let text = String::from_utf8(output.stdout);
    let text = text.map_err(|_| "the output of `gcloud` is not valid UTF-8".to_owned())?;
    Ok(text.trim().to_owned())
}
