//! The environment, the files and the programs that credentials are read from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use mistral_core::provider::{env_var, unquote};
use mistral_core::transport::Transport;
use reqsign_core::{
    CommandExecute, CommandOutput, Context, Env, Error as ReqsignError, FileRead,
    Result as ReqsignResult,
};

use super::http_send::TransportHttpSend;

/// Returns the context of a search. HTTPS requests are sent on `transport`, by default a new one.
pub(super) fn search_context(transport: Option<Arc<dyn Transport>>) -> Context {
    Context::new()
        .with_env(Environment)
        .with_file_read(Files)
        .with_command_execute(Programs)
        .with_http_send(TransportHttpSend::new(transport))
}

/// Runs `work`, which blocks, on a thread of the runtime for such work.
pub(super) async fn spawn_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> ReqsignResult<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ReqsignError::unexpected("the thread for credentials panicked"))
}

/// The variables of the process, read as all variables of the SDK: without white space and quotes
/// around a value, and unset if blank. Those that are not UTF-8 are left out.
#[derive(Debug)]
struct Environment;

impl Env for Environment {
    fn var(&self, key: &str) -> Option<String> {
        env_var(key).ok().flatten()
    }

    fn vars(&self) -> HashMap<String, String> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let value = unquote(value.to_str()?).to_owned();
            Some((name.into_string().ok()?, value)).filter(|(_, value)| !value.is_empty())
        });
        variables.collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        std::env::home_dir()
    }
}

#[derive(Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> ReqsignResult<Vec<u8>> {
        let path = path.to_owned();
        Ok(spawn_blocking(move || std::fs::read(path)).await??)
    }
}

/// Runs the `credential_process` of a profile.
#[derive(Debug)]
struct Programs;

impl CommandExecute for Programs {
    async fn command_execute<'a>(
        &'a self,
        program: &'a str,
        args: &'a [&'a str],
    ) -> ReqsignResult<CommandOutput> {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null());
        let output = spawn_blocking(move || command.output()).await??;
        Ok(CommandOutput {
            status: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: Vec::new(), // becomes a part of an error, and may hold a secret
        })
    }
}
