//! A folder with small facts, in which the generator runs.

#![allow(clippy::unwrap_used)] // helpers may panic as tests do

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

const SURFACE: &str = include_str!("surface.json");
const SCHEMAS: &str = include_str!("schemas.json");
const OVERLAY: &str = include_str!("overlay.toml");
const PROSE: &str = include_str!("notes.toml");

/// The folder. It is removed when it is dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}", std::process::id());
        let folder = Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        for (path, text) in [
            ("surface.json", SURFACE),
            ("schemas.json", SCHEMAS),
            ("overlay.toml", OVERLAY),
            ("docs/notes.toml", PROSE),
        ] {
            folder.write(&format!("../../../spec/{path}"), text);
        }
        folder
    }

    /// Returns a path in the source of the crate.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        match path.strip_prefix("../../../") {
            Some(path) => self.0.join(path),
            None => self.0.join("crates/mistral-beta/src").join(path),
        }
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn fact(&self, name: &str) -> String {
        self.read(&format!("../../../spec/{name}"))
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Replaces a text in a file of `spec`, which must have it.
    pub(crate) fn replace(&self, name: &str, from: &str, to: &str) {
        let text = self.fact(name);
        assert!(text.contains(from), "{name} has no `{from}`");
        self.write(
            &format!("../../../spec/{name}"),
            &text.replacen(from, to, 1),
        );
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        std::fs::create_dir_all(self.path("")).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_generate"))
            .arg("--root")
            .arg(&self.0)
            .args(arguments)
            .output();
        Run(output.unwrap())
    }
}

/// Returns a folder whose overlay has a table of the files of `notes`.
pub(crate) fn with_files(table: &str) -> Folder {
    let folder = Folder::new();
    let table = format!("[files.notes]\n{table}\n\n[methods]");
    folder.replace("overlay.toml", "[methods]", &table);
    folder
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A finished run.
pub(crate) struct Run(Output);

impl Run {
    pub(crate) fn success(&self) {
        let error = String::from_utf8_lossy(&self.0.stderr);
        assert!(self.0.status.success(), "{error}");
    }

    pub(crate) fn failure(&self, message: &str) {
        let error = String::from_utf8_lossy(&self.0.stderr);
        assert!(!self.0.status.success(), "it succeeds without `{message}`");
        assert!(error.contains(message), "{error} lacks `{message}`");
    }

    pub(crate) fn prints(&self, text: &str) {
        self.success();
        assert_eq!(String::from_utf8_lossy(&self.0.stdout), text);
    }
}
