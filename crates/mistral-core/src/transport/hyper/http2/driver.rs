//! The task of a connection.

use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::Connection;
use h2::{Ping, PingPong};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep, sleep};

use super::super::pool_state::PoolState;
use super::io::CountingIo;
use super::{Http2Connection, Http2Settings};

/// The limit of streams before the server has announced one, which no server can announce.
pub(super) const UNKNOWN_MAX_STREAMS: usize = usize::MAX - 1;

/// Reads and writes the frames of a connection, sends pings while there are exchanges, and closes
/// the connection after it has been idle.
pub(super) struct Driver<T> {
    connection: Connection<CountingIo<T>, Bytes>,
    handle: Weak<Http2Connection>,
    pool: Arc<PoolState>,
    is_limit_known: bool,
    keep_alive: KeepAlive,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Driver<T> {
    pub(super) fn new(
        mut connection: Connection<CountingIo<T>, Bytes>,
        handle: &Arc<Http2Connection>,
        pool: Arc<PoolState>,
    ) -> Self {
        Self {
            keep_alive: KeepAlive::new(connection.ping_pong(), &handle.settings),
            connection,
            handle: Arc::downgrade(handle),
            pool,
            is_limit_known: false,
        }
    }

    /// Reports the server's limit of streams to the pool once it has arrived.
    fn learn_max_streams(&mut self) {
        if !self.is_limit_known {
            let max = self.connection.max_concurrent_send_streams();
            if max != UNKNOWN_MAX_STREAMS {
                self.is_limit_known = true;
                self.pool.learn_max_streams(max);
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Future for Driver<T> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if Pin::new(&mut this.connection).poll(cx).is_ready() {
            return Poll::Ready(()); // the exchanges have its error
        }
        this.learn_max_streams();
        this.keep_alive.poll(cx, &this.handle)
    }
}

/// The shortest time between two ticks, for settings of zero.
const MIN_TICK: Duration = Duration::from_millis(1);
/// The same for the end of an idle connection. One that is used again is checked exactly.
const MIN_IDLE_TICK: Duration = Duration::from_millis(100);

/// Detects a server that is gone, and a connection that is idle.
///
/// It looks at the connection twice per interval of the pings, so that reads move no timer.
struct KeepAlive {
    ping: Option<PingPong>,
    ping_timeout: Duration,
    /// Half of the interval of the pings.
    interval: Option<Duration>,
    timer: Pin<Box<Sleep>>,
    is_timer_polled: bool,
    /// The number of reads at the last tick.
    reads: usize,
    /// The number of ticks in a row without a read, while there were exchanges.
    silent_ticks: u8,
    /// The time by which something must be read, once a ping was sent.
    deadline: Option<Instant>,
}

impl KeepAlive {
    fn new(ping: Option<PingPong>, settings: &Http2Settings) -> Self {
        let interval = settings
            .ping_interval
            .map(|interval| (interval / 2).max(MIN_TICK));
        let first = interval.map_or(settings.idle_timeout, |it| it.min(settings.idle_timeout));
        Self {
            ping,
            ping_timeout: settings.ping_timeout,
            interval,
            timer: Box::pin(sleep(first)),
            is_timer_polled: false,
            reads: 0,
            silent_ticks: 0,
            deadline: None,
        }
    }

    /// Is ready if the server is gone.
    fn poll(&mut self, cx: &mut Context<'_>, handle: &Weak<Http2Connection>) -> Poll<()> {
        if self.is_timer_polled && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        self.poll_timer(cx, handle)
    }

    #[cold]
    fn poll_timer(&mut self, cx: &mut Context<'_>, handle: &Weak<Http2Connection>) -> Poll<()> {
        self.is_timer_polled = true;
        while self.timer.as_mut().poll(cx).is_ready() {
            // Without it, there are no exchanges, and the connection ends by itself.
            let Some(handle) = handle.upgrade() else {
                return Poll::Pending;
            };
            let until_idle = handle.close_if_idle().max(MIN_IDLE_TICK);
            let next = match self.interval {
                None => until_idle,
                Some(interval) => match self.tick(cx, interval, &handle) {
                    Some(next) => next.min(until_idle),
                    None => {
                        handle.activity.ping_timed_out();
                        return Poll::Ready(());
                    }
                },
            };
            self.timer.as_mut().set(sleep(next));
        }
        Poll::Pending
    }

    /// Sends a ping if nothing was read during the last two ticks. Returns the time until the next
    /// tick, or `None` if nothing was read in time after a ping.
    fn tick(
        &mut self,
        cx: &mut Context<'_>,
        interval: Duration,
        handle: &Http2Connection,
    ) -> Option<Duration> {
        let reads = handle.activity.reads();
        let is_silent = reads == self.reads && handle.is_busy();
        self.reads = reads;
        if !is_silent {
            (self.silent_ticks, self.deadline) = (0, None);
            return Some(interval);
        }
        let now = Instant::now();
        if let Some(deadline) = self.deadline {
            let remaining = deadline.saturating_duration_since(now);
            return (!remaining.is_zero()).then_some(remaining.max(MIN_TICK));
        }
        self.silent_ticks += 1;
        if self.silent_ticks < 2 {
            return Some(interval);
        }
        self.send_ping(cx);
        self.deadline = now.checked_add(self.ping_timeout);
        Some(self.ping_timeout.clamp(MIN_TICK, interval))
    }

    fn send_ping(&mut self, cx: &mut Context<'_>) {
        if let Some(ping) = &mut self.ping {
            let _pong_of_the_last = ping.poll_pong(cx);
            // It fails if the server has not responded to the last one. A response to that will do.
            let _sent = ping.send_ping(Ping::opaque());
        }
    }
}
