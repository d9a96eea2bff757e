//! The page `docs/emulator.md` and the Dockerfile against the emulator.

use mistral_emulator::Emulator;
use serde_json::Value;

use crate::client::{anonymous_request, start};

const PAGE: &str = include_str!("../../../../docs/emulator.md");
const DOCKERFILE: &str = include_str!("../../Dockerfile");

/// The blocks of the page in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let starts = PAGE
        .match_indices(&fence)
        .map(|(start, _)| start + fence.len());
    starts
        .map(|start| PAGE[start..].split("\n```").next().unwrap())
        .collect()
}

#[test]
fn page_control_requests_are_accepted() {
    let emulator = start();
    let blocks = blocks("http");
    assert!(blocks.len() >= 8, "{blocks:?}");
    for block in blocks {
        let (head, body) = block.split_once("\n\n").unwrap_or((block, ""));
        let (method, path) = head.split_once(' ').unwrap();
        let response = anonymous_request(&emulator, method, path).body(body).send();
        assert_eq!(response.status, 200, "{block}: {}", response.text());
    }
}

#[test]
fn page_replies_file_is_accepted() {
    let emulator = start();
    for block in blocks("json") {
        let request = anonymous_request(&emulator, "POST", "/_emulator/replies").body(block);
        let response = request.send();
        assert_eq!(response.status, 200, "{}", response.text());
    }
}

#[test]
fn page_has_every_option_and_no_other() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_emulator"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let flags: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("  --")?.split(' ').next())
        .collect();
    assert!(flags.len() > 15, "{flags:?}");
    for flag in &flags {
        assert!(
            PAGE.contains(&format!("--{flag}")),
            "{flag} is not on the page"
        );
    }
    let rows = PAGE.lines().filter(|line| line.starts_with("| `--"));
    for row in rows {
        for flag in row.split("`--").skip(1) {
            let name = flag.split([' ', '`']).next().unwrap();
            assert!(flags.contains(&name), "the program has no --{name}");
        }
    }
}

#[test]
fn page_has_the_members_of_the_overview() {
    let overview = anonymous_request(&start(), "GET", "/").send().json();
    let members = ["/faults/members", "/replies/members"];
    let members = members.map(|path| overview.pointer(path).and_then(Value::as_object).unwrap());
    for name in members.into_iter().flat_map(|members| members.keys()) {
        assert!(
            PAGE.contains(&format!("`{name}")),
            "{name} is not on the page"
        );
    }
}

#[test]
fn page_default_url_and_key_are_those_of_the_program() {
    assert!(PAGE.contains("http://127.0.0.1:8019"));
    assert!(PAGE.contains(&format!("MISTRAL_API_KEY: {}", Emulator::API_KEY)));
}

fn instructions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = DOCKERFILE
        .lines()
        .filter(|line| !line.starts_with(['#', ' ']));
    lines.filter_map(|line| line.split_once(' '))
}

/// Checks what a linter of Dockerfiles would, where no Docker is at hand.
#[test]
fn dockerfile_is_small_unprivileged_and_checked() {
    let all = |name: &str| -> Vec<&str> {
        let found = instructions().filter(|(instruction, _)| *instruction == name);
        found.map(|(_, rest)| rest).collect()
    };
    let images = all("FROM");
    assert_eq!(images.len(), 2, "a stage to build, a stage to run");
    for image in &images {
        assert!(
            image.contains(':') && !image.contains(":latest"),
            "{image} has no tag"
        );
    }
    assert!(
        images[0].contains(concat!("rust:", env!("CARGO_PKG_RUST_VERSION"))),
        "{}",
        images[0]
    );
    assert_eq!(all("USER"), ["nonroot"]);
    assert_eq!(all("EXPOSE"), ["8019"]);
    assert_eq!(all("ENV"), ["MISTRAL_EMULATOR_HOST=0.0.0.0"]);
    assert_eq!(
        all("ENTRYPOINT"),
        [r#"["mistral-emulator"]"#],
        "the exec form, so that signals arrive"
    );
    assert!(all("HEALTHCHECK")[0].ends_with(r#"CMD ["mistral-emulator", "health"]"#));
    assert!(
        all("RUN")
            .iter()
            .all(|command| command.contains("--locked"))
    );
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "ENV",
        "EXPOSE",
        "USER",
        "HEALTHCHECK",
        "ENTRYPOINT",
    ];
    for (instruction, _) in instructions() {
        assert!(known.contains(&instruction), "{instruction}");
    }
}
