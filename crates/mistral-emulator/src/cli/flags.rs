//! The flags, their environment variables, and the text of `--help`.

/// A flag: its name, the name of its value (empty for a switch), and its meaning.
pub(super) type Flag = (&'static str, &'static str, &'static str);

pub(super) const FLAGS: &[Flag] = &[
    (
        "--host",
        "HOST",
        "the interface to listen on, such as 0.0.0.0 or :: (default: 127.0.0.1)",
    ),
    (
        "--port",
        "N",
        "the port to listen on; 0 picks a free one (default: 8019; with exec: 0)",
    ),
    (
        "--api-key",
        "KEY",
        "a key to accept; repeatable, or several with commas (default: emulator)",
    ),
    ("--any-key", "", "accept any key"),
    ("--any-model", "", "accept any model"),
    (
        "--models",
        "FILE",
        "the models to have: a response to GET /v1/models",
    ),
    (
        "--replies",
        "FILE",
        "replies to queue, in the form of POST /_emulator/replies",
    ),
    (
        "--latency",
        "MS",
        "the delay before each response (default: 0)",
    ),
    (
        "--token-delay",
        "MS",
        "the delay between the events of a stream (default: 0)",
    ),
    (
        "--tokens-per-second",
        "N",
        "the pace of streams, in place of --token-delay",
    ),
    (
        "--clock",
        "TIME",
        "the time at the start, or `now` for the system's (default: 2026-01-01T00:00:00Z)",
    ),
    (
        "--record",
        "FILE",
        "forward what is not in the file to --upstream, and add it to the file",
    ),
    (
        "--upstream",
        "URL",
        "the server to record, such as https://api.mistral.ai",
    ),
    (
        "--replay",
        "FILE",
        "respond from a recording, and with 404 to other requests",
    ),
    (
        "--emulate-others",
        "",
        "with --replay: serve other requests as without it",
    ),
    (
        "--fine-tuning-gone",
        "",
        "respond with 410 to operations on fine-tuning jobs",
    ),
    (
        "--log-requests",
        "N",
        "the number of requests in the log (default: 1000)",
    ),
    (
        "--log-bytes",
        "N",
        "the bytes of their bodies in all (default: 4194304)",
    ),
    (
        "--verbose",
        "",
        "print a line about each request to standard error",
    ),
    ("--version", "", "print the version"),
    ("--help", "", "print this text"),
];

/// Returns the environment variable of a flag.
pub(super) fn variable(flag: &str) -> String {
    let name = flag.trim_start_matches('-').replace('-', "_");
    format!("MISTRAL_EMULATOR_{}", name.to_uppercase())
}

/// Returns the text of `--help`.
pub(crate) fn help() -> String {
    let flags: String = FLAGS
        .iter()
        .map(|(name, value, meaning)| {
            let flag = format!("{name} {value}");
            format!("  {flag:<24} {meaning}\n")
        })
        .collect();
    format!(
        "A local server that speaks the Mistral API: deterministic, with faults and replies on demand\n\
         \n\
         Usage: mistral-emulator [OPTIONS]                   serve until SIGINT or SIGTERM\n       \
         mistral-emulator [OPTIONS] exec COMMAND …    run a program against an emulator\n       \
         mistral-emulator [OPTIONS] health            ask a running emulator whether it serves\n\
         \n\
         {flags}\n\
         Each option is an environment variable as well, such as {} and {}=true.\n\
         \n\
         {}",
        variable("--port"),
        variable("--any-key"),
        mistral_emulator::help_text(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_flags_routes_faults_and_questions() {
        let help = help();
        for expected in [
            "--host HOST",
            "MISTRAL_EMULATOR_PORT",
            "/_emulator/replies",
            "x-emulator-fault",
            "stall_after_events",
            "chat.complete",
            "Who painted Olympia?",
        ] {
            assert!(help.contains(expected), "{expected}");
        }
        for line in help.lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
}
