//! The signals that end the program.

use std::io;

use tokio::runtime::Runtime;

/// The signals that ask the program to end. They are caught from the creation of this value on,
/// also in process 1 of a container, which signals without a handler do not end.
#[derive(Debug)]
pub(crate) struct Signals {
    runtime: Runtime,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let _in_runtime = runtime.enter();
            let (interrupt, terminate) = (
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            );
            drop(_in_runtime);
            Ok(Self {
                runtime,
                interrupt,
                terminate,
            })
        }
        #[cfg(not(unix))]
        Ok(Self { runtime })
    }

    /// Blocks until the next signal and returns its name.
    #[cfg(unix)]
    pub(crate) fn next(&mut self) -> &'static str {
        let (interrupt, terminate) = (&mut self.interrupt, &mut self.terminate);
        self.runtime.block_on(async {
            tokio::select! {
                _ = interrupt.recv() => "INT",
                _ = terminate.recv() => "TERM",
            }
        })
    }

    /// Blocks until the next signal and returns its name.
    #[cfg(not(unix))]
    pub(crate) fn next(&mut self) -> &'static str {
        // An error means that there are no such signals, so that the program runs until it is killed.
        if self.runtime.block_on(tokio::signal::ctrl_c()).is_err() {
            std::thread::park();
        }
        "INT"
    }
}
