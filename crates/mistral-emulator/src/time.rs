//! The clock of an emulator; points in time as text.

use std::cell::RefCell;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time at which the clock of an emulator starts: 2026-01-01T00:00:00Z.
pub(crate) const CLOCK_START: u64 = 1_767_225_600;

const SECONDS_PER_DAY: i64 = 86_400;

/// Parses an ISO 8601 date or date-time, or a number of seconds, to Unix seconds.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse() {
        return Some(seconds);
    }
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let days = days_since_epoch(date)?;
    let second_of_day = time.map_or(Some(0), seconds_of_time)?;
    Some(days * SECONDS_PER_DAY + second_of_day)
}

/// Returns the days since 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last day of its year.
fn days_since_epoch(date: &str) -> Option<i64> {
    let [year, month, day] = three_numbers(date, '-')?;
    let last_day = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=last_day).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719_468)
}

fn seconds_of_time(time: &str) -> Option<i64> {
    let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let [hours, minutes, seconds] = match time.matches(':').count() {
        1 => three_numbers(&format!("{time}:00"), ':')?,
        _ => three_numbers(time, ':')?,
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    Some(hours * 3600 + minutes * 60 + seconds - seconds_of_offset(offset)?)
}

fn seconds_of_offset(offset: &str) -> Option<i64> {
    if matches!(offset, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match offset.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let [hours, minutes, _] = three_numbers(&format!("{rest}:00"), ':')?;
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// Parses three numbers without signs.
fn three_numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten()
    };
    let mut parts = text.split(separator);
    let found = [
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    ];
    parts.next().is_none().then_some(found)
}

/// Formats Unix seconds as an ISO 8601 date-time.
pub(crate) fn format_timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Counted from 1 March of the year 0, so that the leap day is the last day of its year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, year_carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = year + era * 400 + year_carry;
    let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}Z")
}

/// The clock behind the timestamps in responses.
///
/// It parses from a date-time such as `2026-07-14T12:00:00Z`, or from `now`.
///
/// ```
/// use mistral_emulator::{Clock, Emulator};
///
/// let clock: Clock = "2026-07-14T12:00:00Z".parse()?;
/// let emulator = Emulator::builder().clock(clock).start()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// Starts at this time and advances by a second with each change of the state, such as an
    /// upload. The same requests therefore receive the same bytes. Times before 1970 count as 1970.
    StartAt(SystemTime),
    /// The clock of the system.
    System,
}

impl Default for Clock {
    /// Starts at 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::StartAt(UNIX_EPOCH + Duration::from_secs(CLOCK_START))
    }
}

impl FromStr for Clock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "now" {
            return Ok(Self::System);
        }
        let seconds = parse_timestamp(text).and_then(|seconds| u64::try_from(seconds).ok());
        let time = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        time.map(Self::StartAt).ok_or_else(|| {
            format!("{text:?} is neither a date-time such as 2026-01-01T00:00:00Z nor `now`")
        })
    }
}

/// A clock that runs. All parts of an emulator share one.
#[derive(Debug)]
pub(crate) struct RunningClock {
    start: Clock,
    now: AtomicU64,
}

impl RunningClock {
    pub(crate) fn new(start: Clock) -> Self {
        let clock = Self {
            start,
            now: AtomicU64::new(0),
        };
        clock.reset();
        clock
    }

    /// Returns to the start.
    pub(crate) fn reset(&self) {
        if let Clock::StartAt(time) = self.start {
            self.now.store(unix_seconds(time), Ordering::Relaxed);
        }
    }

    /// Returns the time in Unix seconds.
    pub(crate) fn now(&self) -> u64 {
        match self.start {
            Clock::System => unix_seconds(SystemTime::now()),
            Clock::StartAt(_) => self.now.load(Ordering::Relaxed),
        }
    }

    /// Advances a clock that is not that of the system by a second, and returns the time.
    pub(crate) fn tick(&self) -> u64 {
        self.now.fetch_add(1, Ordering::Relaxed);
        self.now()
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

thread_local! {
    /// An emulator runs on a thread of its own, where generated responses find its clock without
    /// passing it through every generator.
    static CLOCK: RefCell<Arc<RunningClock>> = RefCell::new(Arc::new(RunningClock::new(Clock::default())));
}

/// Sets the clock of the emulator that runs on this thread.
pub(crate) fn set_thread_clock(clock: Arc<RunningClock>) {
    CLOCK.set(clock);
}

/// Returns the Unix seconds of the clock of the emulator that runs on this thread.
pub(crate) fn unix_now() -> u64 {
    CLOCK.with_borrow(|clock| clock.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_is_parsed() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("1767225600", 1_767_225_600),
            ("2026-01-01T00:00:00Z", 1_767_225_600),
            ("2026-01-01T01:00:00.250+01:00", 1_767_225_600),
            ("2025-12-31 18:30-05:30", 1_767_225_600),
            ("2024-02-29T23:59:59", 1_709_251_199),
            ("2000-03-01", 951_868_800),
        ] {
            assert_eq!(parse_timestamp(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn timestamp_invalid_is_rejected() {
        for text in [
            "",
            "yesterday",
            "2026-13-01",
            "2025-02-29",
            "2026-01-01T24:00:00",
            "2026-01-01T00:00:00.",
            "2026-01-01T00:00:00+1",
            "2026-01-01-01",
            "-1-01-01",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn clock_advances_with_changes_and_returns_to_start() {
        let clock = RunningClock::new("1970-01-01T00:01:00Z".parse().unwrap());
        assert_eq!((clock.now(), clock.now()), (60, 60));
        assert_eq!((clock.tick(), clock.now()), (61, 61));
        clock.reset();
        assert_eq!(clock.now(), 60);
        let system = RunningClock::new("now".parse().unwrap());
        assert!(system.tick() > CLOCK_START);
    }

    #[test]
    fn clock_text_that_is_no_time_is_rejected() {
        for text in ["", "today", "1969-12-31", "99999999999999999999"] {
            assert!(text.parse::<Clock>().is_err(), "{text}");
        }
    }

    #[test]
    fn timestamp_is_formatted() {
        assert_eq!(format_timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_timestamp(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(format_timestamp(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(format_timestamp(1_767_225_599), "2025-12-31T23:59:59Z");
    }
}
