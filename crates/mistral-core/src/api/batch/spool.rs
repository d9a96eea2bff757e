//! Batch results spooled to a temporary file and indexed by `custom_id`.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::transport::run_blocking;

/// The number of bytes that are buffered before they are written to the file.
const WRITE_BUFFER_SIZE: usize = 256 * 1024;

/// A temporary file with the result lines of a job, and an index into it.
pub(super) struct Spool {
    file: Option<TempFile>,
    /// Lines that are not written to the file yet.
    buffer: Vec<u8>,
    written: u64,
    index: Vec<IndexEntry>,
    hasher: RandomState,
}

/// The position of a line in the file. Kept small: there is one for each result.
struct IndexEntry {
    /// The hash of the line's `custom_id`.
    hash: u64,
    start: u64,
    length: u32,
    /// Whether an id was looked up that has the entry's hash.
    is_matched: bool,
}

/// A file that is removed on drop.
struct TempFile {
    path: PathBuf,
    file: Arc<File>,
}

impl TempFile {
    fn create() -> io::Result<Self> {
        let name = format!("mistral-batch-{:016x}.jsonl", fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)] // elsewhere a user's temporary files are the user's own
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = Arc::new(options.open(&path)?);
        Ok(Self { path, file })
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path); // `drop` cannot report an error
    }
}

impl Spool {
    pub(super) fn new(lines: usize) -> Self {
        Self {
            file: None,
            buffer: Vec::new(),
            written: 0,
            index: Vec::with_capacity(lines),
            hasher: RandomState::new(),
        }
    }

    pub(super) async fn add(&mut self, id: &str, line: &[u8]) -> Result<()> {
        self.index.push(IndexEntry {
            hash: self.hasher.hash_one(id),
            start: self.written + self.buffer.len() as u64,
            length: u32::try_from(line.len()).unwrap_or(u32::MAX), // lines are shorter by far
            is_matched: false,
        });
        self.buffer.extend_from_slice(line);
        if self.buffer.len() >= WRITE_BUFFER_SIZE {
            self.write().await?;
        }
        Ok(())
    }

    /// Writes the buffered lines and sorts the index for [`find`](Self::find).
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.write().await?;
        self.buffer = Vec::new();
        self.index
            .sort_unstable_by_key(|entry| (entry.hash, entry.start));
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        let (buffer, file) = (std::mem::take(&mut self.buffer), self.file.take());
        let length = buffer.len() as u64;
        let write = move || {
            let temporary = file.map_or_else(TempFile::create, Ok)?;
            (&*temporary.file).write_all(&buffer)?;
            Ok((temporary, buffer))
        };
        let (file, mut buffer) = run_blocking(write).await.map_err(spool_error)?;
        buffer.clear(); // keeps its capacity
        (self.buffer, self.file) = (buffer, Some(file));
        self.written += length;
        Ok(())
    }

    /// Returns the lines whose id may be `id`, in the order in which they arrived.
    pub(super) async fn find(&mut self, id: &str) -> Result<Vec<Vec<u8>>> {
        let hash = self.hasher.hash_one(id);
        let from = self.index.partition_point(|entry| entry.hash < hash);
        let mut lines = Vec::new();
        for entry in self.index.iter_mut().skip(from) {
            if entry.hash != hash {
                break;
            }
            entry.is_matched = true;
            let Some(file) = self.file.as_ref().map(|file| Arc::clone(&file.file)) else {
                break;
            };
            let (start, length) = (entry.start, entry.length as usize);
            let read = move || {
                let (mut file, mut line) = (&*file, vec![0; length]);
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(&mut line).map(|()| line)
            };
            lines.push(run_blocking(read).await.map_err(spool_error)?);
        }
        Ok(lines)
    }

    /// Returns the number of lines that no lookup has returned.
    pub(super) fn unmatched(&self) -> usize {
        let index = self.index.iter();
        index.filter(|entry| !entry.is_matched).count()
    }
}

fn spool_error(error: io::Error) -> Error {
    let directory = std::env::temp_dir();
    let what = format!(
        "the results cannot be stored in the temporary directory `{}`",
        directory.display()
    );
    Error::io(what, error)
}
