//! Results on the disk, found by the ids of their requests.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::transport::run_blocking;

/// How much is gathered before it is written.
const PIECE: usize = 256 * 1024;

/// The lines of a job's results in a file of their own, and where they are in it.
pub(super) struct Spool {
    file: Option<TempFile>,
    /// What is not written yet.
    buffer: Vec<u8>,
    written: u64,
    places: Vec<Place>,
    hasher: RandomState,
}

/// Where a line is. Small, for there are as many as there are results.
struct Place {
    /// Of the id.
    hash: u64,
    start: u64,
    length: u32,
    is_taken: bool,
}

/// A file that is removed at the end.
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
        let _ = std::fs::remove_file(&self.path); // there is nobody to tell
    }
}

impl Spool {
    pub(super) fn new(lines: usize) -> Self {
        Self {
            file: None,
            buffer: Vec::new(),
            written: 0,
            places: Vec::with_capacity(lines),
            hasher: RandomState::new(),
        }
    }

    pub(super) async fn add(&mut self, id: &str, line: &[u8]) -> Result<()> {
        self.places.push(Place {
            hash: self.hasher.hash_one(id),
            start: self.written + self.buffer.len() as u64,
            length: u32::try_from(line.len()).unwrap_or(u32::MAX), // lines are shorter by far
            is_taken: false,
        });
        self.buffer.extend_from_slice(line);
        if self.buffer.len() >= PIECE {
            self.write().await?;
        }
        Ok(())
    }

    /// Makes all lines ready to be found.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.write().await?;
        self.buffer = Vec::new();
        self.places
            .sort_unstable_by_key(|place| (place.hash, place.start));
        Ok(())
    }

    async fn write(&mut self) -> Result<()> {
        let (buffer, file) = (std::mem::take(&mut self.buffer), self.file.take());
        let length = buffer.len() as u64;
        let writing = move || {
            let temporary = file.map_or_else(TempFile::create, Ok)?;
            (&*temporary.file).write_all(&buffer)?;
            Ok((temporary, buffer))
        };
        let (file, mut buffer) = run_blocking(writing).await.map_err(unusable)?;
        buffer.clear(); // and used again
        (self.buffer, self.file) = (buffer, Some(file));
        self.written += length;
        Ok(())
    }

    /// The lines that may be those of `id`, in the order in which they came.
    pub(super) async fn find(&mut self, id: &str) -> Result<Vec<Vec<u8>>> {
        let hash = self.hasher.hash_one(id);
        let from = self.places.partition_point(|place| place.hash < hash);
        let mut lines = Vec::new();
        for place in self.places.iter_mut().skip(from) {
            if place.hash != hash {
                break;
            }
            place.is_taken = true;
            let Some(file) = self.file.as_ref().map(|file| Arc::clone(&file.file)) else {
                break;
            };
            let (start, length) = (place.start, place.length as usize);
            let reading = move || {
                let (mut file, mut line) = (&*file, vec![0; length]);
                file.seek(SeekFrom::Start(start))?;
                file.read_exact(&mut line).map(|()| line)
            };
            lines.push(run_blocking(reading).await.map_err(unusable)?);
        }
        Ok(lines)
    }

    /// How many lines nobody has asked for.
    pub(super) fn left(&self) -> usize {
        let places = self.places.iter();
        places.filter(|place| !place.is_taken).count()
    }
}

fn unusable(error: io::Error) -> Error {
    let directory = std::env::temp_dir();
    let what = format!(
        "the results cannot be kept in `{}`: {error}",
        directory.display()
    );
    Error::io(what, error)
}
